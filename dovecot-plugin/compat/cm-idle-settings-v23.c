/* SPDX-License-Identifier: MIT
 *
 * cm-idle-settings on Dovecot 2.3.
 */
#include "cm-dovecot.h"

#include "mail-user.h"
#include "settings-parser.h"

#include "cm-idle-settings.h"

int cm_idle_settings_get(struct mail_user *user, unsigned int *delay_msecs_r,
			 const char **error_r)
{
	const char *value = mail_user_plugin_getenv(user,
						    "chatmail_idle_delay");
	const char *error;

	if (value == NULL || *value == '\0')
		value = CM_IDLE_DEFAULT_DELAY;
	if (settings_get_time_msecs(value, delay_msecs_r, &error) < 0) {
		*error_r = t_strdup_printf("chatmail_idle_delay = %s: %s",
					   value, error);
		return -1;
	}
	if (*delay_msecs_r > CM_IDLE_MAX_DELAY_MSECS) {
		*error_r = t_strdup_printf(
			"chatmail_idle_delay = %s: must be at most %u ms",
			value, CM_IDLE_MAX_DELAY_MSECS);
		return -1;
	}
	return 0;
}
