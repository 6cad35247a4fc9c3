/* SPDX-License-Identifier: MIT */
#include "cm-settings.h"
#include "cm-ini.h"
#include "cm-addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTION "params"

static void *field(struct cm_settings *set, const struct cm_setting_def *def)
{
	return (char *)set + def->offset;
}

static const void *const_field(const struct cm_settings *set,
			       const struct cm_setting_def *def)
{
	return (const char *)set + def->offset;
}

static size_t defs_count(void)
{
	size_t n = 0;

	while (cm_settings_defs[n].name != NULL)
		n++;
	return n;
}

static bool is_text(enum cm_setting_type type)
{
	return type == CM_SETTING_STRING || type == CM_SETTING_PATH ||
	       type == CM_SETTING_DOMAIN || type == CM_SETTING_NAME;
}

/* Everything but the error text. */
static void free_all(struct cm_settings *set)
{
	const struct cm_setting_def *def;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (is_text(def->type))
			free(*(char **)field(set, def));
	}
	free(set->address_domain);
	free(set->milter_socket_path);
	free(set->origin_line);
}

void cm_settings_deinit(struct cm_settings *set)
{
	free_all(set);
	memset(set, 0, sizeof(*set));
}

static int fail(struct cm_settings *set, const char **error_r,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct cm_settings *set, const char **error_r,
		const char *format, ...)
{
	char text[CM_SETTINGS_ERROR_SIZE];
	va_list args;

	/* the arguments may point into what is freed below */
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cm_settings_deinit(set);
	memcpy(set->error, text, sizeof(text));
	*error_r = set->error;
	return -1;
}

/* strtoull takes signs and leading blanks; a settings file does not. */
static int parse_digits(const char *value, int base, uint64_t *result_r,
			const char **end_r)
{
	char *end;

	if (*value < '0' || *value > '9')
		return -1;
	errno = 0;
	*result_r = strtoull(value, &end, base);
	if (errno != 0)
		return -1;
	*end_r = end;
	return 0;
}

