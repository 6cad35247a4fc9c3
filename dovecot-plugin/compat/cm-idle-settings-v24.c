/* SPDX-License-Identifier: MIT
 *
 * cm-idle-settings on Dovecot 2.4.
 */
#include "cm-dovecot.h"

#include "mail-user.h"
#include "settings.h"

#include "cm-idle-settings.h"
#include "cm-idle-settings-v24.h"

int cm_idle_settings_get(struct mail_user *user, unsigned int *delay_msecs_r,
			 const char **error_r)
{
	const struct cm_idle_settings *set;

	if (settings_get(user->event, &cm_idle_setting_parser_info, 0, &set,
			 error_r) < 0)
		return -1;
	*delay_msecs_r = set->chatmail_idle_delay;
	settings_free(set);
	return 0;
}
