/* SPDX-License-Identifier: MIT */
#include "cm-devicetoken.h"
#include "cm-file.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only who holds the lock writes it, so one name is enough. */
#define TEMP_FILE "." CM_DEVICETOKEN_FILE ".tmp"
#define MEMBER "devicetoken"

#define DAY ((time_t)86400)
/* How far a clock may have been ahead. As in chatmail/relay. */
#define MAX_FUTURE 60

#define LOCK_STEP_MS 5

struct entry {
	const char *token;
	time_t when;
	size_t position;
};

static const struct cm_file_words words = CM_FILE_WORDS("metadata.json");

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

static enum cm_dir_result no_memory(const char **error_r)
{
	errno = ENOMEM;
	return failed("allocate memory for device tokens", error_r);
}

bool cm_devicetoken_valid(const char *token, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	}
	return len > 0 && len <= CM_DEVICETOKEN_MAX_SIZE;
}

/* The older form becomes the newer one. */
static int migrate(json_t *root, const json_t *list, time_t mtime)
{
	json_t *member = json_object();
	const char *token;
	size_t i;

	if (member == NULL)
		return -1;
	for (i = 0; i < json_array_size(list); i++) {
		token = json_string_value(json_array_get(list, i));
		if (token != NULL &&
		    json_object_set_new(member, token,
					json_integer(mtime)) < 0) {
			json_decref(member);
			return -1;
		}
	}
	return json_object_set_new(root, MEMBER, member);
}

/* CM_DIR_OK: an object, and its MEMBER, if there is one, is one, too. */
static enum cm_dir_result parse(const char *text, size_t len, time_t mtime,
				json_t **root_r, const char **error_r)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *member = json_object_get(root, MEMBER);
	enum cm_dir_result result = CM_DIR_OK;

	if (!json_is_object(root) ||
	    (member != NULL && !json_is_object(member) &&
	     !json_is_array(member)))
		result = corrupt("metadata.json is damaged", error_r);
	else if (json_is_array(member) && migrate(root, member, mtime) < 0)
		result = no_memory(error_r);
	if (result == CM_DIR_OK)
		*root_r = root;
	else
		json_decref(root);
	return result;
}

static enum cm_dir_result read_file(int fd, const struct stat *st,
				    json_t **root_r, const char **error_r)
{
	enum cm_dir_result result;
	ssize_t len;
	char *buf;

	if (st->st_size > CM_DEVICETOKEN_MAX_FILE)
		return corrupt(words.large, error_r);
	/* a power cut on some file systems: as good as none */
	if (st->st_size == 0)
		return CM_DIR_UNKNOWN;
	buf = malloc((size_t)st->st_size);
	if (buf == NULL)
		return no_memory(error_r);
	len = cm_read_all(fd, buf, (size_t)st->st_size);
	if (len < 0) {
		result = failed(words.read, error_r);
	} else {
		result = parse(buf, (size_t)len, st->st_mtim.tv_sec, root_r,
			       error_r);
	}
	free(buf);
	return result;
}

