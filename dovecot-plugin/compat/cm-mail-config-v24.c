/* SPDX-License-Identifier: MIT
 *
 * cm-mail-config on Dovecot 2.4.
 */
#include "cm-mail-config.h"

#include "cm-authdb-settings-v24.h"

#include "mail-user.h"
#include "settings.h"

const char *cm_mail_config_path(struct mail_user *user, const char **error_r)
{
	const struct cm_authdb_settings *set;
	const char *path;

	if (settings_get(user->event, &cm_authdb_setting_parser_info, 0, &set,
			 error_r) < 0)
		return NULL;
	path = t_strdup(set->chatmail_config);
	settings_free(set);
	return path;
}
