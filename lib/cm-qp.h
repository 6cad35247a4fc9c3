/* SPDX-License-Identifier: MIT
 *
 * cm-qp: strict quoted-printable, one line at a time (RFC 2045 6.7).
 */
#ifndef CM_QP_H
#define CM_QP_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 2045 6.7 rule 5 */
#define CM_QP_MAX_LINE 76

/* Decodes one line without line end into out (room for len bytes).
 * *soft_r: the line goes on with the next one. Returns 0, or -1: a character
 * that must be encoded, a bad escape, space at the end of the line, a line
 * over the limit. */
int cm_qp_decode_line(const unsigned char *line, size_t len,
		      unsigned char *out, size_t *size_r, bool *soft_r);

#endif
