/* SPDX-License-Identifier: MIT */
#include "cm-settings-private.h"
#include "cm-addr.h"
#include "cm-ini.h"
#include "cm-io.h"
#include "cm-origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define SECTION "params"
/* What bind() takes, with its NUL. */
#define MAX_SOCKET_PATH sizeof(((struct sockaddr_un *)0)->sun_path)

static size_t defs_count(void)
{
	size_t n = 0;

	while (cm_settings_defs[n].name != NULL)
		n++;
	return n;
}

/* Everything but the error text. */
static void free_all(struct cm_settings *set)
{
	const struct cm_setting_def *def;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (cm_setting_is_text(def->type))
			free(*(char **)cm_setting_field(set, def));
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
			if (cm_setting_set_text(cm_setting_field(set, def),
						"") < 0)
				return -1;
		} else if (cm_setting_set(set, def, value) != 1)
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
	if (find_def("authserv_id", &idx) != NULL &&
	    set->origin_line[idx] == 0) {
		free(set->authserv_id);
		set->authserv_id = concat(set->mail_domain,
					  CM_ORIGIN_QUEUE_ID, "");
	}
	/* A domain literal has no place for a key. */
	if (find_def("require_dkim", &idx) != NULL &&
	    set->origin_line[idx] == 0)
		set->require_dkim = !literal;
	return set->address_domain == NULL ||
	       set->milter_socket_path == NULL ||
	       set->mailboxes_dir == NULL ||
	       set->authserv_id == NULL ? -1 : 0;
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
	if (set->trim_to >= set->trim_above)
		return fail(set, error_r, "%s: trim_to (%u) is not below "
			    "trim_above (%u)", name, set->trim_to,
			    set->trim_above);
	if (derive(set) < 0)
		return fail(set, error_r, "%s: out of memory", name);
	if (strlen(set->milter_socket_path) >= MAX_SOCKET_PATH)
		return fail(set, error_r, "%s: the milter's socket %.200s is "
			    "too long a path: at most %zu bytes; set "
			    "milter_socket or run_dir", name,
			    set->milter_socket_path, MAX_SOCKET_PATH - 1);
	if (!cm_origin_id_valid(set->authserv_id))
		return fail(set, error_r, "%s: authserv_id = %.80s: expected "
			    "a name like mx.example.org, maybe with "
			    CM_ORIGIN_QUEUE_ID " behind it", name,
			    set->authserv_id);
	return 0;
}

/* One line of a log, whatever was in the file. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

static void warn_about(cm_settings_warn_fn *warn, void *ctx, const char *name,
		       unsigned int line, const char *what, const char *key)
{
	char text[CM_SETTINGS_ERROR_SIZE];

	if (warn == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s:%u: %s %s", name, line, what,
		       key);
	make_printable(text);
	warn(ctx, text);
}

/* 0, or -1 with *error_r set and the struct freed. */
static int take_entry(struct cm_settings *set, const char *name,
		      struct cm_ini *ini, cm_settings_warn_fn *warn, void *ctx,
		      const char **error_r)
{
	char form[CM_SETTING_FORM_SIZE];
	const struct cm_setting_def *def;
	size_t idx;
	int ret;

	if (strcmp(ini->section, SECTION) != 0) {
		warn_about(warn, ctx, name, ini->line,
			   "ignored outside of section [" SECTION "]:",
			   ini->key);
		return 0;
	}
	def = find_def(ini->key, &idx);
	if (def == NULL) {
		warn_about(warn, ctx, name, ini->line, "unknown setting",
			   ini->key);
		return 0;
	}
	if (set->origin_line[idx] != 0)
		warn_about(warn, ctx, name, ini->line,
			   "the last one counts, set twice:", ini->key);
	ret = cm_setting_set(set, def, ini->value);
	if (ret < 0)
		return fail(set, error_r, "%s: out of memory", name);
	if (ret == 0) {
		cm_setting_describe(def, form, sizeof(form));
		make_printable(ini->value);
		return fail(set, error_r, "%s:%u: %s = %.80s: expected %s",
			    name, ini->line, ini->key, ini->value, form);
	}
	set->origin_line[idx] = ini->line;
	return 0;
}

static int take_all(struct cm_settings *set, const char *name,
		    struct cm_ini *ini, cm_settings_warn_fn *warn, void *ctx,
		    const char **error_r)
{
	const char *error;
	int ret;

	while ((ret = cm_ini_next(ini, &error)) > 0) {
		if (take_entry(set, name, ini, warn, ctx, error_r) < 0)
			return -1;
	}
	if (ret < 0)
		return fail(set, error_r, "%s:%u: %s", name, ini->line, error);
	return finish(set, name, error_r);
}

int cm_settings_parse(struct cm_settings *set, const char *name,
		      const char *text, size_t size,
		      cm_settings_warn_fn *warn, void *ctx,
		      const char **error_r)
{
	struct cm_ini *ini;
	int ret;

	*error_r = NULL;
	if (set_defaults(set) < 0 || (ini = malloc(sizeof(*ini))) == NULL)
		return fail(set, error_r, "%s: out of memory", name);
	if (size > CM_INI_MAX_SIZE) {
		ret = fail(set, error_r, "%s: larger than %d bytes", name,
			   CM_INI_MAX_SIZE);
	} else {
		cm_ini_init(ini, text, size);
		ret = take_all(set, name, ini, warn, ctx, error_r);
	}
	free(ini);
	return ret;
}

int cm_settings_read(struct cm_settings *set, const char *path,
		     cm_settings_warn_fn *warn, void *ctx,
		     const char **error_r)
{
	/* one byte more than allowed, so that parse() can refuse it */
	const size_t max = CM_INI_MAX_SIZE + 1;
	ssize_t size = -1;
	char *text;
	int fd, ret;

	memset(set, 0, sizeof(*set));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(set, error_r, "%s: %s", path, strerror(errno));
	text = malloc(max);
	if (text != NULL)
		size = cm_read_all(fd, text, max);
	if (size < 0) {
		ret = fail(set, error_r, "%s: %s", path, strerror(errno));
	} else {
		ret = cm_settings_parse(set, path, text, (size_t)size, warn,
					ctx, error_r);
	}
	free(text);
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
	*line_r = set->origin_line[def - cm_settings_defs];
	cm_setting_print(set, def, buf, size);
}

bool cm_settings_list_matches(const char *list, const char *address)
{
	static const char blanks[] = " \t\r\n";
	size_t address_len = strlen(address);

	for (list += strspn(list, blanks); *list != '\0';
	     list += strspn(list, blanks)) {
		size_t len = strcspn(list, blanks);
		const char *end = address;

		if (*list == '@' && len < address_len)
			end += address_len - len;
		if (strlen(end) == len && cm_ascii_equal_n(list, end, len))
			return true;
		list += len;
	}
	return false;
}
