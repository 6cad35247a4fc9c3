/* SPDX-License-Identifier: MIT */
#include "cm-base64.h"

/* RFC 4648 4; 0xff is no base64 character. */
static const unsigned char values[256] = {
#define X 0xff
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
#undef X
};

bool cm_base64_is_digit(unsigned char c)
{
	return values[c] <= 63;
}

bool cm_base64_at_end(const struct cm_base64 *base64)
{
	return base64->quad_len == 0;
}

/* Four characters, of which the last one or two may be padding. Returns how
 * many bytes they are, or -1. */
static int decode_quad(struct cm_base64 *base64, unsigned char *out)
{
	const unsigned char *q = base64->quad;
	unsigned char a = values[q[0]], b = values[q[1]];
	unsigned char c = values[q[2]], d = values[q[3]];
	int size = 3;

	base64->quad_len = 0;
	if (q[3] == '=') {
		base64->padded = true;
		d = 0;
		size = 2;
		if (q[2] == '=') {
			c = 0;
			size = 1;
		}
	}
	if ((a | b | c | d) > 63)
		return -1;
	if ((size == 2 && (c & 3) != 0) || (size == 1 && (b & 15) != 0))
		return -1;
	out[0] = (unsigned char)(a << 2 | b >> 4);
	out[1] = (unsigned char)(b << 4 | c >> 2);
	out[2] = (unsigned char)(c << 6 | d);
	return size;
}

/* Whole groups without padding, the bulk of any message. Returns how many
 * characters it took; stops before anything else. */
static size_t decode_bulk(const unsigned char *text, size_t len,
			  unsigned char *out)
{
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		unsigned int a = values[text[i]], b = values[text[i + 1]];
		unsigned int c = values[text[i + 2]], d = values[text[i + 3]];

		if ((a | b | c | d) > 63)
			break;
		*out++ = (unsigned char)(a << 2 | b >> 4);
		*out++ = (unsigned char)(b << 4 | c >> 2);
		*out++ = (unsigned char)(c << 6 | d);
	}
	return i;
}

int cm_base64_decode(struct cm_base64 *base64, const unsigned char *text,
		     size_t len, unsigned char *out, size_t *size_r)
{
	unsigned char last[3];
	size_t used = 0, taken = 0;
	int i, n;

	*size_r = 0;
	if (base64->quad_len == 0 && !base64->padded) {
		taken = decode_bulk(text, len, out);
		used = taken / 4 * 3;
	}
	for (; taken < len; taken++) {
		unsigned char c = text[taken];

		if (base64->padded ||
		    (values[c] > 63 && (c != '=' || base64->quad_len < 2)))
			return -1;
		base64->quad[base64->quad_len++] = c;
		if (base64->quad_len < 4)
			continue;
		n = decode_quad(base64, last);
		if (n < 0)
			return -1;
		for (i = 0; i < n; i++)
			out[used++] = last[i];
	}
	*size_r = used;
	return 0;
}
