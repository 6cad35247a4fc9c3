/* SPDX-License-Identifier: MIT */
#include "cm-sha256.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64
#define LENGTH_SIZE 8

struct sha256 {
	uint32_t h[8];
	uint64_t size;
	unsigned char block[BLOCK];
};

/* FIPS 180-4, 4.2.2 */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t x, unsigned int bits)
{
	return x >> bits | x << (32 - bits);
}

/* 6.2.2 */
static void mix(uint32_t h[8], const unsigned char *p)
{
	uint32_t w[64], v[8], t1, t2;
	unsigned int i;

	for (i = 0; i < 16; i++, p += 4) {
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		       (uint32_t)p[2] << 8 | p[3];
	}
	for (; i < 64; i++) {
		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^
			w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^
			w[i - 2] >> 10);
	}
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 64; i++) {
		t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^
			     rotate(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] +
		     w[i];
		t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

static void begin(struct sha256 *ctx)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};

	memcpy(ctx->h, start, sizeof(ctx->h));
	ctx->size = 0;
}

static void add(struct sha256 *ctx, const void *data, size_t size)
{
	const unsigned char *p = data;
	size_t used = (size_t)(ctx->size % BLOCK), n;

	ctx->size += size;
	while (size > 0) {
		n = size < BLOCK - used ? size : BLOCK - used;
		memcpy(ctx->block + used, p, n);
		p += n;
		size -= n;
		used += n;
		if (used == BLOCK) {
			mix(ctx->h, ctx->block);
			used = 0;
		}
	}
}

static void end(struct sha256 *ctx, unsigned char digest_r[CM_SHA256_SIZE])
{
	static const unsigned char padding[BLOCK] = { 0x80 };
	unsigned char length[LENGTH_SIZE];
	uint64_t bits = ctx->size * 8;
	size_t used = (size_t)(ctx->size % BLOCK);
	unsigned int i;

	for (i = 0; i < LENGTH_SIZE; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	add(ctx, padding, used < BLOCK - LENGTH_SIZE ?
	    BLOCK - LENGTH_SIZE - used : 2 * BLOCK - LENGTH_SIZE - used);
	add(ctx, length, sizeof(length));
	for (i = 0; i < CM_SHA256_SIZE; i++)
		digest_r[i] = (unsigned char)(ctx->h[i / 4] >>
					      (24 - 8 * (i % 4)));
}

void cm_sha256(const void *data, size_t size,
	       unsigned char digest_r[CM_SHA256_SIZE])
{
	struct sha256 ctx;

	begin(&ctx);
	add(&ctx, data, size);
	end(&ctx, digest_r);
}

static void begin_keyed(struct sha256 *ctx, const unsigned char block[BLOCK],
			unsigned char pad)
{
	unsigned char padded[BLOCK];
	unsigned int i;

	for (i = 0; i < BLOCK; i++)
		padded[i] = block[i] ^ pad;
	begin(ctx);
	add(ctx, padded, sizeof(padded));
}

void cm_hmac_sha256(const unsigned char *key, size_t key_size,
		    const void *first, size_t first_size,
		    const void *second, size_t second_size,
		    unsigned char digest_r[CM_SHA256_SIZE])
{
	unsigned char block[BLOCK] = { 0 }, inner[CM_SHA256_SIZE];
	struct sha256 ctx;

	if (key_size > BLOCK)
		cm_sha256(key, key_size, block);
	else
		memcpy(block, key, key_size);
	begin_keyed(&ctx, block, 0x36);
	add(&ctx, first, first_size);
	add(&ctx, second, second_size);
	end(&ctx, inner);
	begin_keyed(&ctx, block, 0x5c);
	add(&ctx, inner, sizeof(inner));
	end(&ctx, digest_r);
}
