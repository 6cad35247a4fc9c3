/* SPDX-License-Identifier: MIT
 *
 * cm-idle-box: a mailbox whose changes are announced at once.
 *
 * Dovecot tells a client that idles (or has asked for NOTIFY of the selected
 * mailbox) half a second after a change: NOTIFY_DELAY_MSECS in lib-storage's
 * mailbox-watch.c, no setting. Here the mailbox's notify_changes() first does
 * what it did, then puts a watch of ours before Dovecot's on each of the same
 * files, and calls the same callback after a few milliseconds.
 *
 * The kernel has one watch per file and inotify descriptor, and Dovecot gives
 * its events to whoever added it last (io_notify_fd_find() of lib): so ours
 * costs no further watch or descriptor, and hears each event instead of
 * Dovecot's, whose poll every mailbox_idle_check_interval stays the safety
 * net. Where no watch can be had (limits of the machine), Dovecot has logged
 * that, polls, and we do nothing.
 */
#ifndef CM_IDLE_BOX_H
#define CM_IDLE_BOX_H

struct mailbox;

/* Hooks into this mailbox; for Dovecot's mailbox_allocated. delay_msecs: how
 * long the first change waits for others, see cm-pace.h. */
void cm_idle_box_init(struct mailbox *box, unsigned int delay_msecs);

#endif
