/* SPDX-License-Identifier: MIT
 *
 * cm-account-rules: may this name and password become an account?
 *
 * The rules are chatmail/relay's (PROTOCOL.md 10), in its order, and one of
 * ours: the name must be usable as the name of one directory and as a mail
 * address. Only strings are judged here; what must be asked of the system
 * comes in as facts. No allocation, no I/O, no globals.
 */
#ifndef CM_ACCOUNT_RULES_H
#define CM_ACCOUNT_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct cm_settings;

/* Longest password, in bytes. libxcrypt hashes at most 511
 * (CRYPT_MAX_PASSPHRASE_SIZE is 512 with the NUL) and answers anything longer
 * with a failure token instead of a hash. So a longer password can neither
 * be set nor be right. */
#define CM_ACCOUNT_MAX_PASSWORD 511

/* Longest name of an account that exists, in bytes: NAME_MAX of Linux. */
#define CM_ACCOUNT_MAX_NAME 255

enum cm_account_verdict {
	CM_ACCOUNT_ALLOWED,
	CM_ACCOUNT_CLOSED,	   /* no new accounts at the moment */
	CM_ACCOUNT_PASSWORD_SHORT,
	CM_ACCOUNT_PASSWORD_LONG,
	CM_ACCOUNT_PASSWORD_NUL,
	CM_ACCOUNT_ADDRESS,	   /* not exactly one @ */
	CM_ACCOUNT_DOMAIN,	   /* not our domain */
	CM_ACCOUNT_NAME_SHORT,
	CM_ACCOUNT_NAME_LONG,
	CM_ACCOUNT_NAME_CHARS,	   /* not a-z 0-9 . _ - */
	CM_ACCOUNT_NAME_DOTS	   /* dot first, last, or twice in a row */
};

struct cm_account_facts {
	bool closed; /* registration is switched off */
};

/* name and password as the client sent them, so that upper case is seen.
 * A name longer than username_max_length is refused whatever the limit of
 * the file system is. */
enum cm_account_verdict
cm_account_rules_check(const struct cm_settings *set,
		       const struct cm_account_facts *facts,
		       const char *name, size_t name_len,
		       const char *password, size_t password_len);

/* For logs: a constant text without a value in it. */
const char *cm_account_verdict_text(enum cm_account_verdict verdict);

/* Whether it is the name that is refused (it will be tomorrow, too), and not
 * the password or the moment. */
bool cm_account_verdict_is_final(enum cm_account_verdict verdict);

/* May name[0..len) be the name of an account that exists already? Lengths
 * and characters of the rules above do not count here, as they may have been
 * others when it was made: printable ASCII, no '/', no leading '.', exactly
 * one @ with something before it, our domain behind it, at most
 * CM_ACCOUNT_MAX_NAME bytes. True means that it is safe as one component of
 * a path. */
bool cm_account_name_valid(const struct cm_settings *set, const char *name,
			   size_t len);

#endif
