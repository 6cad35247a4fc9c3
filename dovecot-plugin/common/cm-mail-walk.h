/* SPDX-License-Identifier: MIT
 *
 * cm-mail-walk: every mailbox that a user owns, one after the other, opened
 * and in step with its files.
 *
 * Left out is what is not below the user's own root without symbolic links:
 * Dovecot itself follows a link that somebody has put in place of a mailbox or
 * of its cur, and who removes messages there removes another user's.
 */
#ifndef CM_MAIL_WALK_H
#define CM_MAIL_WALK_H

#include "cm-dovecot.h"

struct mail_user;
struct mailbox;

/* Less than 0 ends the walk. The mailbox is closed when it returns. */
typedef int cm_mail_walk_func(struct mailbox *box, void *context);

/* 0, or -1 if func said so, or if the list of mailboxes cannot be read. What
 * is wrong with a single mailbox is logged and that one left out. */
int cm_mail_walk(struct mail_user *user, cm_mail_walk_func *func,
		 void *context);

/* May it be touched: is there no symbolic link on the way to its messages? For
 * mailboxes that are opened again later. */
bool cm_mail_walk_is_own(struct mailbox *box);

#endif
