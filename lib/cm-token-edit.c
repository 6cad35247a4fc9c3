/* SPDX-License-Identifier: MIT
 *
 * What the admin does with registration tokens: see cm-token.h. Who adds or
 * removes one holds a lock on the folder, so that names stay unique.
 */
#include "cm-token.h"
#include "cm-io.h"
#include "cm-token-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_FILE ".new"

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

bool cm_token_name_valid(const char *name)
{
	size_t i;

	if (!alnum(name[0]))
		return false;
	for (i = 1; name[i] != '\0'; i++) {
		if (i >= CM_TOKEN_MAX_NAME ||
		    (!alnum(name[i]) && strchr("._-", name[i]) == NULL))
			return false;
	}
	return true;
}

static bool is_utf8(const char *text)
{
	json_t *json = json_string(text);
	bool ok = json != NULL;

	json_decref(json);
	return ok;
}

bool cm_token_comment_valid(const char *comment)
{
	size_t i;

	for (i = 0; comment[i] != '\0'; i++) {
		if (i >= CM_TOKEN_MAX_COMMENT ||
		    (unsigned char)comment[i] < ' ' || comment[i] == '\x7f')
			return false;
	}
	return is_utf8(comment);
}

bool cm_token_secret_valid(const char *secret)
{
	size_t i;

	for (i = 0; secret[i] != '\0'; i++) {
		if (i >= CM_TOKEN_MAX_SECRET || secret[i] <= ' ' ||
		    secret[i] > '~')
			return false;
	}
	return i >= CM_TOKEN_MIN_SECRET;
}

