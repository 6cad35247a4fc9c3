/* SPDX-License-Identifier: MIT
 *
 * cm-mail-config: the seam by which a mail plugin finds chatmail.ini.
 *	2.3	plugin { chatmail_config = /path }
 *	2.4	chatmail_config = /path, outside of any section
 */
#ifndef CM_MAIL_CONFIG_H
#define CM_MAIL_CONFIG_H

#include "cm-dovecot.h"

struct mail_user;

/* The path, or the compiled-in default if Dovecot's settings name none. From
 * the data stack; NULL with *error_r when those settings do not work. */
const char *cm_mail_config_path(struct mail_user *user, const char **error_r);

#endif
