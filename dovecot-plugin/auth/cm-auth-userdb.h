/* SPDX-License-Identifier: MIT
 *
 * cm-auth-userdb: where a user's mailbox is and whose; all users. Asked by
 * LMTP and doveadm (a login has its answer from the passdb already).
 */
#ifndef CM_AUTH_USERDB_H
#define CM_AUTH_USERDB_H

#include "cm-authdb.h"

void cm_auth_lookup(void *instance, struct auth_request *request,
		    userdb_callback_t *callback);

struct userdb_iterate_context *
cm_auth_iterate_init(void *instance, struct auth_request *request,
		     userdb_iter_callback_t *callback, void *context);
void cm_auth_iterate_next(struct userdb_iterate_context *ctx);
int cm_auth_iterate_deinit(struct userdb_iterate_context *ctx);

#endif