void cm_token_make_secret(const unsigned char random[CM_TOKEN_RANDOM_SIZE],
			  char secret_r[CM_TOKEN_SECRET_LEN + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned int i, bits = 0, word = 0, used = 0;

	for (i = 0; i < CM_TOKEN_SECRET_LEN; i++) {
		if (bits < 5) {
			word = word << 8 | random[used++];
			bits += 8;
		}
		bits -= 5;
		secret_r[i] = digits[word >> bits & 31];
	}
	secret_r[i] = '\0';
}

/* Released by close(). */
static enum cm_dir_result lock(const struct cm_tokens *tokens, int *fd_r,
			       const char **error_r)
{
	/* not dup(): that would share one lock */
	int fd = openat(tokens->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = -1;

	while (fd >= 0 && (ret = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
		;
	if (ret < 0) {
		if (fd >= 0)
			cm_close_keep_errno(fd);
		return failed("lock the registration tokens", error_r);
	}
	*fd_r = fd;
	return CM_DIR_OK;
}

static bool is_id(const char *name)
{
	return strlen(name) == CM_STATE_NAME_LEN &&
	       strspn(name, "0123456789abcdef") == CM_STATE_NAME_LEN;
}

static bool each_of_length(int fd, size_t length, cm_token_fn *func, void *ctx)
{
	struct cm_token token;
	enum cm_dir_result result;
	const char *error = "";
	bool more = true;
	struct dirent *d;
	DIR *dir = fdopendir(fd);

	if (dir == NULL) {
		(void)close(fd);
		return true;
	}
	while (more && (d = readdir(dir)) != NULL) {
		if (!is_id(d->d_name))
			continue;
		result = cm_token_read(dirfd(dir), d->d_name, &token, &error);
		if (result == CM_DIR_OK)
			result = cm_token_used(dirfd(dir), d->d_name,
					       &token.used, &error);
		token.length = length;
		memcpy(token.id, d->d_name, sizeof(token.id));
		if (result != CM_DIR_UNKNOWN) /* removed meanwhile */
			more = func(ctx, &token, result, error);
	}
	(void)closedir(dir);
	return more;
}

enum cm_dir_result cm_token_each(const struct cm_tokens *tokens,
				 cm_token_fn *func, void *ctx,
				 const char **error_r)
{
	char folder[CM_TOKEN_LENGTH_SIZE];
	enum cm_dir_result result;
	size_t length;
	int fd;

	for (length = CM_TOKEN_MIN_SECRET; length <= CM_TOKEN_MAX_SECRET;
	     length++) {
		cm_token_length_name(length, folder);
		result = cm_state_folder(tokens->fd, folder, false, &fd,
					 error_r);
		if (result == CM_DIR_UNKNOWN)
			continue;
		if (result != CM_DIR_OK)
			return result;
		if (!each_of_length(fd, length, func, ctx))
			break;
	}
	return CM_DIR_OK;
}

struct search {
	const char *name;
	struct cm_token found;
	enum cm_dir_result result;
	const char *error;
};

static bool has_name(void *ctx, const struct cm_token *token,
		     enum cm_dir_result result, const char *error)
{
	struct search *search = ctx;

	(void)error;
	/* the uses may be damaged, the name is known all the same */
	if (result == CM_DIR_FAILED || strcmp(token->name, search->name) != 0)
		return true;
	search->found = *token;
	search->result = CM_DIR_OK;
	return false;
}

static enum cm_dir_result find_name(const struct cm_tokens *tokens,
				    const char *name, struct cm_token *token_r,
				    const char **error_r)
{
	struct search search = { .name = name, .result = CM_DIR_UNKNOWN };
	enum cm_dir_result result;

	result = cm_token_each(tokens, has_name, &search, error_r);
	if (result != CM_DIR_OK)
		return result;
	*token_r = search.found;
	return search.result;
}

static char *to_json(const struct cm_token *token)
{
	json_t *root = json_pack("{s:s, s:s}", "name", token->name,
				 "comment", token->comment);
	char *text = NULL;

	if (root != NULL &&
	    (token->max_uses == 0 ||
	     json_object_set_new(root, "max_uses",
				 json_integer(token->max_uses)) == 0) &&
	    (token->created < 0 ||
	     json_object_set_new(root, "created",
				 json_integer(token->created)) == 0) &&
	    (token->expires < 0 ||
	     json_object_set_new(root, "expires",
				 json_integer(token->expires)) == 0))
		text = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(root);
	return text;
}

/* 0: it is there already */
static int write_file(int length_fd, const char *id, const char *text)
{
	int fd, ret, saved;

	(void)unlinkat(length_fd, TEMP_FILE, 0);
	fd = openat(length_fd, TEMP_FILE, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ret = cm_write_all(fd, text, strlen(text)) < 0 ||
	      cm_write_all(fd, "\n", 1) < 0 ||
	      cm_give_to_owner(length_fd, fd) < 0 || fsync(fd) < 0 ? -1 : 1;
	cm_close_keep_errno(fd);
	if (ret > 0 && linkat(length_fd, TEMP_FILE, length_fd, id, 0) < 0)
		ret = errno == EEXIST ? 0 : -1;
	saved = errno;
	(void)unlinkat(length_fd, TEMP_FILE, 0);
	errno = saved;
	return ret > 0 && fsync(length_fd) < 0 ? -1 : ret;
}

static int remove_file(int length_fd, const char *name)
{
	return unlinkat(length_fd, name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

/* With the lock. */
static enum cm_dir_result add(const struct cm_tokens *tokens,
			      const struct cm_token *token,
			      const char *secret, const char *text,
			      const char **error_r)
{
	char folder[CM_TOKEN_LENGTH_SIZE], id[CM_STATE_NAME_LEN + 1];
	char uses[CM_TOKEN_USES_SIZE];
	struct cm_token other;
	enum cm_dir_result result;
	struct stat st;
	int fd, ret = 0;

	result = find_name(tokens, token->name, &other, error_r);
	if (result != CM_DIR_UNKNOWN)
		return result == CM_DIR_OK ? CM_DIR_EXISTS : result;
	cm_token_length_name(strlen(secret), folder);
	result = cm_state_folder(tokens->fd, folder, true, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	cm_token_id(tokens, secret, strlen(secret), id);
	cm_token_uses_name(id, uses);
	/* uses without their token are of one that was removed */
	if (fstatat(fd, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		ret = remove_file(fd, uses) < 0 ? -1 :
			write_file(fd, id, text);
	cm_close_keep_errno(fd);
	if (ret < 0)
		return failed("write a registration token", error_r);
	return ret == 0 ? CM_DIR_EXISTS : CM_DIR_OK;
}

enum cm_dir_result cm_token_add(const struct cm_tokens *tokens,
				const struct cm_token *token,
				const char *secret, const char **error_r)
{
	enum cm_dir_result result;
	char *text;
	int fd;

	if (!cm_token_name_valid(token->name) ||
	    !cm_token_comment_valid(token->comment) ||
	    !cm_token_secret_valid(secret) ||
	    token->max_uses > CM_TOKEN_MAX_USES) {
		errno = EINVAL;
		return failed("add such a registration token", error_r);
	}
	text = to_json(token);
	if (text == NULL) {
		errno = ENOMEM;
		return failed("write a registration token", error_r);
	}
	result = lock(tokens, &fd, error_r);
	if (result == CM_DIR_OK) {
		result = add(tokens, token, secret, text, error_r);
		cm_close_keep_errno(fd);
	}
	free(text);
	return result;
}

/* Removes the folder of a length if no token is in it. What may be there all
 * the same is of logins that met the removal. */
static void tidy(const struct cm_tokens *tokens, size_t length)
{
	char folder[CM_TOKEN_LENGTH_SIZE];
	const char *error;
	struct dirent *d;
	bool used = false;
	DIR *dir;
	int fd;

	cm_token_length_name(length, folder);
	if (cm_state_folder(tokens->fd, folder, false, &fd,
			    &error) != CM_DIR_OK)
		return;
	dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return;
	}
	while (!used && (d = readdir(dir)) != NULL)
		used = is_id(d->d_name);
	rewinddir(dir);
	while (!used && (d = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	(void)closedir(dir);
	(void)unlinkat(tokens->fd, folder, AT_REMOVEDIR);
}

/* With the lock. */
static enum cm_dir_result remove_token(const struct cm_tokens *tokens,
				       const char *name, const char **error_r)
{
	char folder[CM_TOKEN_LENGTH_SIZE], uses[CM_TOKEN_USES_SIZE];
	struct cm_token token;
	enum cm_dir_result result;
	int fd, ret;

	result = find_name(tokens, name, &token, error_r);
	if (result != CM_DIR_OK)
		return result;
	cm_token_length_name(token.length, folder);
	cm_token_uses_name(token.id, uses);
	result = cm_state_folder(tokens->fd, folder, false, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	/* Without its file it is none any more; then its uses can go. */
	ret = remove_file(fd, token.id) < 0 || remove_file(fd, uses) < 0 ||
	      fsync(fd) < 0 ? -1 : 0;
	cm_close_keep_errno(fd);
	if (ret < 0)
		return failed("remove a registration token", error_r);
	tidy(tokens, token.length);
	return CM_DIR_OK;
}

enum cm_dir_result cm_token_remove(const struct cm_tokens *tokens,
				   const char *name, const char **error_r)
{
	enum cm_dir_result result;
	int fd;

	if (!cm_token_name_valid(name))
		return CM_DIR_UNKNOWN;
	result = lock(tokens, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = remove_token(tokens, name, error_r);
	cm_close_keep_errno(fd);
	return result;
}

enum cm_dir_result cm_tokens_drop(const char *state_dir, const char **error_r)
{
	struct cm_tokens tokens;
	enum cm_dir_result result;
	int state_fd, lock_fd, ret = -1;
	size_t length;

	result = cm_state_open(state_dir, &state_fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = cm_state_folder(state_fd, CM_TOKEN_FOLDER, false, &tokens.fd,
				 error_r);
	if (result == CM_DIR_OK) {
		result = lock(&tokens, &lock_fd, error_r);
		if (result == CM_DIR_OK) {
			for (length = CM_TOKEN_MIN_SECRET;
			     length <= CM_TOKEN_MAX_SECRET; length++)
				tidy(&tokens, length);
			ret = unlinkat(state_fd, CM_TOKEN_FOLDER,
				       AT_REMOVEDIR);
			cm_close_keep_errno(lock_fd);
		}
		cm_close_keep_errno(tokens.fd);
	}
	if (result == CM_DIR_OK && ret == 0)
		(void)fsync(state_fd);
	cm_close_keep_errno(state_fd);
	if (result != CM_DIR_OK || ret == 0)
		return result;
	if (errno == ENOENT)
		return CM_DIR_UNKNOWN;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return CM_DIR_EXISTS;
	return failed("remove the folder of registration tokens", error_r);
}

enum cm_dir_result cm_token_add_first(const char *state_dir,
				      cm_state_hmac_fn *hmac,
				      const unsigned char make[CM_STATE_KEY_SIZE],
				      const struct cm_token *token,
				      const char *secret,
				      const char **error_r)
{
	enum cm_dir_result result;
	struct cm_tokens tokens;
	const char *error;
	bool none;
	int saved;

	none = cm_tokens_open(state_dir, hmac, NULL, &tokens, &error) ==
		CM_DIR_UNKNOWN;
	cm_tokens_close(&tokens);
	result = cm_tokens_open(state_dir, hmac, make, &tokens, error_r);
	if (result == CM_DIR_OK) {
		result = cm_token_add(&tokens, token, secret, error_r);
		cm_tokens_close(&tokens);
	}
	if (result != CM_DIR_OK && none) {
		saved = errno;
		(void)cm_tokens_drop(state_dir, &error);
		errno = saved;
	}
	return result;
}
