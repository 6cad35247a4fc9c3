/* SPDX-License-Identifier: MIT
 *
 * cm-account-rules: may this name and password become an account?
 *
 * The rules are chatmail/relay's (1.12, doveauth.py), in its order, and one of
 * ours: the name must be usable as the name of one directory and as a mail
 * address. The reference's order is: closed, invite token, password, address,
 * limits of the system. The last come as a second call, so that a caller
 * need not ask the system about names that will not do anyway. Nothing is
 * read here; what must be asked comes in as facts (cm-system.h reads them).
 * No allocation, no I/O, no globals.
 */
#ifndef CM_ACCOUNT_RULES_H
#define CM_ACCOUNT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	CM_ACCOUNT_NO_TOKEN,	   /* begins with no token that is good */
	CM_ACCOUNT_PASSWORD_SHORT,
	CM_ACCOUNT_PASSWORD_LONG,
	CM_ACCOUNT_PASSWORD_CHARS, /* some that Dovecot lets nobody use */
	CM_ACCOUNT_ADDRESS,	   /* not exactly one @ */
	CM_ACCOUNT_DOMAIN,	   /* not our domain */
	CM_ACCOUNT_NAME_SHORT,
	CM_ACCOUNT_NAME_LONG,
	CM_ACCOUNT_NAME_CHARS,	   /* not a-z 0-9 . _ - */
	CM_ACCOUNT_NAME_DOTS,	   /* dot first, last, or twice in a row */
	/* cm_account_limits_check() only */
	CM_ACCOUNT_LOAD,
	CM_ACCOUNT_MEMORY,
	CM_ACCOUNT_DISK
};

struct cm_account_facts {
	bool closed; /* registration is switched off */
	/* A registration token is needed (cm-token.h), beside those of
	 * invite_token; and length of the one that the password begins with,
	 * 0: none. */
	bool token_needed;
	size_t token_len;
};

/* Length of the first token of invite_token that the password begins with, 0
 * if there is none. */
size_t cm_account_invite_token(const struct cm_settings *set,
			       const char *password, size_t password_len);

/* The rules about the password alone; the first token_len bytes of it do not
 * count. */
enum cm_account_verdict
cm_account_password_check(const struct cm_settings *set,
			  const char *password, size_t password_len,
			  size_t token_len);

/* name and password as the client sent them, so that upper case is seen.
 * A name longer than username_max_length is refused whatever the limit of
 * the file system is. */
enum cm_account_verdict
cm_account_rules_check(const struct cm_settings *set,
		       const struct cm_account_facts *facts,
		       const char *name, size_t name_len,
		       const char *password, size_t password_len);

/* How the system does. What could not be read is not known, and not held
 * against anybody. */
struct cm_account_system {
	bool load_known, memory_known, disk_known;
	double load_1m;
	uint64_t available_memory; /* bytes */
	uint64_t free_disk_space;  /* bytes, of the mailboxes' file system */
};

/* For a name and a password that passed cm_account_rules_check(): may there
 * be one more account now? Refused is a load above max_load_1m, and less than
 * min_available_memory or min_free_disk_space; the values themselves are
 * fine. */
enum cm_account_verdict
cm_account_limits_check(const struct cm_settings *set,
			const struct cm_account_system *system);

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
