/* SPDX-License-Identifier: MIT
 *
 * cm-auth-passdb: is this the right password? An account that does not exist
 * yet comes into being with the first one that is given.
 *
 *	right password				OK
 *	wrong password				PASSWORD_MISMATCH
 *	right password, account blocked		USER_DISABLED
 *	no account, may not become one:
 *		because of its name		USER_UNKNOWN
 *		for now (password, closed)	PASSWORD_MISMATCH
 *		at the moment (load, memory, disk) INTERNAL_FAILURE
 *	anything wrong on our side		INTERNAL_FAILURE
 *
 * The client reads "Authentication failed." for the first two refusals. They differ for
 * Dovecot's auth cache: USER_UNKNOWN may be cached and must then be true for
 * any password.
 *
 * No cache key: cached answers would outlive a change of the password, a
 * block, or the deletion of the account.
 */
#ifndef CM_AUTH_PASSDB_H
#define CM_AUTH_PASSDB_H

#include "cm-authdb.h"

void cm_auth_verify_plain(void *instance, struct auth_request *request,
			  const char *password,
			  verify_plain_callback_t *callback);

/* For doveadm and for mechanisms other than PLAIN and LOGIN: the hash of an
 * account that exists. Never makes one. */
void cm_auth_lookup_credentials(void *instance, struct auth_request *request,
				lookup_credentials_callback_t *callback);

#endif
