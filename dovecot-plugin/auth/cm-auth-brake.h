/* SPDX-License-Identifier: MIT
 *
 * cm-auth-brake: slows down guessing at one account's password. Runs in the
 * auth process, because only there can a login wait without holding a worker.
 *
 * Decided by cm-brake.h. So that an attack does not lock the owner out, the
 * passwords that were right since the start of auth are remembered as keyed
 * digests (cm-auth-known.h), login_cache_size of them: they never wait, and
 * count only when they are wrong. A worker verifies them like any other.
 */
#ifndef CM_AUTH_BRAKE_H
#define CM_AUTH_BRAKE_H

#include "cm-authdb.h"

struct cm_auth_brake;
struct cm_settings;

/* NULL with login_brake_after = 0; may be freed all the same. */
struct cm_auth_brake *cm_auth_brake_new(const struct cm_settings *set);
void cm_auth_brake_free(struct cm_auth_brake **brake);

/* The driver's before_verify and after_verify. */
int cm_auth_before_verify(void *relay, struct auth_request *request,
			  const char *password, bool *counted_r);
void cm_auth_after_verify(void *relay, struct auth_request *request,
			  const char *password, bool counted,
			  enum passdb_result result);

#endif
