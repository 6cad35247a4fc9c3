/* SPDX-License-Identifier: MIT */
#include "cm-expire-runs.h"
#include "cm-account-info.h"
#include "cm-file.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#define TEMP_PREFIX "." CM_EXPIRE_RUNS_FILE "."
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 20)

static enum cm_dir_result corrupt(const char **error_r)
{
	*error_r = CM_EXPIRE_RUNS_FILE " in state_dir is damaged";
	return CM_DIR_CORRUPT;
}

struct cm_expire_runs cm_expire_runs_next(const struct cm_expire_runs *before,
					  int today)
{
	struct cm_expire_runs next = { .last = today };

	if (before == NULL)
		return next;
	if (before->last > today) {
		next.since = today;
	} else if (today - before->last > CM_EXPIRE_RUNS_MAX_GAP) {
		next.since = today;
		next.gap = today - before->last;
	} else {
		next.since = before->since;
		next.gap = before->gap;
	}
	return next;
}

bool cm_expire_runs_keep(const struct cm_expire_runs *runs, int *until_r)
{
	*until_r = runs->since == 0 ? 0 :
		runs->since + CM_EXPIRE_RUNS_KEEP_DAYS;
	return runs->last < *until_r;
}

static bool get_day(const json_t *root, const char *key, int max, int *day_r)
{
	const json_t *value = json_object_get(root, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return false;
	*day_r = (int)json_integer_value(value);
	return true;
}

enum cm_dir_result cm_expire_runs_read(int state_fd,
				       struct cm_expire_runs *runs_r,
				       const char **error_r)
{
	static const struct cm_file_words words =
		CM_FILE_WORDS(CM_EXPIRE_RUNS_FILE " in state_dir");
	char buf[CM_EXPIRE_RUNS_MAX_SIZE + 1];
	enum cm_dir_result result;
	json_t *root;
	size_t size;

	result = cm_file_read(state_fd, CM_EXPIRE_RUNS_FILE, &words, buf,
			      CM_EXPIRE_RUNS_MAX_SIZE, &size, error_r);
	if (result != CM_DIR_OK)
		return result;
	root = json_loadb(buf, size, JSON_REJECT_DUPLICATES, NULL);
	/* a day before the last one, or it would count for ever */
	if (!get_day(root, "last", CM_ACCOUNT_INFO_MAX_DAY, &runs_r->last) ||
	    !get_day(root, "since", runs_r->last, &runs_r->since) ||
	    !get_day(root, "gap", CM_ACCOUNT_INFO_MAX_DAY, &runs_r->gap))
		result = corrupt(error_r);
	json_decref(root);
	return result;
}

static int replace(int state_fd, const char *text, size_t len)
{
	char temp[TEMP_SIZE];
	int fd, ret, saved;

	/* a leftover of a crash is replaced */
	(void)snprintf(temp, sizeof(temp), TEMP_PREFIX "%ld", (long)getpid());
	(void)unlinkat(state_fd, temp, 0);
	fd = openat(state_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ret = cm_give_to_owner(state_fd, fd) < 0 ||
		cm_write_all(fd, text, len) < 0 || fsync(fd) < 0 ? -1 : 0;
	cm_close_keep_errno(fd);
	if (ret == 0 && renameat(state_fd, temp, state_fd,
				 CM_EXPIRE_RUNS_FILE) == 0)
		return fsync(state_fd);
	saved = errno;
	(void)unlinkat(state_fd, temp, 0);
	errno = saved;
	return -1;
}

enum cm_dir_result cm_expire_runs_write(int state_fd,
					const struct cm_expire_runs *runs,
					const char **error_r)
{
	char text[CM_EXPIRE_RUNS_MAX_SIZE];
	int len = snprintf(text, sizeof(text),
			   "{\"last\": %d, \"since\": %d, \"gap\": %d}\n",
			   runs->last, runs->since, runs->gap);

	if (replace(state_fd, text, (size_t)len) == 0)
		return CM_DIR_OK;
	*error_r = "write " CM_EXPIRE_RUNS_FILE " in state_dir";
	return CM_DIR_FAILED;
}
