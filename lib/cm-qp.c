/* SPDX-License-Identifier: MIT */
#include "cm-qp.h"

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	/* RFC 2045 asks writers for upper case and readers for mercy */
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int cm_qp_decode_line(const unsigned char *line, size_t len,
		      unsigned char *out, size_t *size_r, bool *soft_r)
{
	size_t i, used = 0;

	*soft_r = false;
	if (len > CM_QP_MAX_LINE ||
	    (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t')))
		return -1;
	for (i = 0; i < len; i++) {
		unsigned char c = line[i];

		if (c == '=') {
			int high, low;

			if (i + 1 == len) {
				*soft_r = true;
				break;
			}
			if (i + 2 >= len || (high = hex(line[i + 1])) < 0 ||
			    (low = hex(line[i + 2])) < 0)
				return -1;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		} else if ((c < ' ' && c != '\t') || c > '~') {
			return -1;
		}
		out[used++] = c;
	}
	*size_r = used;
	return 0;
}
