/* SPDX-License-Identifier: MIT
 *
 * cm-sha256: SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), for short data
 * that is in memory. lib brings its own because libc has none and lib links
 * no TLS library.
 */
#ifndef CM_SHA256_H
#define CM_SHA256_H

#include <stddef.h>

#define CM_SHA256_SIZE 32

void cm_sha256(const void *data, size_t size,
	       unsigned char digest_r[CM_SHA256_SIZE]);

/* Under a key, over two pieces as if they were one. Keys of up to 64 bytes
 * are used as they are, longer ones hashed first. */
void cm_hmac_sha256(const unsigned char *key, size_t key_size,
		    const void *first, size_t first_size,
		    const void *second, size_t second_size,
		    unsigned char digest_r[CM_SHA256_SIZE]);

#endif
