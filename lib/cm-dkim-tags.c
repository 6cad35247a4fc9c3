/* SPDX-License-Identifier: MIT */
#include "cm-dkim-tags.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const char host_chars[] = LETTERS DIGITS ".-_";
/* RFC 5322 3.2.3 atext and the dot, without '=' */
static const char local_chars[] = LETTERS DIGITS ".!#$%&'*+-/?^_`{|}~";

struct span {
	const char *text;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(const char *text, const char *end)
{
	struct span span;

	while (text < end && is_space(*text))
		text++;
	while (end > text && is_space(end[-1]))
		end--;
	span.text = text;
	span.len = (size_t)(end - text);
	return span;
}

static bool made_of(struct span span, const char *chars)
{
	size_t i;

	for (i = 0; i < span.len; i++) {
		if (span.text[i] == '\0' ||
		    strchr(chars, span.text[i]) == NULL)
			return false;
	}
	return true;
}


static bool name_valid(struct span name)
{
	return name.len > 0 && strchr(LETTERS, *name.text) != NULL &&
	       made_of(name, LETTERS DIGITS "_");
}

static bool host_valid(struct span value)
{
	return value.len > 0 && made_of(value, host_chars);
}

static bool identity_valid(struct span value)
{
	const char *at = memchr(value.text, '@', value.len);
	struct span local, host;

	if (at == NULL)
		return false;
	local.text = value.text;
	local.len = (size_t)(at - value.text);
	host.text = at + 1;
	host.len = value.len - local.len - 1;
	return made_of(local, local_chars) && host_valid(host);
}

static bool printable(struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		if (!is_space(value.text[i]) &&
		    (value.text[i] < '!' || value.text[i] > '~'))
			return false;
	}
	return true;
}

static bool required_valid(struct span value)
{
	return value.len > 0 && printable(value);
}

static bool algorithm_valid(struct span value)
{
	return value.len > 0 && made_of(value, LETTERS DIGITS "-");
}

static bool number_valid(struct span value)
{
	return value.len > 0 && made_of(value, DIGITS);
}

static bool never_valid(struct span value)
{
	(void)value;
	return false;
}

static const struct known_tag {
	const char *name;
	bool required;
	bool (*valid)(struct span value);
} known_tags[] = {
	{ "v", true, required_valid },
	{ "a", true, algorithm_valid },
	{ "b", true, required_valid },
	{ "bh", true, required_valid },
	{ "d", true, host_valid },
	{ "h", true, required_valid },
	{ "s", true, host_valid },
	{ "i", false, identity_valid },
	{ "l", false, never_valid },
	{ "t", false, number_valid },
	{ "x", false, number_valid }
};

#define KNOWN_TAGS (sizeof(known_tags) / sizeof(known_tags[0]))
#define REQUIRED_TAGS 7

static const struct known_tag *find_tag(struct span name)
{
	size_t i;

	for (i = 0; i < KNOWN_TAGS; i++) {
		if (strlen(known_tags[i].name) == name.len &&
		    memcmp(known_tags[i].name, name.text, name.len) == 0)
			return &known_tags[i];
	}
	return NULL;
}

static bool stood_before(const struct span *names, unsigned int count,
			 struct span name)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (names[i].len == name.len &&
		    memcmp(names[i].text, name.text, name.len) == 0)
			return true;
	}
	return false;
}

bool cm_dkim_tags_plain(const char *value, size_t len)
{
	const char *p = value, *end = value + len;
	struct span names[CM_DKIM_TAGS_MAX], name, text;
	unsigned int count = 0, required = 0;

	if (len > CM_DKIM_TAGS_MAX_VALUE)
		return false;
	while (p < end) {
		const char *stop = memchr(p, ';', (size_t)(end - p)), *equals;
		const struct known_tag *tag;

		if (stop == NULL)
			stop = end;
		/* a ";" may end the list */
		if (stop == end && trim(p, end).len == 0)
			break;
		equals = memchr(p, '=', (size_t)(stop - p));
		if (equals == NULL || count == CM_DKIM_TAGS_MAX)
			return false;
		name = trim(p, equals);
		text = trim(equals + 1, stop);
		if (!name_valid(name) || stood_before(names, count, name))
			return false;
		tag = find_tag(name);
		if (!(tag != NULL ? tag->valid(text) : printable(text)))
			return false;
		if (tag != NULL && tag->required)
			required++;
		names[count++] = name;
		p = stop < end ? stop + 1 : end;
	}
	return required == REQUIRED_TAGS;
}
