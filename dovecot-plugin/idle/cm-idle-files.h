/* SPDX-License-Identifier: MIT
 *
 * cm-idle-files: what Dovecot itself watches in a mailbox that a client idles
 * on, by mailbox format (maildir_notify_changes() and dbox_notify_changes() of
 * lib-storage, the same in 2.3 and 2.4).
 */
#ifndef CM_IDLE_FILES_H
#define CM_IDLE_FILES_H

struct mailbox;

#define CM_IDLE_MAX_FILES 2

/* Fills in the paths, in the data stack, and returns how many. 0: a format
 * that we leave to Dovecot, or no files yet. */
unsigned int cm_idle_files(struct mailbox *box,
			   const char *paths_r[static CM_IDLE_MAX_FILES]);

#endif