static int parse_size(const char *value, unsigned int bare_shift,
		      uint64_t *result_r)
{
	unsigned int shift;
	const char *end;
	uint64_t n;

	if (parse_digits(value, 10, &n, &end) < 0)
		return -1;
	switch (*end) {
	case '\0':
		shift = bare_shift;
		break;
	case 'B': case 'b':
		shift = bare_shift;
		break;
	case 'K': case 'k':
		shift = 10;
		end++;
		break;
	case 'M': case 'm':
		shift = 20;
		end++;
		break;
	case 'G': case 'g':
		shift = 30;
		end++;
		break;
	case 'T': case 't':
		shift = 40;
		end++;
		break;
	default:
		return -1;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	if (*end != '\0' || n > (UINT64_MAX >> 1) >> shift)
		return -1;
	*result_r = n << shift;
	return 0;
}

static bool is_name(const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$");

	return len > 0 && value[len] == '\0' && *value != '-';
}

static bool is_path(const char *value, const struct cm_setting_def *def)
{
	if (*value == '\0')
		return def->default_value != NULL &&
		       *def->default_value == '\0';
	return *value == '/' && strchr(value, '\n') == NULL;
}

/* What a value of this row must look like, for messages. */
static void describe(const struct cm_setting_def *def, char *buf, size_t size)
{
	switch (def->type) {
	case CM_SETTING_PATH:
		(void)snprintf(buf, size, "an absolute path");
		break;
	case CM_SETTING_DOMAIN:
		(void)snprintf(buf, size, "a domain like chat.example.org or "
					  "an IPv4 address");
		break;
	case CM_SETTING_NAME:
		(void)snprintf(buf, size, "a user or group name");
		break;
	case CM_SETTING_UINT:
		(void)snprintf(buf, size, "a whole number from %u to %u%s%s",
			       def->min, def->max,
			       *def->unit != '\0' ? ", in " : "", def->unit);
		break;
	case CM_SETTING_OCTAL:
		(void)snprintf(buf, size, "an octal mode like %s, at most %04o",
			       def->default_value, def->max);
		break;
	case CM_SETTING_SIZE:
		(void)snprintf(buf, size, "a number of bytes, or with K, M or "
					  "G behind it");
		break;
	case CM_SETTING_SIZE_M:
		(void)snprintf(buf, size, "a number of megabytes, or with K, "
					  "M or G behind it");
		break;
	case CM_SETTING_FLOAT:
		(void)snprintf(buf, size, "a number like 5 or 2.5");
		break;
	case CM_SETTING_STRING:
	case CM_SETTING_UNUSED:
		(void)snprintf(buf, size, "text");
		break;
	}
}

/* 1 = set, 0 = not of the form that describe() names, -1 = no memory. */
static int set_text(char **dest, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -1;
	free(*dest);
	*dest = copy;
	return 1;
}

static int set_domain(char **dest, const char *value)
{
	char domain[CM_ADDR_MAX_DOMAIN + 1];

	if (strlen(value) > CM_ADDR_MAX_DOMAIN)
		return 0;
	strcpy(domain, value);
	cm_ascii_lower(domain);
	if (!cm_addr_domain_valid(domain, strlen(domain)))
		return 0;
	return set_text(dest, domain);
}

static int set_number(struct cm_settings *set,
		      const struct cm_setting_def *def, const char *value)
{
	bool octal = def->type == CM_SETTING_OCTAL;
	const char *end;
	uint64_t n;

	if (parse_digits(value, octal ? 8 : 10, &n, &end) < 0 || *end != '\0' ||
	    n < def->min || n > def->max)
		return 0;
	*(unsigned int *)field(set, def) = (unsigned int)n;
	return 1;
}

static int set_float(double *dest, const char *value)
{
	char *end;
	double d;

	if (value[strspn(value, "0123456789.")] != '\0' || *value == '\0')
		return 0;
	d = strtod(value, &end);
	if (*end != '\0')
		return 0;
	*dest = d;
	return 1;
}

static int set_value(struct cm_settings *set, const struct cm_setting_def *def,
		     const char *value)
{
	void *dest = field(set, def);

	switch (def->type) {
	case CM_SETTING_STRING:
		return set_text(dest, value);
	case CM_SETTING_PATH:
		return is_path(value, def) ? set_text(dest, value) : 0;
	case CM_SETTING_NAME:
		return is_name(value) ? set_text(dest, value) : 0;
	case CM_SETTING_DOMAIN:
		return set_domain(dest, value);
	case CM_SETTING_UINT:
	case CM_SETTING_OCTAL:
		return set_number(set, def, value);
	case CM_SETTING_SIZE:
		return parse_size(value, 0, dest) == 0;
	case CM_SETTING_SIZE_M:
		return parse_size(value, 20, dest) == 0;
	case CM_SETTING_FLOAT:
		return set_float(dest, value);
	case CM_SETTING_UNUSED:
		return 1;
	}
	return 0;
}

static const struct cm_setting_def *find_def(const char *name, size_t *idx_r)
{
	size_t i;

	for (i = 0; cm_settings_defs[i].name != NULL; i++) {
		if (strcmp(cm_settings_defs[i].name, name) == 0) {
			*idx_r = i;
			return &cm_settings_defs[i];
		}
	}
	return NULL;
}

static int set_defaults(struct cm_settings *set)
{
	const struct cm_setting_def *def;

	memset(set, 0, sizeof(*set));
	set->origin_line = calloc(defs_count(), sizeof(*set->origin_line));
	if (set->origin_line == NULL)
		return -1;
	for (def = cm_settings_defs; def->name != NULL; def++) {
		const char *value = def->default_value;

		/* the required one is checked for at the end */
		if (value == NULL) {
			if (set_text(field(set, def), "") < 0)
				return -1;
		} else if (set_value(set, def, value) != 1)
			return -1;
	}
	return 0;
}

static char *concat(const char *a, const char *b, const char *c)
{
	size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
	char *result = malloc(size);

	if (result != NULL)
		(void)snprintf(result, size, "%s%s%s", a, b, c);
	return result;
}

/* Fields that follow from others. */
static int derive(struct cm_settings *set)
{
	struct in_addr ip;
	bool literal = inet_pton(AF_INET, set->mail_domain, &ip) == 1;
	size_t idx;

	set->address_domain = literal ? concat("[", set->mail_domain, "]") :
					strdup(set->mail_domain);
	set->milter_socket_path = *set->milter_socket != '\0' ?
		strdup(set->milter_socket) :
		concat(set->run_dir, "/milter.sock", "");
	if (find_def("mailboxes_dir", &idx) != NULL &&
	    set->origin_line[idx] == 0) {
		free(set->mailboxes_dir);
		set->mailboxes_dir = concat("/home/vmail/mail/",
					    set->mail_domain, "");
	}
	return set->address_domain == NULL ||
	       set->milter_socket_path == NULL ||
	       set->mailboxes_dir == NULL ? -1 : 0;
}

static int finish(struct cm_settings *set, const char *name,
		  const char **error_r)
{
	if (*set->mail_domain == '\0')
		return fail(set, error_r, "%s: mail_domain is missing in "
			    "section [" SECTION "]: set it to the domain of "
			    "your addresses", name);
	if (set->username_min_length > set->username_max_length)
		return fail(set, error_r, "%s: username_min_length (%u) is "
			    "above username_max_length (%u)", name,
			    set->username_min_length,
			    set->username_max_length);
	if (derive(set) < 0)
		return fail(set, error_r, "%s: out of memory", name);
	return 0;
}

static void warn_about(cm_settings_warn_fn *warn, void *ctx, const char *name,
		       unsigned int line, const char *what, const char *key)
{
	char text[CM_SETTINGS_ERROR_SIZE];

	if (warn == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s:%u: %s %s", name, line, what,
		       key);
	warn(ctx, text);
}

int cm_settings_parse(struct cm_settings *set, const char *name,
		      const char *text, size_t size,
		      cm_settings_warn_fn *warn, void *ctx,
		      const char **error_r)
{
	const struct cm_setting_def *def;
	const char *error;
	struct cm_ini *ini;
	size_t idx;
	int ret;

	*error_r = NULL;
	if (set_defaults(set) < 0 || (ini = malloc(sizeof(*ini))) == NULL)
		return fail(set, error_r, "%s: out of memory", name);
	if (size > CM_INI_MAX_SIZE) {
		free(ini);
		return fail(set, error_r, "%s: larger than %d bytes", name,
			    CM_INI_MAX_SIZE);
	}
	cm_ini_init(ini, text, size);
	while ((ret = cm_ini_next(ini, &error)) > 0) {
		if (strcmp(ini->section, SECTION) != 0) {
			warn_about(warn, ctx, name, ini->line,
				   "ignored outside of section [" SECTION "]:",
				   ini->key);
			continue;
		}
		def = find_def(ini->key, &idx);
		if (def == NULL) {
			warn_about(warn, ctx, name, ini->line,
				   "unknown setting", ini->key);
			continue;
		}
		if (set->origin_line[idx] != 0)
			warn_about(warn, ctx, name, ini->line,
				   "the last one counts, set twice:",
				   ini->key);
		ret = set_value(set, def, ini->value);
		if (ret <= 0) {
			char form[160];

			describe(def, form, sizeof(form));
			ret = ret < 0 ?
				fail(set, error_r, "%s: out of memory", name) :
				fail(set, error_r, "%s:%u: %s = %.80s: "
				     "expected %s", name, ini->line,
				     ini->key, ini->value, form);
			free(ini);
			return ret;
		}
		set->origin_line[idx] = ini->line;
	}
	if (ret < 0) {
		unsigned int line = ini->line;

		free(ini);
		return fail(set, error_r, "%s:%u: %s", name, line, error);
	}
	free(ini);
	return finish(set, name, error_r);
}

/* One byte more than allowed is read, so that parse() can refuse it. */
static char *slurp(int fd, size_t *size_r)
{
	size_t used = 0, max = CM_INI_MAX_SIZE + 1;
	char *buf = malloc(max);

	while (buf != NULL && used < max) {
		ssize_t ret = read(fd, buf + used, max - used);

		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0) {
			free(buf);
			return NULL;
		}
		if (ret == 0)
			break;
		used += (size_t)ret;
	}
	*size_r = used;
	return buf;
}

