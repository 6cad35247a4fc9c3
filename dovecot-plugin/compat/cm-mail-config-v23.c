/* SPDX-License-Identifier: MIT
 *
 * cm-mail-config on Dovecot 2.3.
 */
#include "cm-mail-config.h"

#include "cm-config.h"

#include "mail-user.h"

const char *cm_mail_config_path(struct mail_user *user,
				const char **error_r ATTR_UNUSED)
{
	const char *path = mail_user_plugin_getenv(user, "chatmail_config");

	return path == NULL || *path == '\0' ? CM_DEFAULT_CONFIG : path;
}
