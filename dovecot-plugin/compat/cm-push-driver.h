/* SPDX-License-Identifier: MIT
 *
 * cm-push-driver: the seam to Dovecot's push_notification plugin: one driver,
 * which hears of messages that were delivered (LMTP, LDA). The same on 2.3 and
 * 2.4, but for how a driver is set up and says what it wants to know.
 *
 * Enabled by
 *	2.3	plugin { push_notification_driver = chatmail }
 *	2.4	push_notification chatmail { }
 */
#ifndef CM_PUSH_DRIVER_H
#define CM_PUSH_DRIVER_H

#include "cm-dovecot.h"

#include "mail-user.h"

/* Messages were saved for this user, committed and visible. from: address in
 * the first From header, NULL if there is none that can be read; called once
 * for each message. */
typedef void cm_push_driver_new_mail(struct mail_user *user, const char *from);

/* name: what dovecot.conf calls it; must stay valid. One driver per process. */
void cm_push_driver_register(const char *name,
			     cm_push_driver_new_mail *new_mail);
void cm_push_driver_unregister(void);

#endif
