/* SPDX-License-Identifier: MIT
 *
 * cm-trim-delivery: when a delivery makes a mailbox be trimmed. Looks at what
 * lmtp saves and at nothing else: a client that appends or copies gets what
 * Dovecot's quota says.
 *
 * Before the message is saved: if it does not fit, room is made, because it
 * would be refused. Otherwise what the quota plugin asks for anyway is enough
 * to know whether the level may be passed; if so, that is looked at, and the
 * trimming done, when the reply has been sent (cm_mail_user_later()).
 */
#ifndef CM_TRIM_DELIVERY_H
#define CM_TRIM_DELIVERY_H

#include "cm-dovecot.h"

struct mail_user;
struct mailbox;

/* Hooks of Dovecot's mail storage. */
void cm_trim_delivery_user_created(struct mail_user *user);
void cm_trim_delivery_mailbox_allocated(struct mailbox *box);

void cm_trim_delivery_deinit(void);

#endif
