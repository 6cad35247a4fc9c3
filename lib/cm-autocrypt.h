/* SPDX-License-Identifier: MIT
 *
 * cm-autocrypt: is the value of an Autocrypt header a key and nothing else?
 * (Autocrypt 1.1, 2.1; as chatmail/core src/aheader.rs and other clients
 * write it)
 *
 *	addr=ADDRESS; [prefer-encrypt=mutual|nopreference;] keydata=BASE64
 *
 * in any order, each once, no other attribute. The base64 is strict, with
 * white space only where a line may have been folded, and decodes to a public
 * key (cm-openpgp-key).
 */
#ifndef CM_AUTOCRYPT_H
#define CM_AUTOCRYPT_H

#include "cm-addr.h"

/* Characters between two folds of the key. Core folds after 70 and 78. */
#define CM_AUTOCRYPT_MIN_LINE 40

/* value: raw, checked by cm_header_value_check(). *addr_r is its addr=. */
bool cm_autocrypt_valid(const char *value, size_t len,
			struct cm_addr *addr_r);

#endif
