/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp-key: is this byte string one OpenPGP public key, and nothing that
 * could carry a message? (RFC 9580 10.1, transferable public key)
 *
 *	public key v4|v6, (signature | user ID | public subkey)*
 *
 * Structure only: nothing is verified. Places where a key may have text are
 * held to what keys of mail programs need: a user ID is an address, with or
 * without angle brackets; of the notations only those that chatmail/core,
 * OpenPGP.js and Sequoia write (chatmail/core src/key.rs: the relays of a
 * profile; salts); no policy, reason, regular expression, picture; each
 * subpacket once in its area. Key
 * material and signatures must not look like text (cm-openpgp-noise).
 */
#ifndef CM_OPENPGP_KEY_H
#define CM_OPENPGP_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* All packets, in bytes. RSA-4096 with a subkey takes 2.5 KB, ML-DSA-65 with
 * ML-KEM-768 and a signature each 12 KB. */
#define CM_OPENPGP_MAX_KEY (16 * 1024)
#define CM_OPENPGP_MAX_KEY_USER_IDS 4
#define CM_OPENPGP_MAX_KEY_SUBKEYS 4
#define CM_OPENPGP_MAX_KEY_SIGNATURES 16
/* All of them: user IDs, relays (core has up to five), signers. */
#define CM_OPENPGP_MAX_KEY_ADDRESSES 16

bool cm_openpgp_key_valid(const unsigned char *data, size_t size);

#endif
