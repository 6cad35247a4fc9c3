/* SPDX-License-Identifier: MIT
 *
 * What test-settings and test-settings-value share: parse a text, keep the
 * warnings.
 */
#ifndef SETTINGS_PARSE_H
#define SETTINGS_PARSE_H

#include "cm-unit.h"
#include "cm-settings.h"

#define HEAD "[params]\nmail_domain = chat.example\n"

struct parsed {
	struct cm_settings set;
	int ret;
	const char *error;
	unsigned int warnings;
	char warning[CM_SETTINGS_ERROR_SIZE]; /* the last one */
};

static inline void keep_warning(void *ctx, const char *message)
{
	struct parsed *parsed = ctx;

	parsed->warnings++;
	(void)snprintf(parsed->warning, sizeof(parsed->warning), "%s",
		       message);
}

static inline void parse(struct parsed *parsed, const char *text, size_t size)
{
	memset(parsed, 0, sizeof(*parsed));
	parsed->ret = cm_settings_parse(&parsed->set, "f.ini", text, size,
					keep_warning, parsed, &parsed->error);
	if (parsed->ret == 0)
		assert_null(parsed->error);
	else
		assert_ptr_equal(parsed->error, parsed->set.error);
}

static inline const struct cm_setting_def *find(const char *key)
{
	const struct cm_setting_def *def;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (strcmp(def->name, key) == 0)
			return def;
	}
	fail_msg("no row for %s", key);
	return NULL;
}

#endif
