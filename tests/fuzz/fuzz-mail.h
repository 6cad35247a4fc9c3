/* SPDX-License-Identifier: MIT
 *
 * Splits a message as Postfix does on its way to a milter.
 */
#ifndef CM_FUZZ_MAIL_H
#define CM_FUZZ_MAIL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void cm_fuzz_field_fn(void *ctx, const char *name, size_t name_len,
			      const char *value, size_t value_len);

/* Where the field that begins at `pos` ends: before the line end that no
 * folded line follows. *next_r is behind that line end. */
static inline size_t cm_fuzz_mail_field_end(const uint8_t *data, size_t size,
					    size_t pos, size_t *next_r)
{
	const uint8_t *lf;

	for (;;) {
		lf = memchr(data + pos, '\n', size - pos);
		if (lf == NULL) {
			*next_r = size;
			return size;
		}
		pos = (size_t)(lf - data) + 1;
		if (pos < size && (data[pos] == ' ' || data[pos] == '\t'))
			continue;
		*next_r = pos;
		pos--;
		return pos > 0 && data[pos - 1] == '\r' ? pos - 1 : pos;
	}
}

/* Hands over the header fields and returns where the body begins: behind the
 * empty line, or at the first line that is no field. */
static inline size_t cm_fuzz_mail_header(const uint8_t *data, size_t size,
					 cm_fuzz_field_fn *fn, void *ctx)
{
	size_t pos = 0;

	while (pos < size) {
		size_t next, end = cm_fuzz_mail_field_end(data, size, pos,
							  &next);
		const uint8_t *colon = memchr(data + pos, ':',
					      end > pos ? end - pos : 0);
		size_t name_len;

		if (end <= pos)
			return next;
		if (colon == NULL || colon == data + pos)
			return pos;
		name_len = (size_t)(colon - data) - pos;
		fn(ctx, (const char *)data + pos, name_len,
		   (const char *)colon + 1, end - pos - name_len - 1);
		pos = next;
	}
	return size;
}

#endif
