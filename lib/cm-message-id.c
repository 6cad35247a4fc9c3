/* SPDX-License-Identifier: MIT */
#include "cm-message-id.h"
#include "cm-addr.h"

#include <string.h>

#define RANDOM 11
#define MAX_GROUP 24

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5322 3.6.4 without quotes and comments */
static bool is_id_char(char c)
{
	return cm_ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.[]:", c) != NULL);
}

static bool id_valid(const char *id, size_t len)
{
	const char *at = len > 0 ? memchr(id, '@', len) : NULL;
	size_t i;

	if (at == NULL || at == id || at == id + len - 1 ||
	    len > CM_MESSAGE_ID_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (id + i != at && !is_id_char(id[i]))
			return false;
	}
	return true;
}

int cm_message_id_next(const char **p, const char *end, const char **id_r,
		       size_t *len_r)
{
	const char *close;

	while (*p < end && is_space(**p))
		(*p)++;
	if (*p == end)
		return 0;
	close = memchr(*p, '>', (size_t)(end - *p));
	if (**p != '<' || close == NULL)
		return -1;
	*id_r = *p + 1;
	*len_r = (size_t)(close - *id_r);
	*p = close + 1;
	return id_valid(*id_r, *len_r) ? 1 : -1;
}

bool cm_message_ids_valid(const char *value, size_t len, unsigned int max)
{
	const char *p = value, *id;
	unsigned int count = 0;
	size_t id_len;
	int ret;

	while ((ret = cm_message_id_next(&p, value + len, &id, &id_len)) > 0) {
		if (++count > max)
			return false;
	}
	return ret == 0 && count > 0;
}

static size_t random_len(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && (cm_ascii_is_alnum(*p) || *p == '-' || *p == '_'))
		p++;
	return (size_t)(p - start);
}

static bool is_uuid(const char *p, size_t len)
{
	size_t i;

	if (len != 36)
		return false;
	for (i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? p[i] != '-' :
			   p[i] == '\0' ||
			   strchr("0123456789abcdefABCDEF", p[i]) == NULL)
			return false;
	}
	return true;
}

const char *cm_message_id_core_domain(const char *id, size_t len)
{
	const char *at = len > 0 ? memchr(id, '@', len) : NULL, *p = id + 3;
	size_t n;

	if (at == NULL)
		return NULL;
	if (is_uuid(id, (size_t)(at - id)))
		return at + 1;
	if (at - id < 4 || id[1] != 'r' || id[2] != '.' ||
	    (id[0] != 'M' && id[0] != 'G'))
		return NULL;
	n = random_len(p, at);
	if (n < RANDOM || n > (id[0] == 'M' ? RANDOM : MAX_GROUP) ||
	    p[n] != '.')
		return NULL;
	p += n + 1;
	return random_len(p, at) == RANDOM && p + RANDOM == at ? at + 1 : NULL;
}
