/* SPDX-License-Identifier: MIT
 *
 * cm-push-handover: tells chatmail-push that an account has new mail.
 *
 * In lmtp, after the message is stored: nothing here can fail the delivery,
 * and nothing waits. A dozen system calls: is there a metadata.json, make an
 * empty file in the spool (cm-push-spool.h), and if there was none yet for
 * this account, connect to the service's socket, which wakes it. Only the name
 * is handed over: it is small, and tokens stay where they are. If the service
 * does not run, the file stays until it does.
 *
 * What is needed from chatmail.ini is read once per process.
 */
#ifndef CM_PUSH_HANDOVER_H
#define CM_PUSH_HANDOVER_H

#include "cm-push-driver.h"

/* Name of the socket below Dovecot's base_dir. */
#define CM_PUSH_SOCKET "chatmail-push"

/* A message was delivered to this user. One that he sent himself (another
 * device of his has it already) makes no notice. */
void cm_push_handover(struct mail_user *user, const char *from);

void cm_push_handover_deinit(void);

#endif
