/* SPDX-License-Identifier: MIT
 *
 * cm-auth-known: was this password right before? Then a login need not pay
 * for a slow hash again.
 *
 * What is remembered is HMAC-SHA256 over the name, the hash that the
 * `password` file has now, and the password, under a key that is random for
 * each process and never leaves it. So a changed or restored password file
 * makes what was remembered worthless at once, without anybody having to
 * notice the change; that the account exists and is not blocked is looked up
 * on disk as ever. Nothing is remembered of wrong passwords.
 *
 * The price: who can read the memory of a running worker has, instead of a
 * slow hash, a fast one to guess passwords with. login_cache_size = 0 is
 * without.
 *
 * In each auth-worker its own, because the auth process cannot see whether a
 * password has changed or an account was blocked.
 */
#ifndef CM_AUTH_KNOWN_H
#define CM_AUTH_KNOWN_H

#include "cm-dovecot.h"

struct cm_auth_known;

/* size: how many logins, 0: none. NULL stands for "remembers nothing" and may
 * be given to all functions below. */
struct cm_auth_known *cm_auth_known_new(unsigned int size);
void cm_auth_known_free(struct cm_auth_known **known);

bool cm_auth_known_has(struct cm_auth_known *known, const char *name,
		       const char *hash, const char *password);

/* After the password was verified against the hash, and not before. */
void cm_auth_known_add(struct cm_auth_known *known, const char *name,
		       const char *hash, const char *password);

#endif
