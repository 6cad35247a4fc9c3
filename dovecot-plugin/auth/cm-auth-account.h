/* SPDX-License-Identifier: MIT
 *
 * cm-auth-account: from a login name to an account on disk, and back to what
 * Dovecot wants to know about it. Used by passdb and userdb.
 */
#ifndef CM_AUTH_ACCOUNT_H
#define CM_AUTH_ACCOUNT_H

#include "cm-authdb.h"

#include "cm-account-dir.h"

struct cm_auth_relay;

struct cm_auth_account {
	const char *name;
	int fd; /* its directory; -1 unless CM_DIR_OK */
	char hash[CM_ACCOUNT_MAX_HASH + 1];
};

/* Looks name up. CM_DIR_OK: close it afterwards. CM_DIR_UNKNOWN also for a
 * name that can be no account's. Our own trouble (CM_DIR_CORRUPT,
 * CM_DIR_FAILED) is logged, without the name. */
enum cm_dir_result cm_auth_account_open(struct cm_auth_relay *relay,
					const char *name,
					struct cm_auth_account *account_r);
void cm_auth_account_close(struct cm_auth_account *account);

/* 1: blocked by the admin, 0: not, -1: cannot tell (logged). */
int cm_auth_account_is_disabled(const struct cm_auth_account *account);

/* Home, owner and quota of an account; strings are from the data stack. */
void cm_auth_account_user(const struct cm_auth_relay *relay, const char *name,
			  struct cm_authdb_user *user_r);

/* Logs a result of cm-account-dir.h that is our trouble. */
void cm_auth_log_trouble(enum cm_dir_result result, const char *error);

#endif
