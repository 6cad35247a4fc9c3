/* SPDX-License-Identifier: MIT */
#include "cm-trim-rules.h"

#include "ioloop.h"
#include "mail-user.h"

#include "cm-mail-config.h"
#include "cm-settings.h"

static struct cm_trim_rules rules;
static bool rules_read;
static time_t next_try;

const struct cm_trim_rules *cm_trim_rules_get(struct mail_user *user)
{
	struct cm_settings set;
	const char *path, *error;

	if (rules_read)
		return &rules;
	/* not at each delivery; and not never if the clock steps back */
	if (ioloop_time < next_try &&
	    next_try - ioloop_time <= CM_TRIM_RULES_RETRY_SECS)
		return NULL;
	path = cm_mail_config_path(user, &error);
	if (path == NULL ||
	    cm_settings_read(&set, path, NULL, NULL, &error) < 0) {
		i_error("chatmail_expire: no mailbox is trimmed: "
			"%s", error);
		next_try = ioloop_time + CM_TRIM_RULES_RETRY_SECS;
		return NULL;
	}
	rules.limits.above = set.trim_above;
	rules.limits.to = set.trim_to;
	rules.keep_secs = (int64_t)set.trim_keep_hours * 3600;
	rules_read = TRUE;
	cm_settings_deinit(&set);
	return &rules;
}
