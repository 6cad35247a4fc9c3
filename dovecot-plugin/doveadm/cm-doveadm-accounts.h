/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-accounts: from what the admin wrote to accounts.
 */
#ifndef CM_DOVEADM_ACCOUNTS_H
#define CM_DOVEADM_ACCOUNTS_H

#include "cm-doveadm.h"

#include "cm-account-dir.h"

struct cm_doveadm_relay;

/* Names of accounts for these words. One with * or ? is a mask and stands for
 * all accounts that it matches; others stand for themselves, whether there is
 * such an account or not. Letters in any case, as at login. Sorted, each
 * once, from the data stack. FALSE: a word can be no account's name (nothing
 * was done then, and the exit code is EX_DATAERR), a mask matched nothing
 * (EX_NOUSER), or mailboxes_dir cannot be read. */
bool cm_doveadm_accounts_find(struct cm_doveadm_relay *relay,
			      const char *const *words,
			      ARRAY_TYPE(const_string) *names_r);

/* The same for all there are; none is no error. */
bool cm_doveadm_accounts_all(struct cm_doveadm_relay *relay,
			     ARRAY_TYPE(const_string) *names_r);

/* Is it a mask? */
bool cm_doveadm_is_mask(const char *word);

/* cm_account_open() for an account that exists. *error_r is "" for
 * CM_DIR_UNKNOWN. */
enum cm_dir_result cm_doveadm_account_open(struct cm_doveadm_relay *relay,
					   const char *name, int *fd_r,
					   const char **error_r);

/* Headers "account" and "result", and a row of them. */
void cm_doveadm_result_header(void);
void cm_doveadm_result(const char *name, const char *result);

#endif
