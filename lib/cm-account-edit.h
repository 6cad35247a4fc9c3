/* SPDX-License-Identifier: MIT
 *
 * cm-account-edit: the admin's changes to an account that exists. All work on
 * the descriptor of cm_account_open(); results and error texts are as in
 * cm-account-dir.h. What root makes belongs to the owner of the account's
 * directory.
 */
#ifndef CM_ACCOUNT_EDIT_H
#define CM_ACCOUNT_EDIT_H

#include "cm-account-dir.h"

/* Is there an account in this directory: a `password` that is a regular file,
 * whatever is in it? *last_login_r is its mtime, and may be NULL. CM_DIR_OK,
 * CM_DIR_UNKNOWN, CM_DIR_CORRUPT (a link, another type), CM_DIR_FAILED. */
enum cm_dir_result cm_account_exists(int account_fd, time_t *last_login_r,
				     const char **error_r);

/* Replaces the hash (cm_account_hash_valid()), at once and whole: who reads
 * meanwhile gets the old or the new one, and so does a crash. The day of the
 * last login stays as it is. A damaged `password` is repaired by it; a link
 * is not touched (CM_DIR_CORRUPT). nonce: random. CM_DIR_UNKNOWN: no account,
 * and none is made. */
enum cm_dir_result cm_account_set_hash(int account_fd, const char *hash,
				       uint64_t nonce, const char **error_r);

/* Makes or removes a file that says something by being there:
 * CM_ACCOUNT_FILE_DISABLED or CM_ACCOUNT_FILE_ENFORCE. Any type of file
 * counts as there, as for cm_account_has_file(). *changed_r may be NULL. */
enum cm_dir_result cm_account_set_file(int account_fd, const char *file,
				       bool present, bool *changed_r,
				       const char **error_r);

/* Changes the mailbox in a way that no client sees, so that an idling session
 * of a Dovecot 2.3 leaves imap-hibernate, which it shares with others, for a
 * process of its own: makes and removes a hidden file in `new`. Does what it
 * can. */
void cm_account_wake(int account_fd);

#endif
