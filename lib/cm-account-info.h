/* SPDX-License-Identifier: MIT
 *
 * cm-account-info: account.json, what is remembered about an account beside
 * its password.
 *
 *	{"created": 20778, "last_login": 20779, "token": "autumn"}
 *
 * Days are UTC days since 1970-01-01: no seconds about a person. All members
 * may be missing, and those of others are kept. The file is small (at most
 * CM_ACCOUNT_INFO_MAX_SIZE), regular and no link, or it is CM_DIR_CORRUPT; a
 * corrupt one is never written over, so that the admin can look. An empty
 * one is as good as none: nothing here is synced to disk, and that is what a
 * power cut may leave. It appears at once (link(2) or rename(2)); temporary
 * files, .account.json.<hex>, are garbage after a crash and go with the next
 * write.
 *
 * account_fd is cm_account_open()'s; results are those of cm-account-dir.h.
 * No globals; memory by Jansson, freed before each return.
 */
#ifndef CM_ACCOUNT_INFO_H
#define CM_ACCOUNT_INFO_H

#include "cm-account-dir.h"

#define CM_ACCOUNT_FILE_INFO "account.json"

/* Bytes of the file. Ours have 60. */
#define CM_ACCOUNT_INFO_MAX_SIZE 4096
/* Bytes of a token's name, printable ASCII. */
#define CM_ACCOUNT_INFO_MAX_TOKEN 64
/* Latest day, in the year 4707. */
#define CM_ACCOUNT_INFO_MAX_DAY 1000000

#define CM_ACCOUNT_INFO_SECS_PER_DAY 86400

struct cm_account_info {
	int created;	/* day, -1: not known */
	int last_login; /* day, -1: not known */
	/* the registration token it was made with, "": none */
	char token[CM_ACCOUNT_INFO_MAX_TOKEN + 1];
};

/* Nothing known. */
void cm_account_info_init(struct cm_account_info *info);

/* The UTC day of now, within 0 and CM_ACCOUNT_INFO_MAX_DAY. */
int cm_account_info_day(time_t now);

/* CM_DIR_OK, CM_DIR_UNKNOWN (no file, nothing known), CM_DIR_CORRUPT or
 * CM_DIR_FAILED. *info_r is always set. */
enum cm_dir_result cm_account_info_read(int account_fd,
					struct cm_account_info *info_r,
					const char **error_r);

/* Puts what is known in `info` into the file, keeps the rest of it; the day
 * of the last login never goes back. Of processes that do so at once each
 * member's value survives, unless two logins of different days meet the
 * creation. nonce: random, makes the temporary name unique. CM_DIR_OK (also
 * if there is nothing to change), CM_DIR_CORRUPT or CM_DIR_FAILED. */
enum cm_dir_result cm_account_info_update(int account_fd,
					  const struct cm_account_info *info,
					  uint64_t nonce,
					  const char **error_r);

/* Notes a login in both places where it is kept: the time of `password`
 * (cm_account_touch_login()) and account.json, also if the first does not
 * work. At most one write a day, but to read account.json with each login is
 * the price of a `password` whose time cannot be set. CM_DIR_OK and CM_DIR_UNKNOWN as there; any trouble is no reason to refuse
 * the login. */
enum cm_dir_result cm_account_note_login(int account_fd, time_t now,
					 uint64_t nonce,
					 const char **error_r);

/* Start of the day of the last login: the later of both places.
 * CM_DIR_UNKNOWN: no account. CM_DIR_CORRUPT: account.json is, but *last_r
 * is set from `password`. CM_DIR_FAILED: not known, so expire nothing. */
enum cm_dir_result cm_account_last_login(int account_fd, time_t *last_r,
					 const char **error_r);

#endif
