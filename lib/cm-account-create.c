/* SPDX-License-Identifier: MIT
 *
 * cm_account_create(): see cm-account-dir.h for what it promises.
 *
 * Nobody holds a lock. Two creators meet in link(2), and whatever a creator
 * that died has left is either harmless (the directory, enforceE2EEincoming)
 * or swept by the winner (temporary files). Who takes a directory without
 * `password` away (cm-account-remove.h) looks for one again when it has been
 * renamed, and we look for the directory after link(2): one of us notices.
 */
#include "cm-account-dir.h"
#include "cm-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX ".password."
/* What a chatmail/relay leaves that was killed in the same place
 * (chatmaild's filedict.py, write_bytes_atomic()). */
#define UPSTREAM_TEMP_PREFIX "password.tmp-"
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 16)
#define DAY ((time_t)86400)

/* How often we start again when somebody takes the directory, or our file in
 * it, away between two of our steps: a creator that won, one that failed, or
 * the expiry of leftovers. */
#define MAX_TRIES 5

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static int close_keep_errno(int fd)
{
	int saved = errno;
	int ret = close(fd);

	if (ret == 0)
		errno = saved;
	return ret;
}

static void closedir_keep_errno(DIR *dir)
{
	int saved = errno;

	(void)closedir(dir);
	errno = saved;
}

static void unlink_keep_errno(int dir_fd, const char *name, int flags)
{
	int saved = errno;

	(void)unlinkat(dir_fd, name, flags);
	errno = saved;
}

static bool is_temp(const char *name)
{
	return strncmp(name, TEMP_PREFIX, sizeof(TEMP_PREFIX) - 1) == 0 ||
	       strncmp(name, UPSTREAM_TEMP_PREFIX,
		       sizeof(UPSTREAM_TEMP_PREFIX) - 1) == 0;
}

static DIR *open_dir(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL)
		(void)close_keep_errno(fd);
	return dir;
}

static bool is_leftover(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, CM_ACCOUNT_FILE_ENFORCE) == 0 || is_temp(name);
}

/* A file that no creation leaves behind. Its owner's login may have made it
 * after we opened the directory (account.json, a folder of mail), and readdir()
 * may name it before `password`, which was there first. */
static enum cm_dir_result check_foreign_file(int fd, const char **error_r)
{
	struct stat st;

	if (fstatat(fd, CM_ACCOUNT_FILE_PASSWORD, &st, AT_SYMLINK_NOFOLLOW) ==
	    0)
		return CM_DIR_EXISTS;
	*error_r = "an account without password has other files";
	return CM_DIR_CORRUPT;
}

/* What creations leave: temporary files, and enforceE2EEincoming. */
struct leftovers {
	bool temp, enforce;
};

/* May this directory become an account: is it new, or an aborted creation? */
static enum cm_dir_result check_leftovers(int fd, struct leftovers *found_r,
					  const char **error_r)
{
	enum cm_dir_result result = CM_DIR_OK;
	struct dirent *d;
	DIR *dir = open_dir(fd);

	*found_r = (struct leftovers){ .temp = false };
	if (dir == NULL)
		return failed("read an account's directory", error_r);
	while (result == CM_DIR_OK) {
		errno = 0;
		d = readdir(dir);
		if (d == NULL)
			break;
		if (strcmp(d->d_name, CM_ACCOUNT_FILE_PASSWORD) == 0)
			result = CM_DIR_EXISTS;
		else if (!is_leftover(d->d_name))
			result = check_foreign_file(fd, error_r);
		else if (is_temp(d->d_name))
			found_r->temp = true;
		else if (strcmp(d->d_name, CM_ACCOUNT_FILE_ENFORCE) == 0)
			found_r->enforce = true;
	}
	if (result == CM_DIR_OK && errno != 0)
		result = failed("read an account's directory", error_r);
	closedir_keep_errno(dir);
	return result;
}

enum cm_dir_result cm_account_creation_aborted(int account_fd,
					       const char **error_r)
{
	struct leftovers found;
	enum cm_dir_result result = check_leftovers(account_fd, &found,
						    error_r);

	if (result == CM_DIR_CORRUPT ||
	    (result == CM_DIR_OK && found.enforce && !found.temp))
		return CM_DIR_UNKNOWN;
	return result;
}

/* Once `password` is there no temporary file can become it any more. */
static void sweep(int fd)
{
	struct dirent *d;
	DIR *dir = open_dir(fd);

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (is_temp(d->d_name))
			(void)unlinkat(fd, d->d_name, 0);
	}
	(void)closedir(dir);
}

void cm_account_create_tidy(int account_fd, const struct stat *password)
{
	struct dirent *d;
	struct stat st;
	DIR *dir = open_dir(account_fd);

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		/* not what somebody is writing now */
		if (is_temp(d->d_name) &&
		    fstatat(account_fd, d->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == password->st_ino)
			(void)unlinkat(account_fd, d->d_name, 0);
	}
	(void)closedir(dir);
}

