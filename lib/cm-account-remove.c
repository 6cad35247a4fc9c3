/* SPDX-License-Identifier: MIT */
#include "cm-account-remove.h"
#include "cm-hold.h"
#include "cm-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

/* How often we start again because somebody else works on the same name or
 * takes `.removed` away, and how often a directory is read again because
 * things were added to it while we emptied it. */
#define MAX_TRIES 10

struct condition {
	cm_account_due_fn *due; /* NULL: without one */
	void *ctx;
};

static int remove_entry(int mailboxes_fd, int dir_fd, const char *name,
			unsigned int depth);

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Released by unlock(). A descriptor of our own, since those that share one
 * share its locks. */
static int lock(int mailboxes_fd)
{
	int fd = openat(mailboxes_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* a file system that has no locks goes without */
	while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

static void unlock(int lock_fd)
{
	int saved = errno;

	/* also of a child that due() may have made */
	(void)flock(lock_fd, LOCK_UN);
	(void)close(lock_fd);
	errno = saved;
}

/* At depth 0 it is an account, which somebody may be about to put back. Once
 * it is open under the lock it is not. (Another of the name may come into its
 * place, but that one is not empty.) */
static int open_dir(int mailboxes_fd, int dir_fd, const char *name,
		    unsigned int depth)
{
	int fd, lock_fd;

	if (depth > 0)
		return openat(dir_fd, name, OPEN_DIR);
	lock_fd = lock(mailboxes_fd);
	if (lock_fd < 0)
		return -1;
	fd = openat(dir_fd, name, OPEN_DIR);
	unlock(lock_fd);
	return fd;
}

/* How many entries it removed, or -1. */
static int empty_once(int mailboxes_fd, DIR *dir, unsigned int depth)
{
	struct dirent *d;
	int count = 0, error = 0;

	rewinddir(dir);
	for (;;) {
		errno = 0;
		d = readdir(dir);
		if (d == NULL)
			break;
		if (is_dots(d->d_name))
			continue;
		/* What cannot be removed does not keep the rest. */
		if (remove_entry(mailboxes_fd, dirfd(dir), d->d_name,
				 depth) < 0)
			error = errno;
		else
			count++;
	}
	if (errno != 0)
		return -1;
	errno = error;
	return error != 0 ? -1 : count;
}

/* Empties the directory of this descriptor, which it closes. */
static int empty_dir(int mailboxes_fd, int fd, unsigned int depth)
{
	DIR *dir = fdopendir(fd);
	unsigned int tries;
	int ret = -1, saved;

	if (dir == NULL) {
		cm_close_keep_errno(fd);
		return -1;
	}
	for (tries = 0; tries < MAX_TRIES; tries++) {
		ret = empty_once(mailboxes_fd, dir, depth);
		if (ret <= 0)
			break;
	}
	saved = errno;
	(void)closedir(dir);
	errno = saved;
	return ret < 0 ? -1 : 0;
}

/* 0: it is gone, whoever did it. */
static int remove_entry(int mailboxes_fd, int dir_fd, const char *name,
			unsigned int depth)
{
	unsigned int tries;
	int fd;

	/* POSIX says EPERM for a directory, Linux EISDIR. */
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth > CM_ACCOUNT_REMOVE_MAX_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 ||
		    errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
		fd = open_dir(mailboxes_fd, dir_fd, name, depth);
		if (fd < 0 && errno == ENOENT)
			return 0;
		if (fd < 0 || empty_dir(mailboxes_fd, fd, depth + 1) < 0)
			return -1;
	}
	errno = ENOTEMPTY;
	return -1;
}

static enum cm_dir_result open_removed(int mailboxes_fd, int *fd_r,
				       const char **error_r)
{
	int fd = openat(mailboxes_fd, CM_ACCOUNT_REMOVED_DIR, OPEN_DIR);

	if (fd >= 0) {
		*fd_r = fd;
		return CM_DIR_OK;
	}
	if (errno == ENOENT)
		return CM_DIR_UNKNOWN;
	if (errno == ELOOP || errno == ENOTDIR) {
		*error_r = CM_ACCOUNT_REMOVED_DIR " is not a directory";
		return CM_DIR_CORRUPT;
	}
	return failed("open " CM_ACCOUNT_REMOVED_DIR, error_r);
}

/* Root makes it for the owner of the mailboxes, who may have to finish. */
static enum cm_dir_result make_removed(int mailboxes_fd, int *fd_r,
				       const char **error_r)
{
	enum cm_dir_result result;
	struct stat st;

	if (mkdirat(mailboxes_fd, CM_ACCOUNT_REMOVED_DIR, 0700) < 0 &&
	    errno != EEXIST)
		return failed("create " CM_ACCOUNT_REMOVED_DIR, error_r);
	result = open_removed(mailboxes_fd, fd_r, error_r);
	if (result == CM_DIR_OK && geteuid() == 0 &&
	    (fstat(mailboxes_fd, &st) < 0 ||
	     fchown(*fd_r, st.st_uid, st.st_gid) < 0)) {
		cm_close_keep_errno(*fd_r);
		return failed("set the owner of " CM_ACCOUNT_REMOVED_DIR,
			      error_r);
	}
	return result;
}

/* Nobody finds it any more; look again, and put it back if it is to stay, or
 * if that cannot be told. What is no directory is no account. */
static bool put_back(int mailboxes_fd, int removed_fd, const char *name,
		     const struct condition *condition)
{
	bool due;
	int fd;

	if (condition->due == NULL)
		return false;
	fd = openat(removed_fd, name, OPEN_DIR);
	if (fd >= 0) {
		due = condition->due(condition->ctx, fd);
		(void)close(fd);
	} else
		due = errno == ENOENT || errno == ELOOP || errno == ENOTDIR;
	return !due && renameat(removed_fd, name, mailboxes_fd, name) == 0;
}

/* As renameat(); *kept: and back again. */
static int take_away(int mailboxes_fd, int removed_fd, const char *name,
		     const struct condition *condition, bool *kept)
{
	int lock_fd = lock(mailboxes_fd);
	int ret;

	if (lock_fd < 0)
		return -1;
	ret = renameat(mailboxes_fd, name, removed_fd, name);
	if (ret == 0)
		*kept = put_back(mailboxes_fd, removed_fd, name, condition);
	unlock(lock_fd);
	return ret;
}

/* CM_DIR_EXISTS: something was in the way, try again. */
static enum cm_dir_result remove_once(int mailboxes_fd, const char *name,
				      const struct condition *condition,
				      bool *found, bool *kept,
				      const char **error_r)
{
	enum cm_dir_result result;
	struct stat st;
	int fd;

	result = make_removed(mailboxes_fd, &fd, error_r);
	if (result == CM_DIR_UNKNOWN)
		return CM_DIR_EXISTS;
	if (result != CM_DIR_OK)
		return result;
	/* of a removal that did not come to its end */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*found = true;
	if (remove_entry(mailboxes_fd, fd, name, 0) < 0) {
		result = failed("empty a removed account", error_r);
	} else if (take_away(mailboxes_fd, fd, name, condition, kept) == 0) {
		*found = *found || !*kept;
		if (!*kept && remove_entry(mailboxes_fd, fd, name, 0) < 0)
			result = failed("empty a removed account", error_r);
	} else if (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR ||
		   errno == ENOTDIR) {
		result = CM_DIR_EXISTS;
	} else if (errno != ENOENT) {
		result = failed("rename an account", error_r);
	} else if (fstatat(mailboxes_fd, name, &st,
			   AT_SYMLINK_NOFOLLOW) == 0) {
		result = CM_DIR_EXISTS; /* .removed went away */
	} else if (errno != ENOENT) {
		result = failed("stat an account", error_r);
	}
	cm_close_keep_errno(fd);
	return result;
}

/* Fails while something is in it, which is how it should be. */
static void drop_removed(int mailboxes_fd)
{
	int saved = errno;

	(void)unlinkat(mailboxes_fd, CM_ACCOUNT_REMOVED_DIR, AT_REMOVEDIR);
	errno = saved;
}

/* CM_DIR_OK also if there is nobody to hold it for. */
static enum cm_dir_result hold_name(int mailboxes_fd, const char *name,
				    const struct cm_hold *hold,
				    const char **error_r)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	enum cm_dir_result result;
	int fd;

	if (hold->fd < 0)
		return CM_DIR_OK;
	result = cm_account_open(mailboxes_fd, name, &fd, error_r);
	if (result == CM_DIR_OK) {
		result = cm_account_read_hash(fd, hash, error_r);
		cm_close_keep_errno(fd);
	}
	if (result == CM_DIR_UNKNOWN || result == CM_DIR_CORRUPT)
		return CM_DIR_OK;
	if (result == CM_DIR_OK)
		result = cm_hold_put(hold, name, hash, error_r);
	return result;
}

