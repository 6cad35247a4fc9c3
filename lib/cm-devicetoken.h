/* SPDX-License-Identifier: MIT
 *
 * cm-devicetoken: the tokens by which an account's devices are told of new
 * mail. They stand in the account's metadata.json, as chatmail/relay writes
 * it (its chatmaild/metadata.py):
 *
 *	{"devicetoken": {"openpgp:wsCY...": 1795132800}}
 *
 * Each token has the time when it was last set: seconds since 1970, by us
 * always the start of a UTC day. A token counts for CM_DEVICETOKEN_MAX_DAYS
 * days after that; one that is set again on the same day costs no write. Times
 * in the future (beyond a minute) and tokens that are not valid do not count;
 * the next write drops them. The older form, a list of tokens without times,
 * is read, too; the time of the file is then theirs. Other members of the
 * file stay.
 *
 * The file is small (CM_DEVICETOKEN_MAX_FILE), regular and no link, or it is
 * CM_DIR_CORRUPT and never written over. It is replaced as a whole (rename(2)
 * after fsync(2)), so readers need no lock. Writers wait for each other by
 * flock(2) on the account's directory, wait_ms milliseconds at most, then
 * give up with CM_DIR_FAILED and EWOULDBLOCK; who serves others in the
 * meantime gives 0 and tries again later.
 *
 * account_fd is cm_account_open()'s, or any descriptor of that directory;
 * results are those of cm-account-dir.h. No globals; memory by malloc() and
 * Jansson, freed before each return but for struct cm_devicetokens.
 */
#ifndef CM_DEVICETOKEN_H
#define CM_DEVICETOKEN_H

#include "cm-account-dir.h"

#define CM_DEVICETOKEN_FILE "metadata.json"
#define CM_DEVICETOKEN_FILE_DAMAGED "metadata.json.damaged"

/* Bytes of one token. Those of Delta Chat have about 850. */
#define CM_DEVICETOKEN_MAX_SIZE 4096
/* Tokens of one account; the one set longest ago goes first. */
#define CM_DEVICETOKEN_MAX_TOKENS 32
/* Days for which a token counts. */
#define CM_DEVICETOKEN_MAX_DAYS 90
/* Bytes of the file. All our tokens have half of that. */
#define CM_DEVICETOKEN_MAX_FILE (512 * 1024)

/* How long a process of one user may wait for another. */
#define CM_DEVICETOKEN_WAIT_MS 2000

struct cm_devicetokens {
	/* the one set longest ago first */
	char *tokens[CM_DEVICETOKEN_MAX_TOKENS];
	unsigned int count;
};

/* 1 to CM_DEVICETOKEN_MAX_SIZE bytes, printable ASCII without a blank: they
 * are read back divided by blanks, and travel in lines. */
bool cm_devicetoken_valid(const char *token, size_t len);

/* The tokens that count now. CM_DIR_OK, CM_DIR_UNKNOWN (there is none),
 * CM_DIR_CORRUPT, CM_DIR_FAILED. *tokens_r is always set, and needs
 * cm_devicetokens_deinit() after CM_DIR_OK. */
enum cm_dir_result cm_devicetoken_list(int account_fd, time_t now,
				       struct cm_devicetokens *tokens_r,
				       const char **error_r);
void cm_devicetokens_deinit(struct cm_devicetokens *tokens);

/* Adds a valid token, or sets its time to now's day. CM_DIR_UNKNOWN: there is
 * no account, and nothing is made. An invalid token: CM_DIR_FAILED with
 * EINVAL. */
enum cm_dir_result cm_devicetoken_add(int account_fd, const char *token,
				      time_t now, unsigned int wait_ms,
				      const char **error_r);

/* Takes one token away. CM_DIR_UNKNOWN: it was not there. */
enum cm_dir_result cm_devicetoken_remove(int account_fd, const char *token,
					 time_t now, unsigned int wait_ms,
					 const char **error_r);

/* Takes all tokens away, and the file if nothing else is in it.
 * CM_DIR_UNKNOWN: there was none. */
enum cm_dir_result cm_devicetoken_remove_all(int account_fd,
					     unsigned int wait_ms,
					     const char **error_r);

/* Takes away those that do not count any more (CM_DEVICETOKEN_MAX_DAYS), and
 * the file if nothing else is in it; dry: only counts them. Reads it without
 * the lock first, so it costs little where there is nothing to do. *count_r:
 * how many. CM_DIR_UNKNOWN: none. */
enum cm_dir_result cm_devicetoken_expire(int account_fd, time_t now,
					 bool dry, unsigned int wait_ms,
					 unsigned int *count_r,
					 const char **error_r);

/* After CM_DIR_CORRUPT: moves the file to CM_DEVICETOKEN_FILE_DAMAGED, in
 * place of an older one, so that the account can have tokens again.
 * CM_DIR_UNKNOWN: the file is well by now. */
enum cm_dir_result cm_devicetoken_set_aside(int account_fd,
					    unsigned int wait_ms,
					    const char **error_r);

#endif
