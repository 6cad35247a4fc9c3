/* SPDX-License-Identifier: MIT */
#include "cm-account-edit.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cm-account-create.c sweeps what has this prefix and was left behind */
#define TEMP_PREFIX ".password."
#define WAKE_FILE ".chatmail-wake"
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 16)

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static enum cm_dir_result stat_password(int account_fd, struct stat *st_r,
					const char **error_r)
{
	if (fstatat(account_fd, CM_ACCOUNT_FILE_PASSWORD, st_r,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return CM_DIR_UNKNOWN;
		return failed("stat a password file", error_r);
	}
	if (!S_ISREG(st_r->st_mode)) {
		*error_r = "a password file is no regular file";
		return CM_DIR_CORRUPT;
	}
	return CM_DIR_OK;
}

enum cm_dir_result cm_account_exists(int account_fd, time_t *last_login_r,
				     const char **error_r)
{
	enum cm_dir_result result;
	struct stat st;

	result = stat_password(account_fd, &st, error_r);
	if (result == CM_DIR_OK && last_login_r != NULL)
		*last_login_r = st.st_mtim.tv_sec;
	return result;
}

static int fill(int account_fd, int fd, const char *hash,
		const struct stat *old)
{
	/* both: the time of access is nobody's business either */
	const struct timespec times[2] = { old->st_mtim, old->st_mtim };

	return cm_write_all(fd, hash, strlen(hash)) < 0 ||
	       cm_give_to_owner(account_fd, fd) < 0 ||
	       futimens(fd, times) < 0 || fsync(fd) < 0 ? -1 : 0;
}

enum cm_dir_result cm_account_set_hash(int account_fd, const char *hash,
				       uint64_t nonce, const char **error_r)
{
	char temp[TEMP_SIZE];
	enum cm_dir_result result;
	struct stat old;
	int fd, ret, saved;

	if (!cm_account_hash_valid(hash, strlen(hash))) {
		errno = EINVAL;
		return failed("take a malformed password hash", error_r);
	}
	result = stat_password(account_fd, &old, error_r);
	if (result != CM_DIR_OK)
		return result;
	(void)snprintf(temp, sizeof(temp), TEMP_PREFIX "%016" PRIx64, nonce);
	fd = openat(account_fd, temp, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("create a password file", error_r);
	ret = fill(account_fd, fd, hash, &old);
	cm_close_keep_errno(fd);
	if (ret == 0)
		ret = renameat(account_fd, temp, account_fd,
			       CM_ACCOUNT_FILE_PASSWORD);
	if (ret == 0) {
		(void)fsync(account_fd);
		return CM_DIR_OK;
	}
	saved = errno;
	(void)unlinkat(account_fd, temp, 0);
	errno = saved;
	return failed("write a password file", error_r);
}

static enum cm_dir_result make_file(int account_fd, const char *file,
				    bool *changed, const char **error_r)
{
	int fd = openat(account_fd, file, O_WRONLY | O_CREAT | O_EXCL |
			O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return CM_DIR_OK;
	if (fd < 0)
		return failed("create a file of an account", error_r);
	if (cm_give_to_owner(account_fd, fd) < 0) {
		cm_close_keep_errno(fd);
		return failed("set the owner of a file of an account",
			      error_r);
	}
	(void)close(fd);
	*changed = true;
	return CM_DIR_OK;
}

enum cm_dir_result cm_account_set_file(int account_fd, const char *file,
				       bool present, bool *changed_r,
				       const char **error_r)
{
	enum cm_dir_result result = CM_DIR_OK;
	bool changed = false;

	if (present)
		result = make_file(account_fd, file, &changed, error_r);
	else if (unlinkat(account_fd, file, 0) == 0)
		changed = true;
	else if (errno != ENOENT)
		result = failed("remove a file of an account", error_r);
	if (changed)
		(void)fsync(account_fd);
	if (changed_r != NULL)
		*changed_r = changed;
	return result;
}

void cm_account_wake(int account_fd)
{
	int dir_fd = openat(account_fd, "new", O_RDONLY | O_DIRECTORY |
			    O_NOFOLLOW | O_CLOEXEC), fd;

	if (dir_fd < 0)
		return;
	fd = openat(dir_fd, WAKE_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	(void)unlinkat(dir_fd, WAKE_FILE, 0);
	(void)close(dir_fd);
}
