/* SPDX-License-Identifier: MIT */
#include "cm-token.h"
#include "cm-file.h"
#include "cm-io.h"
#include "cm-token-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PURPOSE "token"

static const struct cm_file_words words =
	CM_FILE_WORDS("a registration token");

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static enum cm_dir_result corrupt(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_CORRUPT;
}

void cm_token_length_name(size_t length, char name_r[CM_TOKEN_LENGTH_SIZE])
{
	name_r[0] = (char)('0' + length / 10 % 10);
	name_r[1] = (char)('0' + length % 10);
	name_r[2] = '\0';
}

size_t cm_token_length_parse(const char *name)
{
	size_t length;

	if (strlen(name) != 2 || name[0] < '0' || name[0] > '9' ||
	    name[1] < '0' || name[1] > '9')
		return 0;
	length = (size_t)(name[0] - '0') * 10 + (size_t)(name[1] - '0');
	return length < CM_TOKEN_MIN_SECRET || length > CM_TOKEN_MAX_SECRET ?
		0 : length;
}

void cm_token_uses_name(const char *id, char name_r[CM_TOKEN_USES_SIZE])
{
	(void)snprintf(name_r, CM_TOKEN_USES_SIZE, "%s" CM_TOKEN_USES_SUFFIX,
		       id);
}

void cm_token_id(const struct cm_tokens *tokens, const char *secret,
		 size_t length, char id_r[CM_STATE_NAME_LEN + 1])
{
	cm_state_name(tokens->key, tokens->hmac, PURPOSE, secret, length,
		      id_r);
}

enum cm_dir_result cm_tokens_open(const char *state_dir,
				  cm_state_hmac_fn *hmac,
				  const unsigned char make[CM_STATE_KEY_SIZE],
				  struct cm_tokens *tokens_r,
				  const char **error_r)
{
	enum cm_dir_result result;
	int state_fd, fd = -1;

	tokens_r->fd = -1;
	tokens_r->hmac = hmac;
	result = cm_state_open(state_dir, &state_fd, error_r);
	if (result == CM_DIR_UNKNOWN && make != NULL) {
		errno = ENOENT;
		return failed("open state_dir", error_r);
	}
	if (result != CM_DIR_OK)
		return result;
	result = cm_state_folder(state_fd, CM_TOKEN_FOLDER, make != NULL, &fd,
				 error_r);
	if (result == CM_DIR_OK) {
		result = cm_state_key(state_fd, make, tokens_r->key, error_r);
		/* tokens whose key is lost */
		if (result == CM_DIR_UNKNOWN)
			result = corrupt("the key in state_dir is missing",
					 error_r);
		if (result == CM_DIR_OK)
			tokens_r->fd = fd;
		else
			cm_close_keep_errno(fd);
	}
	cm_close_keep_errno(state_fd);
	return result;
}

void cm_tokens_close(struct cm_tokens *tokens)
{
	if (tokens->fd >= 0)
		(void)close(tokens->fd);
	tokens->fd = -1;
}

/* Missing: *value stays as it is. */
static bool get_number(const json_t *root, const char *key, json_int_t min,
		       json_int_t max, json_int_t *value)
{
	const json_t *member = json_object_get(root, key);

	if (member == NULL)
		return true;
	if (!json_is_integer(member) || json_integer_value(member) < min ||
	    json_integer_value(member) > max)
		return false;
	*value = json_integer_value(member);
	return true;
}

static bool get_texts(const json_t *root, struct cm_token *token)
{
	const json_t *name = json_object_get(root, "name");
	const json_t *comment = json_object_get(root, "comment");

	/* json_loadb() takes no NUL in strings */
	if (!json_is_string(name) ||
	    !cm_token_name_valid(json_string_value(name)))
		return false;
	strcpy(token->name, json_string_value(name));
	if (comment == NULL)
		return true;
	if (!json_is_string(comment) ||
	    !cm_token_comment_valid(json_string_value(comment)))
		return false;
	strcpy(token->comment, json_string_value(comment));
	return true;
}

