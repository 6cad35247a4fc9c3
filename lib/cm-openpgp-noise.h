/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp-noise: do these bytes look like the output of a cipher? Private
 * to cm-openpgp.
 *
 * Counted is how many bytes have their high bit set, window by window. For
 * random data that is half of them; for text in any encoding nearly always
 * nearly none or nearly all. The bounds refuse random data less than once in
 * 10^12 windows.
 */
#ifndef CM_OPENPGP_NOISE_H
#define CM_OPENPGP_NOISE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes; in a full window a quarter to three quarters have the bit set. */
#define CM_OPENPGP_WINDOW 256
/* A last, shorter window counts from this size on. */
#define CM_OPENPGP_MIN_WINDOW 48

/* All zero is the state at the beginning. */
struct cm_openpgp_noise {
	unsigned int size, high; /* of the window being filled */
};

/* false if a window that got full does not look random. */
bool cm_openpgp_noise_feed(struct cm_openpgp_noise *noise,
			   const unsigned char *data, size_t size);

/* Judges the last window, and begins anew. */
bool cm_openpgp_noise_end(struct cm_openpgp_noise *noise);

#endif
