/* SPDX-License-Identifier: MIT
 *
 * cm-mail-saved: since when a message is in its mailbox.
 *
 * Dovecot's own save date is a file's ctime in Maildir and dbox (unless it is
 * in the cache file by chance). In Maildir every change of a flag renames the
 * file, so a message that is read gets younger, and a restored backup is all
 * new. The number at the beginning of a Maildir name is the second in which it
 * was saved, and stays: cr.yp.to/proto/maildir.html, and what chatmail/relay
 * goes by. A name whose number is no time (cm_expire_time_plausible()) is
 * another program's: there the file's mtime counts, which neither a rename nor
 * a backup changes. Other formats do not rename: their save date is Dovecot's.
 */
#ifndef CM_MAIL_SAVED_H
#define CM_MAIL_SAVED_H

#include "cm-dovecot.h"

struct mail;

/* 0, or -1 if the message is gone or cannot be read. It may lie ahead of now
 * all the same, if the clock was wrong. */
int cm_mail_saved(struct mail *mail, time_t now, int64_t *saved_r);

/* Has a client been shown it? Maildir: it is not in new. Dovecot itself takes
 * what it finds in cur of a mailbox that was restored for new. */
bool cm_mail_was_shown(struct mail *mail);

#endif
