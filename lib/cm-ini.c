/* SPDX-License-Identifier: MIT */
#include "cm-ini.h"

#include <string.h>

void cm_ini_init(struct cm_ini *ini, const char *text, size_t size)
{
	memset(ini, 0, sizeof(*ini));
	if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		size -= 3;
	}
	ini->pos = text;
	ini->end = text + size;
	ini->next_line = 1;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct slice {
	const char *p, *end;
};

static void trim(struct slice *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
	while (s->p < s->end && is_blank(s->end[-1]))
		s->end--;
}

/* The next line without its newline. */
static int next_line(struct cm_ini *ini, struct slice *line)
{
	const char *nl;

	if (ini->pos >= ini->end)
		return 0;
	nl = memchr(ini->pos, '\n', (size_t)(ini->end - ini->pos));
	line->p = ini->pos;
	line->end = nl != NULL ? nl : ini->end;
	ini->pos = nl != NULL ? nl + 1 : ini->end;
	ini->next_line++;
	return 1;
}

static int copy(char *dest, size_t max, struct slice s)
{
	size_t len = (size_t)(s.end - s.p);

	if (len > max)
		return -1;
	memcpy(dest, s.p, len);
	dest[len] = '\0';
	return 0;
}

static int check_nul(const struct slice *line, const char **error_r)
{
	if (memchr(line->p, '\0', (size_t)(line->end - line->p)) == NULL)
		return 0;
	*error_r = "NUL byte in the file";
	return -1;
}

/* Comments only count at the very beginning of a line: indented, it may be
 * text of a longer value. */
static int is_comment(const struct slice *line)
{
	return line->p < line->end && (*line->p == '#' || *line->p == ';');
}

static int append(struct cm_ini *ini, size_t *used, struct slice line)
{
	size_t len = (size_t)(line.end - line.p);
	size_t newline = *used > 0 ? 1 : 0;

	if (*used + newline + len > CM_INI_MAX_VALUE)
		return -1;
	if (newline > 0)
		ini->value[(*used)++] = '\n';
	memcpy(ini->value + *used, line.p, len);
	*used += len;
	ini->value[*used] = '\0';
	return 0;
}

/* Indented lines that follow belong to the value, over empty lines and
 * comments in between. Stops before the first line that does not. */
static int add_continuations(struct cm_ini *ini, const char **error_r)
{
	size_t used = strlen(ini->value);
	struct slice line, text;

	for (;;) {
		const char *pos = ini->pos;
		unsigned int line_number = ini->next_line;

		if (next_line(ini, &line) == 0)
			return 1;
		text = line;
		trim(&text);
		if (text.p < text.end && !is_comment(&line) &&
		    text.p == line.p) {
			ini->pos = pos;
			ini->next_line = line_number;
			return 1;
		}
		if (check_nul(&line, error_r) < 0) {
			ini->line = line_number;
			return -1;
		}
		if (text.p == text.end || is_comment(&line))
			continue;
		if (append(ini, &used, text) < 0) {
			*error_r = "value is too long";
			ini->line = line_number;
			return -1;
		}
	}
}

static int read_section(struct cm_ini *ini, struct slice line,
			const char **error_r)
{
	line.p++;
	line.end--;
	trim(&line);
	if (copy(ini->section, CM_INI_MAX_KEY, line) < 0) {
		*error_r = "section name is too long";
		return -1;
	}
	return 0;
}

static int read_entry(struct cm_ini *ini, struct slice line,
		      const char **error_r)
{
	struct slice key = line, value = line;
	const char *p = line.p;

	while (p < line.end && *p != '=' && *p != ':')
		p++;
	if (p == line.end || p == line.p) {
		*error_r = "expected \"key = value\", \"[section]\" or a "
			   "comment beginning with # or ;";
		return -1;
	}
	key.end = p;
	value.p = p + 1;
	trim(&key);
	trim(&value);
	if (key.p == key.end || copy(ini->key, CM_INI_MAX_KEY, key) < 0) {
		*error_r = "key is empty or too long";
		return -1;
	}
	if (copy(ini->value, CM_INI_MAX_VALUE, value) < 0) {
		*error_r = "value is too long";
		return -1;
	}
	return add_continuations(ini, error_r);
}

int cm_ini_next(struct cm_ini *ini, const char **error_r)
{
	struct slice line, text;

	*error_r = NULL;
	for (;;) {
		ini->line = ini->next_line;
		if (next_line(ini, &line) == 0)
			return 0;
		if (check_nul(&line, error_r) < 0)
			return -1;
		text = line;
		trim(&text);
		if (text.p == text.end || is_comment(&text))
			continue;
		if (text.p != line.p) {
			*error_r = "an indented line goes on with a value, "
				   "but there is none above it";
			return -1;
		}
		if (*text.p == '[' && text.end[-1] == ']') {
			if (read_section(ini, text, error_r) < 0)
				return -1;
			continue;
		}
		return read_entry(ini, text, error_r);
	}
}
