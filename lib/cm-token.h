/* SPDX-License-Identifier: MIT
 *
 * cm-token: registration tokens that the admin hands out with `doveadm
 * chatmail token`. They are used as chatmail/relay's invite tokens are
 * (invite_token of the ini): the password of a new account begins with one, and keeps
 * it. Each has a name, may be good for a number of accounts only, and until a
 * day.
 *
 *	<state_dir>/tokens/<NN>/<hex>		what it is; JSON
 *	                       /<hex>.used	how often it was used
 *
 * NN is the length of the secret in bytes, hex its keyed name (cm-state.h);
 * the secret itself is nowhere. So finding the token that a password begins
 * with costs one HMAC and one open(2) for each length that is in use (at most
 * 57), however many tokens there are. Tokens have at least 8 bytes; those
 * that cm_token_make_secret() makes cannot be guessed.
 *
 *	{"comment": "", "created": 20778, "expires": 20789, "max_uses": 10,
 *	 "name": "autumn"}
 *
 * Days as in account.json. expires (the last day) and max_uses may be
 * missing: no limit. The file may be edited by hand; what does not parse is
 * CM_DIR_CORRUPT, and passwords that begin with it get an internal failure.
 *
 * The file of uses is one '.' per account, and while one is being made,
 * behind them " <address>\n". It is locked from before the account is made
 * until it is (flock(2)), so accounts of one token are made one after the
 * other and the count is exact. Whose process dies in between leaves the
 * address there; the next use looks whether that account has come into being
 * and counts it, or does not. So a crash neither costs a use nor gives one
 * away. (It costs one if the same address has been made by other means until
 * then; it gives one away if it was removed.)
 *
 * While the folder `tokens` exists a token is needed, even if all are used
 * up or removed: no registration opens because a token ends. Results and
 * error texts are as in cm-account-dir.h.
 */
#ifndef CM_TOKEN_H
#define CM_TOKEN_H

#include "cm-account-dir.h"
#include "cm-account-info.h"
#include "cm-state.h"

#define CM_TOKEN_FOLDER "tokens"

/* Bytes of a secret, printable ASCII without blanks. */
#define CM_TOKEN_MIN_SECRET 8
#define CM_TOKEN_MAX_SECRET 64
/* Bytes of a secret that we make. */
#define CM_TOKEN_SECRET_LEN 16
/* Random bytes for it. */
#define CM_TOKEN_RANDOM_SIZE 10
/* Bytes of a name: letters, digits, '.', '_', '-', first a letter or digit.
 * It goes into account.json. */
#define CM_TOKEN_MAX_NAME CM_ACCOUNT_INFO_MAX_TOKEN
/* Bytes of a comment: UTF-8 without control characters. */
#define CM_TOKEN_MAX_COMMENT 200
/* Accounts of one token with a limit. */
#define CM_TOKEN_MAX_USES 1000000
/* And of one without. */
#define CM_TOKEN_MAX_COUNT 1000000000
/* Bytes of the file. */
#define CM_TOKEN_MAX_FILE 4096
/* Seconds for which we wait while others use the same token. */
#define CM_TOKEN_LOCK_SECS 5

struct cm_token {
	char name[CM_TOKEN_MAX_NAME + 1];
	char comment[CM_TOKEN_MAX_COMMENT + 1];
	unsigned int max_uses; /* 0: no limit */
	unsigned int used;     /* accounts made; set by _find() and _each() */
	int created, expires;  /* days, -1: not known; no end */

	/* of the secret; set by cm_token_find() */
	size_t length;
	char id[CM_STATE_NAME_LEN + 1];
};

struct cm_tokens {
	int fd; /* -1: not open */
	unsigned char key[CM_STATE_KEY_SIZE];
	cm_state_hmac_fn *hmac;
};

/* Opens <state_dir>/tokens. CM_DIR_UNKNOWN: no token is needed; there is
 * nothing to close. make: random bytes for a key if there is none yet, and
 * the folder is made; NULL: neither. */
enum cm_dir_result cm_tokens_open(const char *state_dir,
				  cm_state_hmac_fn *hmac,
				  const unsigned char make[CM_STATE_KEY_SIZE],
				  struct cm_tokens *tokens_r,
				  const char **error_r);
void cm_tokens_close(struct cm_tokens *tokens);

/* Looks for a token that password begins with, the longest one first, and that
 * is good on this day. CM_DIR_UNKNOWN: there is none. */
enum cm_dir_result cm_token_find(const struct cm_tokens *tokens,
				 const char *password, size_t size, int today,
				 struct cm_token *token_r,
				 const char **error_r);

/* Around the making of the account `name`. begin: CM_DIR_OK: go on, then end()
 * with whether the account was made; CM_DIR_UNKNOWN: it was used up, or
 * removed, meanwhile. */
struct cm_token_use {
	int fd;
	unsigned int used;
};
enum cm_dir_result cm_token_use_begin(const struct cm_tokens *tokens,
				      const struct cm_token *token,
				      int mailboxes_fd, const char *name,
				      struct cm_token_use *use_r,
				      const char **error_r);
void cm_token_use_end(struct cm_token_use *use, bool made);

/* For the admin's commands. */

bool cm_token_name_valid(const char *name);
bool cm_token_comment_valid(const char *comment);
bool cm_token_secret_valid(const char *secret);

/* A secret of [a-z2-7], 80 bits. */
void cm_token_make_secret(const unsigned char random[CM_TOKEN_RANDOM_SIZE],
			  char secret_r[CM_TOKEN_SECRET_LEN + 1]);

/* Adds one: name, comment, max_uses, created and expires of `token`.
 * CM_DIR_EXISTS: one of this name, or with this secret, is there. */
enum cm_dir_result cm_token_add(const struct cm_tokens *tokens,
				const struct cm_token *token,
				const char *secret, const char **error_r);

/* The same from closed, for the command. If there was no folder of tokens and
 * none could be added, there is none afterwards: registration stays open. */
enum cm_dir_result cm_token_add_first(const char *state_dir,
				      cm_state_hmac_fn *hmac,
				      const unsigned char make[CM_STATE_KEY_SIZE],
				      const struct cm_token *token,
				      const char *secret,
				      const char **error_r);

/* CM_DIR_UNKNOWN: none of this name. Damaged files have none. */
enum cm_dir_result cm_token_remove(const struct cm_tokens *tokens,
				   const char *name, const char **error_r);

/* Calls func for each token, in no order; false ends it. `result` is
 * CM_DIR_OK, or what is wrong with this one, and error says it: then id and
 * length are set, and name if that could be read. */
typedef bool cm_token_fn(void *ctx, const struct cm_token *token,
			 enum cm_dir_result result, const char *error);
enum cm_dir_result cm_token_each(const struct cm_tokens *tokens,
				 cm_token_fn *func, void *ctx,
				 const char **error_r);

/* Removes the folder if no token is in it: none is needed from then on.
 * CM_DIR_EXISTS: there are some. CM_DIR_UNKNOWN: there was no folder. */
enum cm_dir_result cm_tokens_drop(const char *state_dir,
				  const char **error_r);

#endif
