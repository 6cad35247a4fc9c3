/* SPDX-License-Identifier: MIT */
#include "cm-openpgp-noise.h"

#include <stdint.h>
#include <string.h>

/* What a shorter window may deviate less by than a full one. */
#define SLACK 40

static unsigned int count_high_bits(const unsigned char *data, size_t size)
{
	unsigned int count = 0;

	for (; size >= 8; data += 8, size -= 8) {
		uint64_t word;

		memcpy(&word, data, 8);
		/* A one in each byte whose high bit is set; the product has
		 * their sum in its top byte. Not every CPU that we are built
		 * for counts bits by itself. */
		word = (word >> 7) & UINT64_C(0x0101010101010101);
		count += (unsigned int)
			((word * UINT64_C(0x0101010101010101)) >> 56);
	}
	for (; size > 0; data++, size--)
		count += *data >> 7;
	return count;
}

bool cm_openpgp_noise_end(struct cm_openpgp_noise *noise)
{
	unsigned int size = noise->size, high = noise->high, min;

	noise->size = 0;
	noise->high = 0;
	if (size < CM_OPENPGP_MIN_WINDOW)
		return true;
	min = size == CM_OPENPGP_WINDOW ? size / 4 : (size - SLACK) / 4;
	return high >= min && high <= size - min;
}

bool cm_openpgp_noise_feed(struct cm_openpgp_noise *noise,
			   const unsigned char *data, size_t size)
{
	while (size > 0) {
		size_t n = CM_OPENPGP_WINDOW - noise->size;

		if (n > size)
			n = size;
		noise->high += count_high_bits(data, n);
		noise->size += (unsigned int)n;
		data += n;
		size -= n;
		if (noise->size == CM_OPENPGP_WINDOW &&
		    !cm_openpgp_noise_end(noise))
			return false;
	}
	return true;
}