/* CM_DIR_OK: *root_r is the caller's; otherwise it is NULL. */
static enum cm_dir_result load(int account_fd, json_t **root_r,
			       const char **error_r)
{
	enum cm_dir_result result;
	struct stat st;
	int fd;

	*root_r = NULL;
	result = cm_file_open(account_fd, CM_DEVICETOKEN_FILE, &words, &st,
			      &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = read_file(fd, &st, root_r, error_r);
	cm_close_keep_errno(fd);
	return result;
}

static int compare_entries(const void *p1, const void *p2)
{
	const struct entry *e1 = p1, *e2 = p2;

	if (e1->when != e2->when)
		return e1->when < e2->when ? -1 : 1;
	return e1->position < e2->position ? -1 : 1;
}

static bool counts(const char *token, time_t when, time_t now)
{
	return cm_devicetoken_valid(token, strlen(token)) &&
		when > now - CM_DEVICETOKEN_MAX_DAYS * DAY &&
		when < now + MAX_FUTURE;
}

static time_t get_time(const json_t *value)
{
	json_int_t when = json_integer_value(value);

	/* 2^47 seconds are four million years */
	return when < 0 || when >> 47 != 0 ? 0 : (time_t)when;
}

/* The tokens that count, the one set longest ago first; they point into
 * root. *entries_r is the caller's to free. -1: no memory */
static int collect(const json_t *root, time_t now, struct entry **entries_r,
		   size_t *count_r)
{
	json_t *member = json_object_get(root, MEMBER), *value;
	struct entry *entries;
	const char *token;
	size_t count = 0;

	*count_r = 0;
	*entries_r = entries =
		calloc(json_object_size(member) + 1, sizeof(*entries));
	if (entries == NULL)
		return -1;
	json_object_foreach(member, token, value) {
		if (!counts(token, get_time(value), now))
			continue;
		entries[count].token = token;
		entries[count].when = get_time(value);
		entries[count].position = count;
		count++;
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	*count_r = count;
	return 0;
}

static int copy_tokens(const struct entry *entries, size_t count,
		       struct cm_devicetokens *tokens)
{
	size_t i = count <= CM_DEVICETOKEN_MAX_TOKENS ? 0 :
		count - CM_DEVICETOKEN_MAX_TOKENS;

	for (; i < count; i++) {
		char *token = strdup(entries[i].token);

		if (token == NULL)
			return -1;
		tokens->tokens[tokens->count++] = token;
	}
	return 0;
}

enum cm_dir_result cm_devicetoken_list(int account_fd, time_t now,
				       struct cm_devicetokens *tokens_r,
				       const char **error_r)
{
	enum cm_dir_result result;
	struct entry *entries;
	json_t *root;
	size_t count;

	memset(tokens_r, 0, sizeof(*tokens_r));
	result = load(account_fd, &root, error_r);
	if (result != CM_DIR_OK)
		return result;
	if (collect(root, now, &entries, &count) < 0 ||
	    copy_tokens(entries, count, tokens_r) < 0) {
		cm_devicetokens_deinit(tokens_r);
		result = no_memory(error_r);
	} else if (count == 0) {
		result = CM_DIR_UNKNOWN;
	}
	free(entries);
	json_decref(root);
	return result;
}

void cm_devicetokens_deinit(struct cm_devicetokens *tokens)
{
	unsigned int i;

	for (i = 0; i < tokens->count; i++)
		free(tokens->tokens[i]);
	memset(tokens, 0, sizeof(*tokens));
}

/* CM_DIR_OK: held until *lock_fd_r is closed. A descriptor of our own, since
 * those that share one share its locks. */
static enum cm_dir_result lock(int account_fd, unsigned int wait_ms,
			       int *lock_fd_r, const char **error_r)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000 };
	unsigned int waited = 0;
	int fd = openat(account_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return failed("open an account's directory", error_r);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || waited >= wait_ms) {
			cm_close_keep_errno(fd);
			return failed("lock metadata.json", error_r);
		}
		waited += LOCK_STEP_MS;
		(void)nanosleep(&step, NULL);
	}
	*lock_fd_r = fd;
	return CM_DIR_OK;
}

