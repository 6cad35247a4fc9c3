/* SPDX-License-Identifier: MIT */
#include "cm-siphash.h"

#define ROUNDS_PER_WORD 2
#define ROUNDS_AT_END 4

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t load(const unsigned char *p, size_t size)
{
	uint64_t word = 0;

	while (size-- > 0)
		word = word << 8 | p[size];
	return word;
}

static void mix(uint64_t v[4], unsigned int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, ROUNDS_PER_WORD);
	v[0] ^= word;
}

uint64_t cm_siphash(const unsigned char key[CM_SIPHASH_KEY_SIZE],
		    const void *data, size_t size)
{
	uint64_t k0 = load(key, 8), k1 = load(key + 8, 8);
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573)
	};
	const unsigned char *p = data;
	uint64_t length = (uint64_t)size << 56;

	for (; size >= 8; size -= 8, p += 8)
		absorb(v, load(p, 8));
	absorb(v, length | load(p, size));
	v[2] ^= 0xff;
	mix(v, ROUNDS_AT_END);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