enum cm_dir_result cm_account_remove_if(int mailboxes_fd, const char *name,
					const struct cm_hold *hold,
					cm_account_due_fn *due, void *ctx,
					const char **error_r)
{
	const struct condition condition = { .due = due, .ctx = ctx };
	enum cm_dir_result result = CM_DIR_EXISTS;
	bool found = false, kept = false;
	unsigned int tries;

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		errno = EINVAL;
		return failed("remove an account", error_r);
	}
	result = hold_name(mailboxes_fd, name, hold, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = CM_DIR_EXISTS;
	for (tries = 0; tries < MAX_TRIES && result == CM_DIR_EXISTS; tries++)
		result = remove_once(mailboxes_fd, name, &condition, &found,
				     &kept, error_r);
	drop_removed(mailboxes_fd);
	if (result == CM_DIR_EXISTS) {
		errno = EBUSY;
		return failed("remove an account", error_r);
	}
	if (result == CM_DIR_OK && kept)
		return CM_DIR_EXISTS;
	if (result == CM_DIR_OK && !found)
		return CM_DIR_UNKNOWN;
	return result;
}

enum cm_dir_result cm_account_remove(int mailboxes_fd, const char *name,
				     const struct cm_hold *hold,
				     const char **error_r)
{
	return cm_account_remove_if(mailboxes_fd, name, hold, NULL, NULL,
				    error_r);
}

