/* SPDX-License-Identifier: MIT */
#include "cm-account-info.h"
#include "cm-file.h"
#include "cm-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX "." CM_ACCOUNT_FILE_INFO "."
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 16)

/* How often we start again when somebody else writes it, too. */
#define MAX_TRIES 5

static const struct cm_file_words words = CM_FILE_WORDS("account.json");

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

void cm_account_info_init(struct cm_account_info *info)
{
	memset(info, 0, sizeof(*info));
	info->created = info->last_login = -1;
}

int cm_account_info_day(time_t now)
{
	time_t day = now / CM_ACCOUNT_INFO_SECS_PER_DAY;

	if (now < 0)
		return 0;
	return day > CM_ACCOUNT_INFO_MAX_DAY ? CM_ACCOUNT_INFO_MAX_DAY :
					       (int)day;
}

static bool get_day(const json_t *root, const char *key, int *day_r)
{
	const json_t *value = json_object_get(root, key);

	if (value == NULL)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > CM_ACCOUNT_INFO_MAX_DAY)
		return false;
	*day_r = (int)json_integer_value(value);
	return true;
}

static bool token_valid(const char *token, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (token[i] < ' ' || token[i] > '~')
			return false;
	}
	return len <= CM_ACCOUNT_INFO_MAX_TOKEN;
}

static bool get_token(const json_t *root, struct cm_account_info *info)
{
	const json_t *value = json_object_get(root, "token");

	if (value == NULL)
		return true;
	if (!json_is_string(value) ||
	    !token_valid(json_string_value(value), json_string_length(value)))
		return false;
	memcpy(info->token, json_string_value(value),
	       json_string_length(value) + 1);
	return true;
}

/* CM_DIR_OK: *root_r is the caller's. */
static enum cm_dir_result load(int account_fd, json_t **root_r,
			       struct cm_account_info *info_r,
			       const char **error_r)
{
	char buf[CM_ACCOUNT_INFO_MAX_SIZE + 1];
	enum cm_dir_result result;
	size_t len;

	*root_r = NULL;
	cm_account_info_init(info_r);
	result = cm_file_read(account_fd, CM_ACCOUNT_FILE_INFO, &words, buf,
			      CM_ACCOUNT_INFO_MAX_SIZE, &len, error_r);
	/* a power cut on some file systems: as good as none */
	if (result == CM_DIR_OK && len == 0)
		result = CM_DIR_UNKNOWN;
	if (result != CM_DIR_OK)
		return result;
	*root_r = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(*root_r) &&
	    get_day(*root_r, "created", &info_r->created) &&
	    get_day(*root_r, "last_login", &info_r->last_login) &&
	    get_token(*root_r, info_r))
		return CM_DIR_OK;
	json_decref(*root_r);
	*root_r = NULL;
	cm_account_info_init(info_r);
	return corrupt("account.json is damaged", error_r);
}

enum cm_dir_result cm_account_info_read(int account_fd,
					struct cm_account_info *info_r,
					const char **error_r)
{
	enum cm_dir_result result;
	json_t *root;

	result = load(account_fd, &root, info_r, error_r);
	json_decref(root);
	return result;
}

/* 1: something has changed, 0: nothing, -1: no memory */
static int set_day(json_t *root, const char *key, int old, int day)
{
	if (day < 0 || day <= old)
		return 0;
	return json_object_set_new(root, key, json_integer(day)) < 0 ? -1 : 1;
}

static int merge(json_t *root, const struct cm_account_info *old,
		 const struct cm_account_info *info)
{
	/* the first creation is the one that counts */
	int created = old->created >= 0 ? 0 :
		set_day(root, "created", -1, info->created);
	int last = set_day(root, "last_login", old->last_login,
			   info->last_login);
	int token = 0;

	if (info->token[0] != '\0' && old->token[0] == '\0') {
		token = json_object_set_new(root, "token",
					    json_string(info->token)) < 0 ?
			-1 : 1;
	}
	if (created < 0 || last < 0 || token < 0)
		return -1;
	return created + last + token > 0;
}

static int write_temp(int account_fd, const char *temp, const char *text,
		      size_t len)
{
	int fd = openat(account_fd, temp,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return -1;
	if (cm_write_all(fd, text, len) < 0) {
		cm_close_keep_errno(fd);
		return -1;
	}
	return close(fd);
}

static void sweep(int account_fd)
{
	int fd = openat(account_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, TEMP_PREFIX,
			    sizeof(TEMP_PREFIX) - 1) == 0)
			(void)unlinkat(account_fd, d->d_name, 0);
	}
	(void)closedir(dir);
}

