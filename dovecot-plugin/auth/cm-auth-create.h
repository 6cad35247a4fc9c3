/* SPDX-License-Identifier: MIT
 *
 * cm-auth-create: the first login to an address, which makes the account, or
 * does not. Runs in an auth-worker. What the results mean: cm-auth-passdb.h.
 *
 * A name that is held (hold_deleted_days, cm-hold.h) comes back with its old
 * password, and with no other; nothing else is asked then but whether
 * registration is closed and the machine has room. All others pass the rules
 * (cm-account-rules.h), perhaps with a registration token (cm-token.h), whose
 * use is counted together with the making of the account.
 */
#ifndef CM_AUTH_CREATE_H
#define CM_AUTH_CREATE_H

#include "cm-authdb.h"

struct cm_auth_relay;

/* The request's user has no account. PASSDB_RESULT_NEXT: somebody else was
 * quicker and has made it, so this is no first login; never a refusal then. */
enum passdb_result cm_auth_first_login(struct cm_auth_relay *relay,
				       struct auth_request *request,
				       const char *password);

#endif
