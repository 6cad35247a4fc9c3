/* SPDX-License-Identifier: MIT
 *
 * cm-delivery-gone: a delivery to an account that was removed meanwhile.
 *
 * lmtp looks all recipients up at RCPT and opens their mailboxes one after the
 * other behind DATA. Who is removed in between would get a new Maildir without
 * `password`, which is nobody's, and keeps the address from ever becoming an
 * account again. So where there is no `password` when the mailbox is opened
 * userdb is asked once more. If nobody knows the user any more the delivery
 * fails for now, with nothing made; when Postfix tries again the address is
 * unknown. Whom another userdb knows gets mail as ever.
 *
 * It costs one lstat(2) a delivery, and a lookup for whom we have no password.
 */
#ifndef CM_DELIVERY_GONE_H
#define CM_DELIVERY_GONE_H

#include "cm-dovecot.h"

struct mailbox;

/* Hook of Dovecot's mail storage. */
void cm_delivery_gone_mailbox_allocated(struct mailbox *box);

#endif