/* Leaves nothing behind when it fails. */
static enum cm_dir_result write_temp(int fd, const char *temp,
				     const char *hash, time_t now,
				     const char **error_r)
{
	/* also the time of access: no seconds about a person */
	time_t today = now - now % DAY;
	struct timespec times[2] = {
		{ .tv_sec = today }, { .tv_sec = today }
	};
	int temp_fd = openat(fd, temp,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			     O_CLOEXEC, 0600);

	if (temp_fd < 0)
		return failed("create a password file", error_r);
	if (cm_write_all(temp_fd, hash, strlen(hash)) < 0 ||
	    futimens(temp_fd, times) < 0 || fsync(temp_fd) < 0) {
		(void)close_keep_errno(temp_fd);
		unlink_keep_errno(fd, temp, 0);
		return failed("write a password file", error_r);
	}
	if (close_keep_errno(temp_fd) < 0) {
		unlink_keep_errno(fd, temp, 0);
		return failed("write a password file", error_r);
	}
	return CM_DIR_OK;
}

static enum cm_dir_result make_enforce(int fd, const char **error_r)
{
	int enforce_fd = openat(fd, CM_ACCOUNT_FILE_ENFORCE,
				O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
				O_CLOEXEC, 0600);

	if (enforce_fd >= 0) {
		(void)close(enforce_fd);
		return CM_DIR_OK;
	}
	if (errno == ELOOP || errno == ENXIO || errno == EISDIR) {
		*error_r = CM_ACCOUNT_FILE_ENFORCE " is no regular file";
		return CM_DIR_CORRUPT;
	}
	return failed("create " CM_ACCOUNT_FILE_ENFORCE, error_r);
}

/* The moment at which the account comes into being. ENOENT: the winner has
 * swept our file, or the directory was taken away; another try will tell. */
static enum cm_dir_result publish(int fd, const char *temp,
				  const char **error_r)
{
	if (linkat(fd, temp, fd, CM_ACCOUNT_FILE_PASSWORD, 0) == 0)
		return CM_DIR_OK;
	if (errno == EEXIST)
		return CM_DIR_EXISTS;
	return failed("link a password file", error_r);
}

/* ENOENT: it was taken away with our `password` in it, which goes, too. */
static enum cm_dir_result check_place(int mailboxes_fd, const char *name,
				      int fd, const char **error_r)
{
	struct stat named, ours;

	if (fstatat(mailboxes_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(fd, &ours) < 0)
		return failed("stat an account's directory", error_r);
	if (named.st_dev == ours.st_dev && named.st_ino == ours.st_ino)
		return CM_DIR_OK;
	errno = ENOENT;
	return failed("keep an account's directory", error_r);
}

static enum cm_dir_result create_in(int mailboxes_fd, const char *name, int fd,
				    const char *hash, time_t now,
				    uint64_t nonce, const char **error_r)
{
	char temp[TEMP_SIZE];
	struct leftovers found;
	enum cm_dir_result result;

	(void)snprintf(temp, sizeof(temp), TEMP_PREFIX "%016" PRIx64, nonce);
	result = check_leftovers(fd, &found, error_r);
	if (result != CM_DIR_OK)
		return result;
	/* What needs room on disk comes first. */
	result = write_temp(fd, temp, hash, now, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = make_enforce(fd, error_r);
	if (result == CM_DIR_OK)
		result = publish(fd, temp, error_r);
	if (result == CM_DIR_OK)
		result = check_place(mailboxes_fd, name, fd, error_r);
	unlink_keep_errno(fd, temp, 0);
	if (result == CM_DIR_OK) {
		sweep(fd);
		/* The account exists now. Should this fail, a power cut may
		 * undo the creation as a whole, never half of it: no reason
		 * to tell the client that it did not work. */
		(void)fsync(fd);
	}
	return result;
}

enum cm_dir_result cm_account_create(int mailboxes_fd, const char *name,
				     const char *hash, time_t now,
				     uint64_t nonce, const char **error_r)
{
	enum cm_dir_result result = CM_DIR_FAILED;
	unsigned int tries;
	int fd;

	if (!cm_account_hash_valid(hash, strlen(hash))) {
		errno = EINVAL;
		return failed("take a malformed password hash", error_r);
	}
	/* cm_account_open() refuses these, but after mkdir(). */
	if (name[0] == '.' || strchr(name, '/') != NULL) {
		errno = EINVAL;
		return failed("create an account's directory", error_r);
	}
	for (tries = 0; tries < MAX_TRIES; tries++, nonce++) {
		if (mkdirat(mailboxes_fd, name, 0700) < 0 && errno != EEXIST)
			return failed("create an account's directory",
				      error_r);
		result = cm_account_open(mailboxes_fd, name, &fd, error_r);
		if (result == CM_DIR_UNKNOWN)
			continue; /* taken away again */
		if (result != CM_DIR_OK)
			return result;
		result = create_in(mailboxes_fd, name, fd, hash, now, nonce,
				   error_r);
		(void)close_keep_errno(fd);
		if (result == CM_DIR_OK)
			(void)fsync(mailboxes_fd);
		if (result != CM_DIR_FAILED)
			return result;
		/* Only if it is empty: then nothing of us is left. */
		unlink_keep_errno(mailboxes_fd, name, AT_REMOVEDIR);
		if (errno != ENOENT && errno != EEXIST)
			return result;
	}
	if (result == CM_DIR_UNKNOWN)
		result = failed("keep an account's directory", error_r);
	return result;
}
