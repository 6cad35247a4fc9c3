/* SPDX-License-Identifier: MIT
 *
 * What fuzz targets share. A target is one function,
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
 *
 * which pushes the input through one parser, asserts what must hold for any
 * input, frees everything and returns 0. Its input is what the parser reads
 * and nothing else, so that samples are seeds as they are; what else it needs
 * (where to cut, for instance) it takes from cm_fuzz_hash() of the input.
 */
#ifndef CM_FUZZ_H
#define CM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert() it stays in whatever NDEBUG says. */
#define cm_fuzz_assert(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s does not hold\n", \
				__FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* FNV-1a */
static inline uint64_t cm_fuzz_hash(const uint8_t *data, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; size > 0; size--, data++)
		hash = (hash ^ *data) * UINT64_C(0x100000001b3);
	return hash;
}

/* How many of `size` bytes the next piece has: 1 to 4, sometimes up to 300. */
static inline size_t cm_fuzz_piece(uint64_t *state, size_t size)
{
	size_t n;

	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	n = (*state >> 40) % 8 == 0 ? (*state >> 43) % 300 + 1 :
				      (*state >> 43) % 4 + 1;
	return n < size ? n : size;
}

/* A copy that ends where its allocation ends, for the sanitizers; to be
 * freed. */
static inline void *cm_fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

#endif
