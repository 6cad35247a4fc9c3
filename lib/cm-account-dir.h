/* SPDX-License-Identifier: MIT
 *
 * cm-account-dir: the directory that is an account.
 *
 *	<mailboxes>/<address>/password           {SCHEME}hash; its mtime is the
 *	                                         UTC day of the last login
 *	                     /enforceE2EEincoming made with every account
 *	                     /DISABLED           the account is blocked
 *	                     /.password.<hex>    being written; garbage after
 *	                     /password.tmp-<n>   the same, of chatmail/relay
 *
 * An account exists if, and only if, `password` does. Everything goes through
 * directory descriptors, one component at a time, and never follows a
 * symbolic link below the mailboxes directory. Names must have passed
 * cm_account_name_valid(); what is no single component is refused here again
 * with EINVAL.
 *
 * Results: CM_DIR_OK and CM_DIR_UNKNOWN are answers. CM_DIR_CORRUPT means
 * that something is there which must not be (a link, another type of file,
 * an empty or damaged `password`): fail closed, and tell the admin.
 * CM_DIR_FAILED means that a system call failed; errno is its reason. For the
 * last two *error_r is a constant text: what was wrong, or what failed.
 *
 * No allocation except by opendir(), no globals; every descriptor is
 * close-on-exec and belongs to the caller.
 */
#ifndef CM_ACCOUNT_DIR_H
#define CM_ACCOUNT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct cm_settings;
struct stat;

enum cm_dir_result {
	CM_DIR_OK = 1,
	CM_DIR_UNKNOWN = 0, /* no such account */
	CM_DIR_EXISTS = -1, /* cm_account_create(): somebody was first */
	CM_DIR_CORRUPT = -2,
	CM_DIR_FAILED = -3
};

/* Largest `password` file, in bytes. The longest hash in use is 128. */
#define CM_ACCOUNT_MAX_HASH 512

/* Files that say something by being there. */
/* The hash; what makes a directory an account. Its mtime is the day of the last
 * login. */
#define CM_ACCOUNT_FILE_PASSWORD "password"
#define CM_ACCOUNT_FILE_ENFORCE "enforceE2EEincoming"
#define CM_ACCOUNT_FILE_DISABLED "DISABLED"

/* Opens the mailboxes directory. The path is the admin's and may lead through
 * links. *fd_r is set on CM_DIR_OK only; a missing directory is
 * CM_DIR_FAILED. */
enum cm_dir_result cm_mailboxes_open(const char *path, int *fd_r,
				     const char **error_r);

/* Opens one account's directory. CM_DIR_OK does not mean that the account
 * exists: look for its password. */
enum cm_dir_result cm_account_open(int mailboxes_fd, const char *name,
				   int *fd_r, const char **error_r);

/* Reads `password` into buf, NUL-terminated. Strict: `{SCHEME}` (letters,
 * digits, '-', '.'), then at least one printable ASCII character and nothing
 * else; one newline at the end, as an editor leaves it, is dropped. Of
 * SHA512-CRYPT, the scheme that we and chatmail/relay write, the form of the
 * hash is checked, too. */
enum cm_dir_result cm_account_read_hash(int account_fd,
					char buf[CM_ACCOUNT_MAX_HASH + 1],
					const char **error_r);

/* The same from a file of another name, in any folder. */
enum cm_dir_result cm_account_read_hash_file(int dir_fd, const char *file,
					     char buf[CM_ACCOUNT_MAX_HASH + 1],
					     const char **error_r);

/* Is this hash what cm_account_read_hash() would give back? */
bool cm_account_hash_valid(const char *hash, size_t len);

/* Is there a file of this name (of any type)? CM_DIR_OK, CM_DIR_UNKNOWN or
 * CM_DIR_FAILED. */
enum cm_dir_result cm_account_has_file(int account_fd, const char *file,
				       const char **error_r);

/* Makes an account with this hash (cm_account_hash_valid()). Of any number of
 * processes that do so at once, exactly one gets CM_DIR_OK, and its hash is
 * the password; the others get CM_DIR_EXISTS. The steps: directory 0700,
 * hash in a temporary file, fsync, enforceE2EEincoming, link(2) to
 * `password`, fsync. So `password` appears whole, at once and last, and a
 * crash or a full disk anywhere leaves no account, and nothing that keeps
 * the next login from making it. A directory without `password` is taken
 * over only if it holds nothing but such leftovers: other files may be a
 * former owner's, and give CM_DIR_CORRUPT.
 *
 * now: its UTC day becomes the day of the last login. nonce: random, makes
 * the temporary name unique. */
enum cm_dir_result cm_account_create(int mailboxes_fd, const char *name,
				     const char *hash, time_t now,
				     uint64_t nonce, const char **error_r);

/* Is this directory what a creation of ours that was interrupted has left: is
 * it empty, or are there its temporary files and nothing else but
 * enforceE2EEincoming? CM_DIR_OK: yes. CM_DIR_EXISTS: it is an account.
 * CM_DIR_UNKNOWN: it may be somebody else's, and so may one with
 * enforceE2EEincoming alone. Or CM_DIR_FAILED. */
enum cm_dir_result cm_account_creation_aborted(int account_fd,
					       const char **error_r);

/* Removes the second name of `password` that a creator leaves who dies
 * between link(2) and unlink(2). */
void cm_account_create_tidy(int account_fd, const struct stat *password);

/* Notes a login: `password` gets the start of now's UTC day as its mtime.
 * Writes at most once a day and never goes back to an earlier day. If
 * `password` has a second name, cm_account_create_tidy() is called. CM_DIR_OK
 * (written or not, *written_r says which; may be NULL), CM_DIR_UNKNOWN if
 * there is no account. */
enum cm_dir_result cm_account_touch_login(int account_fd, time_t now,
					  bool *written_r,
					  const char **error_r);

/* Walks all accounts, in no order. Those made or removed meanwhile may or may
 * not be seen; memory is constant. next: CM_DIR_OK with *name_r (valid until
 * the next call), CM_DIR_UNKNOWN at the end, CM_DIR_FAILED. deinit takes
 * NULL, too. */
struct cm_account_iter;
enum cm_dir_result cm_account_iter_init(const struct cm_settings *set,
					int mailboxes_fd,
					struct cm_account_iter **iter_r,
					const char **error_r);
/* Before the first next: shows every entry but those that begin with a dot,
 * whatever it is and whether it has a password or not. */
void cm_account_iter_everything(struct cm_account_iter *iter);
enum cm_dir_result cm_account_iter_next(struct cm_account_iter *iter,
					const char **name_r,
					const char **error_r);
void cm_account_iter_deinit(struct cm_account_iter **iter);

#endif