static bool parse(const json_t *root, struct cm_token *token)
{
	json_int_t max_uses = 0, created = -1, expires = -1;

	if (!json_is_object(root) || !get_texts(root, token) ||
	    !get_number(root, "max_uses", 1, CM_TOKEN_MAX_USES, &max_uses) ||
	    !get_number(root, "created", 0, CM_ACCOUNT_INFO_MAX_DAY,
			&created) ||
	    !get_number(root, "expires", 0, CM_ACCOUNT_INFO_MAX_DAY,
			&expires))
		return false;
	token->max_uses = (unsigned int)max_uses;
	token->created = (int)created;
	token->expires = (int)expires;
	return true;
}

enum cm_dir_result cm_token_read(int length_fd, const char *id,
				 struct cm_token *token_r,
				 const char **error_r)
{
	char buf[CM_TOKEN_MAX_FILE + 1];
	enum cm_dir_result result;
	size_t size = 0;
	json_t *root;

	memset(token_r, 0, sizeof(*token_r));
	result = cm_file_read(length_fd, id, &words, buf, CM_TOKEN_MAX_FILE,
			      &size, error_r);
	if (result != CM_DIR_OK)
		return result;
	root = json_loadb(buf, size, JSON_REJECT_DUPLICATES, NULL);
	if (!parse(root, token_r)) {
		memset(token_r, 0, sizeof(*token_r));
		result = corrupt("a registration token is damaged", error_r);
	}
	json_decref(root);
	return result;
}

static enum cm_dir_result look(const struct cm_tokens *tokens,
			       const char *password, size_t length, int today,
			       struct cm_token *token_r, const char **error_r)
{
	char folder[CM_TOKEN_LENGTH_SIZE], id[CM_STATE_NAME_LEN + 1];
	enum cm_dir_result result;
	int fd;

	cm_token_length_name(length, folder);
	result = cm_state_folder(tokens->fd, folder, false, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	cm_token_id(tokens, password, length, id);
	result = cm_token_read(fd, id, token_r, error_r);
	if (result == CM_DIR_OK)
		result = cm_token_used(fd, id, &token_r->used, error_r);
	cm_close_keep_errno(fd);
	if (result != CM_DIR_OK)
		return result;
	token_r->length = length;
	memcpy(token_r->id, id, sizeof(id));
	/* Whoever is making an account with it now may still fail, but
	 * cm_token_use_begin() will tell. */
	if ((token_r->expires >= 0 && today > token_r->expires) ||
	    (token_r->max_uses > 0 && token_r->used >= token_r->max_uses))
		return CM_DIR_UNKNOWN;
	return CM_DIR_OK;
}

/* Which lengths are in use. */
static enum cm_dir_result read_lengths(const struct cm_tokens *tokens,
				       bool in_use[CM_TOKEN_MAX_SECRET + 1],
				       const char **error_r)
{
	int fd = openat(tokens->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int saved;

	memset(in_use, 0, (CM_TOKEN_MAX_SECRET + 1) * sizeof(*in_use));
	if (dir == NULL) {
		if (fd >= 0)
			cm_close_keep_errno(fd);
		return failed("read the registration tokens", error_r);
	}
	while (errno = 0, (d = readdir(dir)) != NULL)
		in_use[cm_token_length_parse(d->d_name)] = true;
	saved = errno;
	(void)closedir(dir);
	errno = saved;
	return saved == 0 ? CM_DIR_OK :
		failed("read the registration tokens", error_r);
}

enum cm_dir_result cm_token_find(const struct cm_tokens *tokens,
				 const char *password, size_t size, int today,
				 struct cm_token *token_r,
				 const char **error_r)
{
	bool in_use[CM_TOKEN_MAX_SECRET + 1];
	enum cm_dir_result result;
	size_t length;

	result = read_lengths(tokens, in_use, error_r);
	if (result != CM_DIR_OK)
		return result;
	length = size < CM_TOKEN_MAX_SECRET ? size : CM_TOKEN_MAX_SECRET;
	for (; length >= CM_TOKEN_MIN_SECRET; length--) {
		if (!in_use[length])
			continue;
		result = look(tokens, password, length, today, token_r,
			      error_r);
		if (result != CM_DIR_UNKNOWN)
			return result;
	}
	return CM_DIR_UNKNOWN;
}
