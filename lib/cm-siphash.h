/* SPDX-License-Identifier: MIT
 *
 * cm-siphash: SipHash-2-4, a short hash under a secret key (Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", 2012). Who does not know the
 * key can neither choose inputs that collide nor tell from a hash which input
 * it came from.
 */
#ifndef CM_SIPHASH_H
#define CM_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define CM_SIPHASH_KEY_SIZE 16

/* The same value on machines of any byte order. */
uint64_t cm_siphash(const unsigned char key[CM_SIPHASH_KEY_SIZE],
		    const void *data, size_t size);

#endif
