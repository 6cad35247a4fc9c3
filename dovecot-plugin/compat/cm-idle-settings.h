/* SPDX-License-Identifier: MIT
 *
 * cm-idle-settings: the setting of plugin chatmail_idle.
 *
 *   chatmail_idle_delay  how long the first change waits for others. With a
 *                        unit ("1 ms"), 0 to CM_IDLE_MAX_DELAY_MSECS.
 *                        2.3: in plugin { }. 2.4: at top level or anywhere
 *                        that settings may stand.
 */
#ifndef CM_IDLE_SETTINGS_H
#define CM_IDLE_SETTINGS_H

struct mail_user;

#define CM_IDLE_DEFAULT_DELAY "1 ms"
/* Dovecot's own delay: beyond it the plugin would make things worse. */
#define CM_IDLE_MAX_DELAY_MSECS 500

/* Returns 0, or -1 with a text that names the setting. */
int cm_idle_settings_get(struct mail_user *user, unsigned int *delay_msecs_r,
			 const char **error_r);

#endif