static int write_temp(int account_fd, const char *text, size_t len)
{
	int fd, ret;

	if (unlinkat(account_fd, TEMP_FILE, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(account_fd, TEMP_FILE, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ret = cm_give_to_owner(account_fd, fd) < 0 ||
		cm_write_all(fd, text, len) < 0 || fsync(fd) < 0 ? -1 : 0;
	cm_close_keep_errno(fd);
	return ret;
}

static enum cm_dir_result replace(int account_fd, const char *text,
				  const char **error_r)
{
	size_t len = strlen(text);
	int saved;

	if (len > CM_DEVICETOKEN_MAX_FILE)
		return corrupt("metadata.json would be too large", error_r);
	if (write_temp(account_fd, text, len) == 0 &&
	    renameat(account_fd, TEMP_FILE, account_fd,
		     CM_DEVICETOKEN_FILE) == 0)
		return CM_DIR_OK;
	saved = errno;
	(void)unlinkat(account_fd, TEMP_FILE, 0);
	errno = saved;
	return failed("write metadata.json", error_r);
}

/* A file that would say nothing goes. */
static enum cm_dir_result save(int account_fd, const json_t *root,
			       const char **error_r)
{
	enum cm_dir_result result;
	char *text;

	if (json_object_size(root) == 0) {
		if (unlinkat(account_fd, CM_DEVICETOKEN_FILE, 0) < 0 &&
		    errno != ENOENT)
			return failed("remove metadata.json", error_r);
		return CM_DIR_OK;
	}
	text = json_dumps(root, JSON_ENSURE_ASCII);
	if (text == NULL)
		return no_memory(error_r);
	result = replace(account_fd, text, error_r);
	free(text);
	return result;
}

static int put(json_t *member, const char *token, time_t when)
{
	return json_object_set_new(member, token,
				   json_integer(when - when % DAY));
}

/* The last `most` of entries, and behind them `token` unless it is NULL. */
static json_t *rebuild(const struct entry *entries, size_t count, size_t most,
		       const char *token, time_t now)
{
	json_t *member = json_object();
	size_t i = count > most ? count - most : 0;
	int ret = member == NULL ? -1 : 0;

	for (; i < count && ret == 0; i++)
		ret = put(member, entries[i].token, entries[i].when);
	if (ret == 0 && token != NULL)
		ret = put(member, token, now);
	if (ret == 0)
		return member;
	json_decref(member);
	return NULL;
}

/* Takes token from entries. Its time, or 0: it was not there. */
static time_t take(struct entry *entries, size_t *count, const char *token)
{
	time_t when;
	size_t i;

	for (i = 0; i < *count; i++) {
		if (strcmp(entries[i].token, token) == 0)
			break;
	}
	if (i == *count)
		return 0;
	when = entries[i].when;
	memmove(&entries[i], &entries[i + 1],
		(*count - i - 1) * sizeof(*entries));
	(*count)--;
	return when;
}

/* 1: root has changed, 0: there is nothing to do, -1: no memory */
static int change(json_t *root, const char *token, time_t now, bool add)
{
	struct entry *entries;
	json_t *member;
	size_t count;
	time_t old;

	if (collect(root, now, &entries, &count) < 0)
		return -1;
	old = take(entries, &count, token);
	if (add ? old >= now - now % DAY : old == 0) {
		free(entries);
		return 0;
	}
	member = rebuild(entries, count,
			 CM_DEVICETOKEN_MAX_TOKENS - (add ? 1 : 0),
			 add ? token : NULL, now);
	free(entries);
	if (member != NULL && json_object_size(member) == 0) {
		json_decref(member);
		return json_object_del(root, MEMBER) < 0 ? -1 : 1;
	}
	return json_object_set_new(root, MEMBER, member) < 0 ? -1 : 1;
}

static enum cm_dir_result add_locked(int account_fd, const char *token,
				     time_t now, const char **error_r)
{
	enum cm_dir_result result;
	json_t *root;
	struct stat st;
	int ret;

	if (fstatat(account_fd, CM_ACCOUNT_FILE_PASSWORD, &st,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return CM_DIR_UNKNOWN;
		return failed("stat a password file", error_r);
	}
	result = load(account_fd, &root, error_r);
	if (result == CM_DIR_UNKNOWN)
		root = json_object();
	else if (result != CM_DIR_OK)
		return result;
	ret = root == NULL ? -1 : change(root, token, now, true);
	if (ret < 0)
		result = no_memory(error_r);
	else if (ret == 0)
		result = CM_DIR_OK;
	else
		result = save(account_fd, root, error_r);
	json_decref(root);
	return result;
}

enum cm_dir_result cm_devicetoken_add(int account_fd, const char *token,
				      time_t now, unsigned int wait_ms,
				      const char **error_r)
{
	enum cm_dir_result result;
	int lock_fd;

	if (!cm_devicetoken_valid(token, strlen(token))) {
		errno = EINVAL;
		return failed("take a malformed device token", error_r);
	}
	result = lock(account_fd, wait_ms, &lock_fd, error_r);
	if (result == CM_DIR_OK) {
		result = add_locked(account_fd, token, now, error_r);
		cm_close_keep_errno(lock_fd);
	}
	return result;
}

/* token NULL: all of them */
static enum cm_dir_result remove_locked(int account_fd, const char *token,
					time_t now, const char **error_r)
{
	enum cm_dir_result result;
	json_t *root;
	int ret;

	result = load(account_fd, &root, error_r);
	if (result != CM_DIR_OK)
		return result;
	if (token != NULL)
		ret = change(root, token, now, false);
	else
		ret = json_object_del(root, MEMBER) < 0 ? 0 : 1;
	if (ret < 0)
		result = no_memory(error_r);
	else if (ret == 0)
		result = CM_DIR_UNKNOWN;
	else
		result = save(account_fd, root, error_r);
	json_decref(root);
	return result;
}

static enum cm_dir_result remove_some(int account_fd, const char *token,
				      time_t now, unsigned int wait_ms,
				      const char **error_r)
{
	enum cm_dir_result result;
	int lock_fd;

	result = lock(account_fd, wait_ms, &lock_fd, error_r);
	if (result == CM_DIR_OK) {
		result = remove_locked(account_fd, token, now, error_r);
		cm_close_keep_errno(lock_fd);
	}
	return result;
}

enum cm_dir_result cm_devicetoken_remove(int account_fd, const char *token,
					 time_t now, unsigned int wait_ms,
					 const char **error_r)
{
	return remove_some(account_fd, token, now, wait_ms, error_r);
}

enum cm_dir_result cm_devicetoken_remove_all(int account_fd,
					     unsigned int wait_ms,
					     const char **error_r)
{
	return remove_some(account_fd, NULL, 0, wait_ms, error_r);
}

/* How many tokens in root do not count, or -1: no memory. If there are some,
 * and `drop`, root is left with the others. */
static int find_expired(json_t *root, time_t now, bool drop)
{
	size_t all = json_object_size(json_object_get(root, MEMBER)), count;
	struct entry *entries;
	json_t *member;
	int ret = 0;

	if (collect(root, now, &entries, &count) < 0)
		return -1;
	if (drop && count < all && count > 0) {
		member = rebuild(entries, count, CM_DEVICETOKEN_MAX_TOKENS,
				 NULL, now);
		ret = json_object_set_new(root, MEMBER, member);
	} else if (drop && count < all) {
		ret = json_object_del(root, MEMBER);
	}
	free(entries);
	return ret < 0 ? -1 : (int)(all - count);
}

/* *count_r is how many there are, and they are gone if `drop`. */
static enum cm_dir_result expire_now(int account_fd, time_t now, bool drop,
				     unsigned int *count_r,
				     const char **error_r)
{
	enum cm_dir_result result;
	json_t *root;
	int ret;

	*count_r = 0;
	result = load(account_fd, &root, error_r);
	if (result != CM_DIR_OK)
		return result;
	ret = find_expired(root, now, drop);
	if (ret < 0)
		result = no_memory(error_r);
	else if (ret == 0)
		result = CM_DIR_UNKNOWN;
	else if (drop)
		result = save(account_fd, root, error_r);
	json_decref(root);
	if (result == CM_DIR_OK)
		*count_r = (unsigned int)ret;
	return result;
}

enum cm_dir_result cm_devicetoken_expire(int account_fd, time_t now,
					 bool dry, unsigned int wait_ms,
					 unsigned int *count_r,
					 const char **error_r)
{
	enum cm_dir_result result;
	int lock_fd;

	result = expire_now(account_fd, now, false, count_r, error_r);
	if (dry || result != CM_DIR_OK)
		return result;
	result = lock(account_fd, wait_ms, &lock_fd, error_r);
	if (result == CM_DIR_OK) {
		result = expire_now(account_fd, now, true, count_r, error_r);
		cm_close_keep_errno(lock_fd);
	}
	return result;
}

enum cm_dir_result cm_devicetoken_set_aside(int account_fd,
					    unsigned int wait_ms,
					    const char **error_r)
{
	enum cm_dir_result result;
	json_t *root;
	int lock_fd;

	result = lock(account_fd, wait_ms, &lock_fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	/* somebody else may have done so while we waited */
	result = load(account_fd, &root, error_r);
	json_decref(root);
	if (result == CM_DIR_OK) {
		result = CM_DIR_UNKNOWN;
	} else if (result == CM_DIR_CORRUPT) {
		result = CM_DIR_OK;
		if (renameat(account_fd, CM_DEVICETOKEN_FILE, account_fd,
			     CM_DEVICETOKEN_FILE_DAMAGED) < 0)
			result = failed("set metadata.json aside", error_r);
	}
	cm_close_keep_errno(lock_fd);
	return result;
}