int cm_settings_read(struct cm_settings *set, const char *path,
		     cm_settings_warn_fn *warn, void *ctx,
		     const char **error_r)
{
	size_t size = 0;
	char *text;
	int fd, ret;

	memset(set, 0, sizeof(*set));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(set, error_r, "%s: %s", path, strerror(errno));
	text = slurp(fd, &size);
	if (text == NULL) {
		ret = fail(set, error_r, "%s: %s", path, strerror(errno));
	} else {
		ret = cm_settings_parse(set, path, text, size, warn, ctx,
					error_r);
		free(text);
	}
	(void)close(fd);
	return ret;
}

int cm_settings_defaults(struct cm_settings *set, const char **error_r)
{
	static const char text[] = "[" SECTION "]\nmail_domain=localhost\n";

	return cm_settings_parse(set, "(built-in)", text, sizeof(text) - 1,
				 NULL, NULL, error_r);
}

void cm_settings_print(const struct cm_settings *set,
		       const struct cm_setting_def *def, char *buf,
		       size_t size, unsigned int *line_r)
{
	const void *value = const_field(set, def);

	*line_r = set->origin_line[def - cm_settings_defs];
	switch (def->type) {
	case CM_SETTING_STRING:
	case CM_SETTING_PATH:
	case CM_SETTING_DOMAIN:
	case CM_SETTING_NAME:
		(void)snprintf(buf, size, "%s", *(char *const *)value);
		break;
	case CM_SETTING_UINT:
		(void)snprintf(buf, size, "%u", *(const unsigned int *)value);
		break;
	case CM_SETTING_OCTAL:
		(void)snprintf(buf, size, "%04o", *(const unsigned int *)value);
		break;
	case CM_SETTING_SIZE:
		(void)snprintf(buf, size, "%llu",
			       (unsigned long long)*(const uint64_t *)value);
		break;
	case CM_SETTING_SIZE_M:
		/* with its unit: a bare number would be read as megabytes */
		(void)snprintf(buf, size, "%lluK",
			       (unsigned long long)
			       *(const uint64_t *)value >> 10);
		break;
	case CM_SETTING_FLOAT:
		(void)snprintf(buf, size, "%g", *(const double *)value);
		break;
	case CM_SETTING_UNUSED:
		if (size > 0)
			*buf = '\0';
		break;
	}
}
