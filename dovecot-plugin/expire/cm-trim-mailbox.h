/* SPDX-License-Identifier: MIT
 *
 * cm-trim-mailbox: takes the oldest messages out of all of a user's mailboxes
 * together until they have room again, by Dovecot's mail API: indexes, quota,
 * UIDs and idling clients follow by themselves.
 *
 * Mailboxes that the quota does not count are left alone. It ends when it has
 * come to nothing, and says so.
 *
 * One process at a time works on a user, under flock(2) of the directory that
 * has INBOX's messages (Maildir: cur; dbox: dbox-Mails): no file is left over,
 * the lock of a process that dies is free, and nobody else waits for it, as
 * who edits metadata.json would for one of the home (lib/cm-devicetoken.h).
 */
#ifndef CM_TRIM_MAILBOX_H
#define CM_TRIM_MAILBOX_H

#include "cm-trim-rules.h"

/* If the quota is used beyond rules->limits.above, removes what it takes to
 * get to .to. Does not wait: if another process is at it, that one sees to
 * what we have seen. */
void cm_trim_mailbox(struct mail_user *user, const struct cm_trim_rules *rules);

/* Makes room for a message of `size` bytes that does not fit now. Either it
 * fits then (and .to is reached if enough is old), or nothing is removed.
 * Waits for another process that is at it, CM_TRIM_WAIT_MSECS at most: without
 * it the message would be refused. */
#define CM_TRIM_WAIT_MSECS 5000
void cm_trim_make_room(struct mail_user *user,
		       const struct cm_trim_rules *rules, uint64_t size);

#endif
