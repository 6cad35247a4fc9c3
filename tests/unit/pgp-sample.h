/* SPDX-License-Identifier: MIT
 *
 * OpenPGP packets and armor for tests of the gate: structurally right, with
 * noise where ciphertext goes.
 */
#ifndef PGP_SAMPLE_H
#define PGP_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX (1024 * 1024)

struct sample {
	size_t size;
	unsigned char data[SAMPLE_MAX];
};

/* xorshift: the same noise in every run */
static inline unsigned char sample_noise(void)
{
	static uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned char)(x >> 24);
}

static inline void sample_put(struct sample *s, const void *data, size_t size)
{
	if (size > SAMPLE_MAX - s->size)
		abort();
	memcpy(s->data + s->size, data, size);
	s->size += size;
}

static inline void sample_byte(struct sample *s, unsigned int c)
{
	unsigned char b = (unsigned char)c;

	sample_put(s, &b, 1);
}

static inline void sample_random(struct sample *s, size_t n)
{
	for (; n > 0; n--)
		sample_byte(s, sample_noise());
}

/* New format header; five-octet length. */
static inline void sample_header(struct sample *s, unsigned int tag,
				 size_t size)
{
	sample_byte(s, 0xc0 | tag);
	sample_byte(s, 255);
	sample_byte(s, (unsigned int)(size >> 24) & 0xff);
	sample_byte(s, (unsigned int)(size >> 16) & 0xff);
	sample_byte(s, (unsigned int)(size >> 8) & 0xff);
	sample_byte(s, (unsigned int)size & 0xff);
}

/* v3, ECDH over Curve25519, anonymous: what Delta Chat writes with SEIPDv1. */
static inline void sample_pkesk_body(struct sample *s)
{
	static const unsigned char head[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0, 18,
					      263 >> 8, 263 & 0xff, 0x40 };

	sample_put(s, head, sizeof(head));
	sample_random(s, 32);
	sample_byte(s, 48);
	sample_random(s, 48);
}

#define SAMPLE_PKESK_SIZE (13 + 32 + 1 + 48)

static inline void sample_pkesk(struct sample *s)
{
	sample_header(s, 1, SAMPLE_PKESK_SIZE);
	sample_pkesk_body(s);
}

/* SEIPD v1 with this many octets behind the version. */
static inline void sample_seipd(struct sample *s, size_t size)
{
	sample_header(s, 18, size + 1);
	sample_byte(s, 1);
	sample_random(s, size);
}

static inline void sample_message(struct sample *s, size_t size)
{
	s->size = 0;
	sample_pkesk(s);
	sample_seipd(s, size);
}

/* base64 in lines of `width`, line ends `eol`, no armor lines around. Returns
 * malloc()ed text. */
static inline char *sample_base64(const struct sample *s, size_t width,
				  const char *eol)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(s->size * 2 + 64), *p = text;
	size_t i, column = 0;

	if (text == NULL)
		abort();
	for (i = 0; i < s->size; i += 3) {
		unsigned int left = (unsigned int)(s->size - i);
		unsigned int a = s->data[i];
		unsigned int b = left > 1 ? s->data[i + 1] : 0;
		unsigned int c = left > 2 ? s->data[i + 2] : 0;

		*p++ = digits[a >> 2];
		*p++ = digits[(a << 4 | b >> 4) & 63];
		*p++ = left > 1 ? digits[(b << 2 | c >> 6) & 63] : '=';
		*p++ = left > 2 ? digits[c & 63] : '=';
		column += 4;
		if (column >= width && i + 3 < s->size) {
			p = stpcpy(p, eol);
			column = 0;
		}
	}
	(void)stpcpy(p, eol);
	return text;
}

#endif
