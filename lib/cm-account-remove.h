/* SPDX-License-Identifier: MIT
 *
 * cm-account-remove: takes an account away with everything in its directory.
 *
 * The directory is first renamed to <mailboxes>/.removed/<address>, a name
 * that no account can have, and emptied there. So the account is gone at
 * once and whole, whatever happens to the rest of the work: who was
 * interrupted (kill -9, power cut) says the same again, or lets
 * cm_account_remove_sweep() finish it. `.removed` itself goes with the last
 * thing in it.
 *
 * No link is followed and no other file system entered: entries are unlinked
 * by directory descriptor, one component at a time. Any number of processes
 * may remove the same account at once; what somebody else was quicker with
 * is no error. While an account is in `.removed` that may be put back, its
 * process holds flock(2) of the mailboxes directory, and what is emptied there
 * is opened under the same lock. It is held for microseconds, never while
 * another lock is waited for, and by removals only: no login waits for it.
 * Results and error texts are as in cm-account-dir.h.
 */
#ifndef CM_ACCOUNT_REMOVE_H
#define CM_ACCOUNT_REMOVE_H

#include "cm-account-dir.h"

struct cm_hold;

#define CM_ACCOUNT_REMOVED_DIR ".removed"

/* Directories within directories below an account's. Maildir++ has two. What
 * is deeper stays, with ELOOP, in `.removed`. */
#define CM_ACCOUNT_REMOVE_MAX_DEPTH 64

/* Removes what has this name, whether it is an account or what is left of one
 * (a directory without password, a link, a file). CM_DIR_OK: there was
 * something and it is gone, though a power cut may bring it back before
 * cm_account_remove_sweep(); CM_DIR_UNKNOWN: there was nothing.
 *
 * hold (cm-hold.h; not NULL, see cm_hold_none()): keeps the address for its
 * owner from before the account is gone. If that fails nothing is removed. An
 * account without a hash that can be read has no owner to keep it for. */
enum cm_dir_result cm_account_remove(int mailboxes_fd, const char *name,
				     const struct cm_hold *hold,
				     const char **error_r);

/* Is what this descriptor is of still to be removed? */
typedef bool cm_account_due_fn(void *ctx, int account_fd);

/* The same for an account that is to go only as long as something holds that
 * its owner can change, such as the time of the last login. due() is asked
 * when the account is out of everybody's reach, so that no login can come
 * between the answer and the removal; if it says no, the account is put back
 * as it was: CM_DIR_EXISTS. (If somebody has made a new one of the same name
 * meanwhile, within microseconds, that one is it.) What an earlier removal
 * has left is finished without asking. An account that stays may leave a held
 * name behind, which means nothing as long as the account is there. */
enum cm_dir_result cm_account_remove_if(int mailboxes_fd, const char *name,
					const struct cm_hold *hold,
					cm_account_due_fn *due, void *ctx,
					const char **error_r);

/* The same, but only if it has no password: what a mail process that was
 * still running has made again after cm_account_remove(). Left alone it would
 * keep the address from ever becoming an account. CM_DIR_UNKNOWN: nothing
 * there, or an account, also one that comes into being at this moment. */
enum cm_dir_result cm_account_remove_remains(int mailboxes_fd,
					     const char *name,
					     const char **error_r);

/* Finishes every interrupted removal, and makes all that was removed before
 * outlast a power cut: call it once after the last cm_account_remove().
 * CM_DIR_OK, or CM_DIR_UNKNOWN (there was none to finish). */
enum cm_dir_result cm_account_remove_sweep(int mailboxes_fd,
					   const char **error_r);

#endif
