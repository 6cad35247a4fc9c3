/* SPDX-License-Identifier: MIT
 *
 * cm-leftover: which files of an account are somebody's work in progress, by
 * their names, and so garbage once they are old and their maker is gone.
 *
 * Ours: .password.<hex>, .account.json.<hex>, .metadata.json.<hex>, which are
 * renamed or linked when they are whole. Dovecot's: everything in tmp/,
 * .temp.<host>.<pid>.<random>, index files being rewritten, and dotlocks
 * (NAME.lock, with "PID:HOST" in it). chatmail/relay's: password.lock,
 * metadata.json.lock and metadata.json.tmp. Dovecot breaks a dotlock that is in its
 * way; one that is in nobody's way stays for ever.
 */
#ifndef CM_LEFTOVER_H
#define CM_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum cm_leftover {
	CM_LEFTOVER_NONE, /* not for us to remove */
	CM_LEFTOVER_TEMP,
	CM_LEFTOVER_LOCK /* look whether its process lives */
};

/* Bytes of a dotlock worth reading: a pid and a host name. */
#define CM_LEFTOVER_MAX_LOCK 300

/* name: of a file in an account's directory or in that of a folder. in_tmp: it
 * is in the tmp of one of them. */
enum cm_leftover cm_leftover_kind(const char *name, bool in_tmp);

/* Whose dotlock is it? The pid, or 0 if this text does not say, or says
 * another host than `host`. Then only its age counts. */
pid_t cm_leftover_lock_pid(const char *text, size_t len, const char *host);

#endif
