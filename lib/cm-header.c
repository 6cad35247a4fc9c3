/* SPDX-License-Identifier: MIT */
#include "cm-header.h"
#include "cm-addr.h"

#include <string.h>

#define MAX_NAME 76

bool cm_header_name_valid(const char *name, size_t len)
{
	size_t i;

	if (len == 0 || len > MAX_NAME)
		return false;
	for (i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return false;
	}
	return true;
}

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

enum cm_rule cm_header_value_check(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\r') {
			if (i + 1 >= len || value[i + 1] != '\n')
				return CM_RULE_CONTROL_CHARACTER;
		} else if (c == '\n') {
			if (i + 1 >= len || !is_wsp(value[i + 1]))
				return CM_RULE_HEADER_SYNTAX;
		} else if ((c < ' ' && c != '\t') || c == 0x7f) {
			return CM_RULE_CONTROL_CHARACTER;
		}
	}
	return CM_RULE_NONE;
}

int cm_header_unfold(const char *value, size_t len, char *dest, size_t size)
{
	size_t used = 0;

	while (len > 0 && (is_wsp(*value) || *value == '\r' || *value == '\n')) {
		value++;
		len--;
	}
	for (; len > 0; value++, len--) {
		if (*value == '\r' || *value == '\n')
			continue;
		if (used + 1 >= size)
			return -1;
		dest[used++] = *value;
	}
	while (used > 0 && is_wsp(dest[used - 1]))
		used--;
	dest[used] = '\0';
	return 0;
}

bool cm_header_value_is(const char *value, size_t len, const char *text)
{
	char unfolded[CM_HEADER_MAX_WORD];

	return cm_header_unfold(value, len, unfolded, sizeof(unfolded)) == 0 &&
	       strcmp(unfolded, text) == 0;
}

/* RFC 2045 5.1, without the characters that RFC 2231 gives a meaning. */
static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=*'%", c) == NULL;
}

static char *skip_wsp(char *p)
{
	while (is_wsp(*p))
		p++;
	return p;
}

static char *skip_token(char *p)
{
	while (is_token(*p))
		p++;
	return p;
}

/* p stands behind the '='. Sets *value_r, returns what follows or NULL. What
 * follows may be overwritten by the caller to end the value. */
static char *read_value(char *p, const char **value_r)
{
	if (*p == '"') {
		*value_r = ++p;
		while (*p != '\0' && *p != '"' && *p != '\\')
			p++;
		if (*p != '"')
			return NULL;
		*p = '\0';
		return p + 1;
	}
	*value_r = p;
	p = skip_token(p);
	return p == *value_r ? NULL : p;
}

static enum cm_rule add_param(struct cm_header_value *result,
			      const char *name, const char *value)
{
	if (cm_header_param(result, name) != NULL ||
	    result->param_count == CM_HEADER_MAX_PARAMS)
		return CM_RULE_CONTENT_TYPE_SYNTAX;
	result->params[result->param_count].name = name;
	result->params[result->param_count].value = value;
	result->param_count++;
	return CM_RULE_NONE;
}

/* What follows the value: (";" name "=" value)* [";"]. Old Delta Chat ends
 * its Content-Disposition with a semicolon. p stands at a ';' or the end. */
static enum cm_rule read_params(struct cm_header_value *result, char *p)
{
	char separator = *p;

	while (separator == ';') {
		char *name = skip_wsp(p + 1), *name_end, *value_end;
		const char *value;
		enum cm_rule rule;

		if (*name == '\0')
			return CM_RULE_NONE;
		name_end = skip_token(name);
		if (name_end == name || *name_end != '=')
			return CM_RULE_CONTENT_TYPE_SYNTAX;
		value_end = read_value(name_end + 1, &value);
		if (value_end == NULL)
			return CM_RULE_CONTENT_TYPE_SYNTAX;
		p = skip_wsp(value_end);
		separator = *p;
		*name_end = '\0';
		*value_end = '\0';
		cm_ascii_lower(name);
		rule = add_param(result, name, value);
		if (rule != CM_RULE_NONE)
			return rule;
	}
	return separator == '\0' ? CM_RULE_NONE : CM_RULE_CONTENT_TYPE_SYNTAX;
}

enum cm_rule cm_header_parse(struct cm_header_value *result,
			     const char *value, size_t len, bool is_type)
{
	enum cm_rule rule = cm_header_value_check(value, len);
	char *p, *start;

	result->param_count = 0;
	if (rule != CM_RULE_NONE)
		return rule;
	if (cm_header_unfold(value, len, result->buf,
			     sizeof(result->buf)) < 0)
		return CM_RULE_CONTENT_TYPE_SYNTAX;
	start = result->buf;
	p = skip_token(start);
	if (p == start)
		return CM_RULE_CONTENT_TYPE_SYNTAX;
	if (is_type) {
		char *subtype = p + 1;

		if (*p != '/' || (p = skip_token(subtype)) == subtype)
			return CM_RULE_CONTENT_TYPE_SYNTAX;
	}
	result->value = start;
	start = p;
	p = skip_wsp(p);
	if (*p != ';' && *p != '\0')
		return CM_RULE_CONTENT_TYPE_SYNTAX;
	rule = read_params(result, p);
	/* read_params() ends the value at the ';', not before a space */
	*start = '\0';
	cm_ascii_lower(result->buf);
	return rule;
}

const char *cm_header_param(const struct cm_header_value *value,
			    const char *name)
{
	unsigned int i;

	for (i = 0; i < value->param_count; i++) {
		if (strcmp(value->params[i].name, name) == 0)
			return value->params[i].value;
	}
	return NULL;
}

/* text[0..len) before the '<' of a mailbox, which may be nothing. */
static bool display_name_valid(const char *text, size_t len)
{
	size_t i;

	while (len > 0 && is_wsp(text[len - 1]))
		len--;
	if (len < 2 || text[0] != '"') {
		for (i = 0; i < len; i++) {
			if (strchr("\"\\()<>[]@,;:", text[i]) != NULL)
				return false;
		}
		return true;
	}
	for (i = 1; i < len && text[i] != '"'; i++) {
		if (text[i] == '\\')
			i++;
	}
	return i + 1 == len;
}

int cm_header_mailbox(const char *value, size_t len, struct cm_addr *addr_r)
{
	char text[CM_HEADER_MAX_VALUE + 1];
	const char *p = text;

	if (cm_header_unfold(value, len, text, sizeof(text)) < 0)
		return -1;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '>') {
		p = strrchr(text, '<');
		if (p == NULL || !display_name_valid(text, (size_t)(p - text)))
			return -1;
		p++;
		len = (size_t)(text + len - 1 - p);
	}
	return cm_addr_parse(addr_r, p, len);
}

bool cm_header_boundary_valid(const char *boundary)
{
	size_t i, len = strlen(boundary);

	if (len == 0 || len > CM_HEADER_MAX_BOUNDARY)
		return false;
	for (i = 0; i < len; i++) {
		char c = boundary[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') ||
		      strchr("'()+_,-./:=?", c) != NULL))
			return false;
	}
	return true;
}
