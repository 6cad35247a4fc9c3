/* SPDX-License-Identifier: MIT
 *
 * cm-mail-user: the seam to the user of a mail process (imap, lmtp), the same
 * on 2.3 and 2.4. What a user is to the process that serves it differs.
 */
#ifndef CM_MAIL_USER_H
#define CM_MAIL_USER_H

#include "cm-dovecot.h"

#include "mail-user.h"

typedef void cm_mail_user_func(struct mail_user *user);

/* Calls func once this process is back in its event loop, with the same user
 * opened anew; the one given may be gone by then. In lmtp that is after the
 * reply to DATA has been sent and before the next command is read: Dovecot
 * sends replies when the handler of DATA has returned, and by then it has
 * closed the users that it delivered to.
 * A process that is told to end before does not do it any more. */
void cm_mail_user_later(struct mail_user *user, cm_mail_user_func *func);

/* Does no userdb know this user any more? Asks anew, with what the user was
 * looked up with. In lmtp only, which has looked there to begin with; FALSE
 * elsewhere, and if it cannot be told. */
bool cm_mail_user_is_gone(struct mail_user *user);

/* Forgets what has not been done yet. For a plugin's deinit. */
void cm_mail_user_later_deinit(void);

#endif
