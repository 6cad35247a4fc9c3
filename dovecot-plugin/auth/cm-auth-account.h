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

/* Answers a passdb request with that; PASSDB_RESULT_OK, or
 * PASSDB_RESULT_INTERNAL_FAILURE (logged). */
enum passdb_result cm_auth_reply(struct cm_auth_relay *relay,
				 struct auth_request *request);

/* Is this the owner's own login? A master user acts for somebody else, and a
 * password that another passdb has approved need not be one that belongs
 * here: neither makes an account, or keeps one alive. */
bool cm_auth_is_plain_login(const struct auth_request *request);

/* Logs that something could not be noted, at most once a minute: no reason to
 * refuse anybody, but for the admin to know. */
void cm_auth_warn_about_note(struct cm_auth_relay *relay,
			     enum cm_dir_result result, const char *error);

/* Logs a result of cm-account-dir.h that is our trouble. */
void cm_auth_log_trouble(enum cm_dir_result result, const char *error);

#endif