/* Where there was none, it must not take the place of one that has come
 * meanwhile; an empty one is nobody's. */
static int publish(int account_fd, const char *temp, bool fresh)
{
	struct stat st;

	if (!fresh)
		return renameat(account_fd, temp, account_fd,
				CM_ACCOUNT_FILE_INFO);
	if (linkat(account_fd, temp, account_fd, CM_ACCOUNT_FILE_INFO, 0) == 0)
		return 0;
	if (errno != EEXIST ||
	    fstatat(account_fd, CM_ACCOUNT_FILE_INFO, &st,
		    AT_SYMLINK_NOFOLLOW) < 0 || st.st_size > 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(account_fd, temp, account_fd, CM_ACCOUNT_FILE_INFO);
}

/* errno EEXIST or ENOENT: somebody else writes; another try will tell. */
static enum cm_dir_result save(int account_fd, const json_t *root, bool fresh,
			       uint64_t nonce, const char **error_r)
{
	char temp[TEMP_SIZE];
	char *text = json_dumps(root, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	enum cm_dir_result result = CM_DIR_OK;
	size_t len = text == NULL ? 0 : strlen(text);
	int saved;

	if (text == NULL) {
		errno = ENOMEM;
		return failed("write account.json", error_r);
	}
	if (len > CM_ACCOUNT_INFO_MAX_SIZE) {
		free(text);
		return corrupt("account.json would be too large", error_r);
	}
	(void)snprintf(temp, sizeof(temp), TEMP_PREFIX "%016" PRIx64, nonce);
	if (write_temp(account_fd, temp, text, len) < 0 ||
	    publish(account_fd, temp, fresh) < 0)
		result = failed("write account.json", error_r);
	saved = errno;
	free(text);
	if (result == CM_DIR_OK)
		sweep(account_fd);
	else
		(void)unlinkat(account_fd, temp, 0);
	errno = saved;
	return result;
}

enum cm_dir_result cm_account_info_update(int account_fd,
					  const struct cm_account_info *info,
					  uint64_t nonce,
					  const char **error_r)
{
	struct cm_account_info old;
	enum cm_dir_result result;
	unsigned int tries = 0;
	json_t *root;
	bool fresh;
	int changed;

	do {
		result = load(account_fd, &root, &old, error_r);
		fresh = result == CM_DIR_UNKNOWN;
		if (fresh)
			root = json_object();
		else if (result != CM_DIR_OK)
			return result;
		changed = root == NULL ? -1 : merge(root, &old, info);
		if (changed < 0) {
			errno = ENOMEM;
			result = failed("write account.json", error_r);
		} else if (changed == 0)
			result = CM_DIR_OK;
		else
			result = save(account_fd, root, fresh, nonce + tries,
				      error_r);
		json_decref(root);
	} while (result == CM_DIR_FAILED && ++tries < MAX_TRIES &&
		 (errno == EEXIST || errno == ENOENT));
	return result;
}

enum cm_dir_result cm_account_note_login(int account_fd, time_t now,
					 uint64_t nonce,
					 const char **error_r)
{
	struct cm_account_info info;
	enum cm_dir_result result;
	const char *ignored;
	bool written;
	int saved;

	result = cm_account_touch_login(account_fd, now, &written, error_r);
	if (result != CM_DIR_FAILED && !written)
		return result;
	cm_account_info_init(&info);
	info.last_login = cm_account_info_day(now);
	if (result == CM_DIR_OK) {
		return cm_account_info_update(account_fd, &info, nonce,
					      error_r);
	}
	/* a `password` that is somebody else's; one place is enough to keep
	 * the account */
	saved = errno;
	(void)cm_account_info_update(account_fd, &info, nonce, &ignored);
	errno = saved;
	return result;
}

enum cm_dir_result cm_account_last_login(int account_fd, time_t *last_r,
					 const char **error_r)
{
	struct cm_account_info info;
	enum cm_dir_result result;
	struct stat st;
	int day;

	if (fstatat(account_fd, CM_ACCOUNT_FILE_PASSWORD, &st,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return CM_DIR_UNKNOWN;
		return failed("stat a password file", error_r);
	}
	result = cm_account_info_read(account_fd, &info, error_r);
	if (result == CM_DIR_FAILED)
		return result;
	day = cm_account_info_day(st.st_mtim.tv_sec);
	if (info.last_login > day)
		day = info.last_login;
	*last_r = (time_t)day * CM_ACCOUNT_INFO_SECS_PER_DAY;
	return result == CM_DIR_UNKNOWN ? CM_DIR_OK : result;
}
