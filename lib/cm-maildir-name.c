/* SPDX-License-Identifier: MIT */
#include "cm-maildir-name.h"

#include <string.h>

#define INFO_SEPARATOR ':'

/* The number at *p, which is moved behind it; -1 if there is none or it has
 * more than `max` digits. */
static int64_t number(const char **p, const char *end, unsigned int max)
{
	int64_t value = 0;
	unsigned int digits = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		if (++digits > max)
			return -1;
		value = value * 10 + (**p - '0');
	}
	return digits == 0 ? -1 : value;
}

static int64_t find_size(const char *base, const char *end)
{
	const char *p = base;
	int64_t size;

	while ((p = memchr(p, ',', (size_t)(end - p))) != NULL) {
		p++;
		if (end - p < 3 || p[0] != 'S' || p[1] != '=')
			continue;
		p += 2;
		size = number(&p, end, CM_MAILDIR_NAME_MAX_SIZE);
		if (size >= 0 && (p == end || *p == ','))
			return size;
	}
	return -1;
}

void cm_maildir_name_parse(const char *name, struct cm_maildir_name *name_r)
{
	const char *p = name, *end = strchr(name, INFO_SEPARATOR);

	if (end == NULL)
		end = name + strlen(name);
	name_r->base_len = (size_t)(end - name);
	name_r->time = number(&p, end, CM_MAILDIR_NAME_MAX_TIME);
	if (p == end || *p != '.')
		name_r->time = -1;
	name_r->size = find_size(name, end);
}

bool cm_maildir_name_is_message(const char *name)
{
	return name[0] != '.' && name[0] != INFO_SEPARATOR && name[0] != '\0';
}