static bool is_no_account(void *ctx, int account_fd)
{
	const char *error;

	(void)ctx;
	return cm_account_has_file(account_fd, CM_ACCOUNT_FILE_PASSWORD,
				   &error) == CM_DIR_UNKNOWN;
}

enum cm_dir_result cm_account_remove_remains(int mailboxes_fd,
					     const char *name,
					     const char **error_r)
{
	enum cm_dir_result result;
	struct cm_hold none;
	int fd;

	result = cm_account_open(mailboxes_fd, name, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = cm_account_has_file(fd, CM_ACCOUNT_FILE_PASSWORD, error_r);
	cm_close_keep_errno(fd);
	if (result != CM_DIR_UNKNOWN)
		return result == CM_DIR_OK ? CM_DIR_UNKNOWN : result;
	cm_hold_none(&none);
	/* A first login may come at any moment. */
	result = cm_account_remove_if(mailboxes_fd, name, &none, is_no_account,
				      NULL, error_r);
	return result == CM_DIR_EXISTS ? CM_DIR_UNKNOWN : result;
}

enum cm_dir_result cm_account_remove_sweep(int mailboxes_fd,
					   const char **error_r)
{
	enum cm_dir_result result;
	int fd;

	/* What is renamed stays so. If this fails there is nothing better to
	 * do than what a power cut would undo. */
	(void)fsync(mailboxes_fd);
	result = open_removed(mailboxes_fd, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	/* Each name in it is an account's, at depth 0. */
	if (empty_dir(mailboxes_fd, fd, 0) < 0)
		return failed("empty " CM_ACCOUNT_REMOVED_DIR, error_r);
	drop_removed(mailboxes_fd);
	return CM_DIR_OK;
}
