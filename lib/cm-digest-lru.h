/* SPDX-License-Identifier: MIT
 *
 * cm-digest-lru: a bounded set of digests that forgets the one that was
 * unused for longest.
 *
 * The digests must be keyed (HMAC under a secret key), for two reasons:
 * what is stored then tells nothing without the key, and nobody outside can
 * choose digests that fall together in the table.
 *
 * All memory (about 48 bytes per digest of the capacity, touched only as it
 * fills) is taken at the start. Every operation is O(1). Not thread-safe. No
 * globals.
 */
#ifndef CM_DIGEST_LRU_H
#define CM_DIGEST_LRU_H

#include <stdbool.h>

/* Bytes of HMAC-SHA256. */
#define CM_DIGEST_LRU_SIZE 32
/* Most digests that one may be made for. */
#define CM_DIGEST_LRU_MAX 1000000

struct cm_digest_lru;

/* capacity: 1 to CM_DIGEST_LRU_MAX; NULL outside of that or when out of
 * memory. */
struct cm_digest_lru *cm_digest_lru_new(unsigned int capacity);

/* Wipes and frees; NULL inside is fine. */
void cm_digest_lru_free(struct cm_digest_lru **lru);

/* Is it there? Being asked for counts as use. */
bool cm_digest_lru_has(struct cm_digest_lru *lru,
		       const unsigned char digest[CM_DIGEST_LRU_SIZE]);

/* Takes it in, as used last; one that is there already is used again. */
void cm_digest_lru_add(struct cm_digest_lru *lru,
		       const unsigned char digest[CM_DIGEST_LRU_SIZE]);

#endif
