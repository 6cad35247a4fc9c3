/* SPDX-License-Identifier: MIT */
#include "cm-hold.h"
#include "cm-account-info.h"
#include "cm-io.h"
#include "cm-settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PURPOSE "held"
/* Keyed name, and who writes it. */
#define TEMP_SIZE (1 + CM_STATE_NAME_LEN + 1 + 20 + 1)

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

void cm_hold_none(struct cm_hold *hold_r)
{
	memset(hold_r, 0, sizeof(*hold_r));
	hold_r->fd = -1;
}

void cm_hold_close(struct cm_hold *hold)
{
	if (hold->fd >= 0)
		(void)close(hold->fd);
	cm_hold_none(hold);
}

/* fresh is NULL: what is not there is not made. */
static enum cm_dir_result open_in(int state_fd, const unsigned char *fresh,
				  struct cm_hold *hold, const char **error_r)
{
	enum cm_dir_result result;
	int fd;

	result = cm_state_folder(state_fd, CM_HOLD_FOLDER, fresh != NULL, &fd,
				 error_r);
	if (result != CM_DIR_OK)
		return result;
	result = cm_state_key(state_fd, fresh, hold->key, error_r);
	/* whose names they are is lost; so nothing is held for anybody */
	if (result == CM_DIR_UNKNOWN)
		result = corrupt("the key in state_dir is missing", error_r);
	if (result == CM_DIR_OK)
		hold->fd = fd;
	else
		cm_close_keep_errno(fd);
	return result;
}

static enum cm_dir_result open_hold(const struct cm_settings *set, time_t now,
				    cm_state_hmac_fn *hmac,
				    const unsigned char *fresh,
				    struct cm_hold *hold_r,
				    const char **error_r)
{
	enum cm_dir_result result;
	int state_fd;

	cm_hold_none(hold_r);
	if (set->hold_deleted_days == 0)
		return CM_DIR_OK;
	hold_r->hmac = hmac;
	hold_r->days = set->hold_deleted_days;
	hold_r->today = cm_account_info_day(now);
	result = cm_state_open(set->state_dir, &state_fd, error_r);
	if (result == CM_DIR_OK) {
		result = open_in(state_fd, fresh, hold_r, error_r);
		cm_close_keep_errno(state_fd);
	}
	if (result != CM_DIR_UNKNOWN)
		return result;
	if (fresh == NULL)
		return CM_DIR_OK;
	errno = ENOENT;
	return failed("open state_dir", error_r);
}

enum cm_dir_result cm_hold_open(const struct cm_settings *set, time_t now,
				cm_state_hmac_fn *hmac,
				const unsigned char fresh[CM_STATE_KEY_SIZE],
				struct cm_hold *hold_r, const char **error_r)
{
	return open_hold(set, now, hmac, fresh, hold_r, error_r);
}

enum cm_dir_result cm_hold_open_existing(const struct cm_settings *set,
					 time_t now, cm_state_hmac_fn *hmac,
					 struct cm_hold *hold_r,
					 const char **error_r)
{
	return open_hold(set, now, hmac, NULL, hold_r, error_r);
}

static int write_temp(const struct cm_hold *hold, const char *temp,
		      const char *hash)
{
	const time_t day = (time_t)hold->today * CM_ACCOUNT_INFO_SECS_PER_DAY;
	const struct timespec times[2] = {
		{ .tv_sec = day }, { .tv_sec = day }
	};
	int fd, ret;

	/* of one who died and had our number */
	(void)unlinkat(hold->fd, temp, 0);
	fd = openat(hold->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ret = cm_write_all(fd, hash, strlen(hash)) < 0 ||
	      cm_write_all(fd, "\n", 1) < 0 ||
	      cm_give_to_owner(hold->fd, fd) < 0 || futimens(fd, times) < 0 ||
	      fsync(fd) < 0 ? -1 : 0;
	cm_close_keep_errno(fd);
	return ret;
}

enum cm_dir_result cm_hold_put(const struct cm_hold *hold, const char *name,
			       const char *hash, const char **error_r)
{
	char id[CM_STATE_NAME_LEN + 1], temp[TEMP_SIZE];
	int saved;

	if (hold->fd < 0)
		return CM_DIR_OK;
	if (!cm_account_hash_valid(hash, strlen(hash))) {
		errno = EINVAL;
		return failed("hold a name by a malformed hash", error_r);
	}
	cm_state_name(hold->key, hold->hmac, PURPOSE, name, strlen(name), id);
	(void)snprintf(temp, sizeof(temp), ".%s.%ld", id, (long)getpid());
	if (write_temp(hold, temp, hash) == 0 &&
	    renameat(hold->fd, temp, hold->fd, id) == 0 &&
	    fsync(hold->fd) == 0)
		return CM_DIR_OK;
	saved = errno;
	(void)unlinkat(hold->fd, temp, 0);
	errno = saved;
	return failed("hold a name", error_r);
}

/* An entry of today is good for `days` more days. */
static bool is_over(unsigned int days, int today, const struct stat *st)
{
	int day = cm_account_info_day(st->st_mtim.tv_sec);

	return days == 0 || today - day > (int)days;
}

enum cm_dir_result cm_hold_get(const struct cm_hold *hold, const char *name,
			       char hash_r[CM_ACCOUNT_MAX_HASH + 1],
			       const char **error_r)
{
	char id[CM_STATE_NAME_LEN + 1];
	enum cm_dir_result result;
	struct stat st;

	if (hold->fd < 0)
		return CM_DIR_UNKNOWN;
	cm_state_name(hold->key, hold->hmac, PURPOSE, name, strlen(name), id);
	if (fstatat(hold->fd, id, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return CM_DIR_UNKNOWN;
		return failed("stat a held name", error_r);
	}
	if (is_over(hold->days, hold->today, &st))
		return CM_DIR_UNKNOWN;
	result = cm_account_read_hash_file(hold->fd, id, hash_r, error_r);
	if (result == CM_DIR_CORRUPT)
		*error_r = "the file of a held name is damaged";
	return result;
}

static void sweep(int fd, unsigned int days, int today)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;
	struct stat st;

	if (dir == NULL) {
		(void)close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 &&
		    fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_over(days, today, &st))
			(void)unlinkat(fd, d->d_name, 0);
	}
	(void)closedir(dir);
}

enum cm_dir_result cm_hold_sweep(const struct cm_settings *set, time_t now,
				 const char **error_r)
{
	enum cm_dir_result result;
	int state_fd, fd;

	result = cm_state_open(set->state_dir, &state_fd, error_r);
	if (result != CM_DIR_OK)
		return result == CM_DIR_UNKNOWN ? CM_DIR_OK : result;
	result = cm_state_folder(state_fd, CM_HOLD_FOLDER, false, &fd,
				 error_r);
	cm_close_keep_errno(state_fd);
	if (result == CM_DIR_OK)
		sweep(fd, set->hold_deleted_days, cm_account_info_day(now));
	return result == CM_DIR_UNKNOWN ? CM_DIR_OK : result;
}
