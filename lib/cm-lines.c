/* SPDX-License-Identifier: MIT */
#include "cm-lines.h"

#include <string.h>

void cm_lines_init(struct cm_lines *lines, bool allow_lf)
{
	lines->allow_lf = allow_lf;
	lines->used = 0;
}

/* line[0..len) ends where the LF was. */
static enum cm_rule whole_line(const struct cm_lines *lines,
			       const unsigned char *line, size_t len,
			       cm_lines_fn *fn, void *ctx)
{
	/* in pieces it would not have come to its end: the same rule */
	if (len > sizeof(lines->carry))
		return CM_RULE_LINE_LENGTH;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	else if (!lines->allow_lf)
		return CM_RULE_LINE_ENDING;
	if (len > CM_LINES_MAX)
		return CM_RULE_LINE_LENGTH;
	return fn(ctx, line, len);
}

enum cm_rule cm_lines_feed(struct cm_lines *lines, const unsigned char *data,
			   size_t size, cm_lines_fn *fn, void *ctx)
{
	enum cm_rule rule = CM_RULE_NONE;

	while (size > 0 && rule == CM_RULE_NONE) {
		const unsigned char *lf = memchr(data, '\n', size);
		size_t len = lf != NULL ? (size_t)(lf - data) : size;

		if (lf != NULL && lines->used == 0) {
			/* the common case costs no copy */
			rule = whole_line(lines, data, len, fn, ctx);
		} else {
			if (len > sizeof(lines->carry) - lines->used)
				return CM_RULE_LINE_LENGTH;
			memcpy(lines->carry + lines->used, data, len);
			lines->used += len;
			if (lf != NULL) {
				len = lines->used;
				lines->used = 0;
				rule = whole_line(lines, lines->carry, len, fn,
						  ctx);
				len = (size_t)(lf - data);
			}
		}
		if (lf != NULL)
			len++;
		data += len;
		size -= len;
	}
	return rule;
}

enum cm_rule cm_lines_finish(struct cm_lines *lines, cm_lines_fn *fn,
			     void *ctx)
{
	size_t len = lines->used;

	lines->used = 0;
	if (len == 0)
		return CM_RULE_NONE;
	if (len > CM_LINES_MAX)
		return CM_RULE_LINE_LENGTH;
	return fn(ctx, lines->carry, len);
}
