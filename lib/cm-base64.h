/* SPDX-License-Identifier: MIT
 *
 * cm-base64: strict streaming base64 (RFC 4648 4). No character outside of
 * the alphabet, padding only at the end, and the bits that padding cuts off
 * must be zero. Line breaks are the caller's.
 */
#ifndef CM_BASE64_H
#define CM_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Room that decoding len characters can take, whatever came before. */
#define CM_BASE64_DECODED(len) (((len) + 3) / 4 * 3)

/* All zero is the state at the beginning. */
struct cm_base64 {
	unsigned int quad_len; /* characters kept in quad */
	unsigned char quad[4];
	bool padded; /* nothing may follow */
};

/* Decodes text[0..len) into out. 0, or -1 for anything that is not base64. */
int cm_base64_decode(struct cm_base64 *base64, const unsigned char *text,
		     size_t len, unsigned char *out, size_t *size_r);

/* Is no character left over that waits for the rest of its group? */
bool cm_base64_at_end(const struct cm_base64 *base64);

bool cm_base64_is_digit(unsigned char c);

#endif
