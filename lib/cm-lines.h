/* SPDX-License-Identifier: MIT
 *
 * cm-lines: cuts a byte stream that comes in any pieces into lines.
 */
#ifndef CM_LINES_H
#define CM_LINES_H

#include "cm-rule.h"

#include <stdbool.h>
#include <stddef.h>

/* RFC 5322 2.1.1, without CR LF. */
#define CM_LINES_MAX 998

struct cm_lines {
	bool allow_lf; /* LF alone ends a line too */
	size_t used;
	unsigned char carry[CM_LINES_MAX + 2];
};

/* Gets one line without its line end, valid during the call. Anything but
 * CM_RULE_NONE stops the feed and becomes its result. */
typedef enum cm_rule cm_lines_fn(void *ctx, const unsigned char *line,
				 size_t len);

void cm_lines_init(struct cm_lines *lines, bool allow_lf);

/* CM_RULE_LINE_ENDING for a line that does not end in CR LF,
 * CM_RULE_LINE_LENGTH for one over CM_LINES_MAX, or what fn says. */
enum cm_rule cm_lines_feed(struct cm_lines *lines, const unsigned char *data,
			   size_t size, cm_lines_fn *fn, void *ctx);

/* The end of the stream: hands over a last line without line end. */
enum cm_rule cm_lines_finish(struct cm_lines *lines, cm_lines_fn *fn,
			     void *ctx);

#endif
