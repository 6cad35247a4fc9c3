/* SPDX-License-Identifier: MIT */
#include "cm-account-dir.h"
#include "cm-file.h"
#include "cm-io.h"

#include "cm-account-rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY ((time_t)86400)
/* characters of a SHA512-CRYPT hash behind its salt */
#define SHA512_CRYPT_SUM 86

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct cm_account_iter {
	const struct cm_settings *set;
	DIR *dir;
	bool everything;
};

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

/* close() must not hide why we gave up. */
enum cm_dir_result cm_mailboxes_open(const char *path, int *fd_r,
				     const char **error_r)
{
	int fd = open(path, OPEN_DIR);

	if (fd < 0)
		return failed("open the mailboxes directory", error_r);
	*fd_r = fd;
	return CM_DIR_OK;
}

enum cm_dir_result cm_account_open(int mailboxes_fd, const char *name,
				   int *fd_r, const char **error_r)
{
	int fd;

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		errno = EINVAL;
		return failed("open an account's directory", error_r);
	}
	fd = openat(mailboxes_fd, name, OPEN_DIR | O_NOFOLLOW);
	if (fd >= 0) {
		*fd_r = fd;
		return CM_DIR_OK;
	}
	if (errno == ENOENT)
		return CM_DIR_UNKNOWN;
	/* Linux says ENOTDIR for a link when O_DIRECTORY is given. */
	if (errno == ELOOP || errno == ENOTDIR)
		return corrupt("an account is not a directory", error_r);
	return failed("open an account's directory", error_r);
}

static bool scheme_char_valid(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool crypt_char_valid(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '/';
}

/* crypt(5): $6$[rounds=N$]salt$ and 86 characters. crypt(3) does not tell a
 * malformed setting from a password that does not match. */
static bool sha512_crypt_valid(const char *hash, size_t len)
{
	const char *end = hash + len, *sum = end - SHA512_CRYPT_SUM, *p;

	if (len < 3 + 1 + SHA512_CRYPT_SUM || memcmp(hash, "$6$", 3) != 0 ||
	    sum[-1] != '$')
		return false;
	for (p = sum; p < end; p++) {
		if (!crypt_char_valid(*p))
			return false;
	}
	return true;
}

bool cm_account_hash_valid(const char *hash, size_t len)
{
	static const char sha512[] = "{SHA512-CRYPT}";
	const size_t scheme_len = sizeof(sha512) - 1;
	size_t i = 1;

	if (len > CM_ACCOUNT_MAX_HASH || len < 1 || hash[0] != '{')
		return false;
	while (i < len && scheme_char_valid(hash[i]))
		i++;
	if (i == 1 || i + 1 >= len || hash[i] != '}')
		return false;
	for (i++; i < len; i++) {
		if (hash[i] <= ' ' || hash[i] > '~')
			return false;
	}
	if (len > scheme_len && memcmp(hash, sha512, scheme_len) == 0)
		return sha512_crypt_valid(hash + scheme_len, len - scheme_len);
	return true;
}

enum cm_dir_result cm_account_read_hash_file(int dir_fd, const char *file,
					     char buf[CM_ACCOUNT_MAX_HASH + 1],
					     const char **error_r)
{
	static const struct cm_file_words words =
		CM_FILE_WORDS("a password file");
	/* room for the newline, and one more to see that it is too long */
	char text[CM_ACCOUNT_MAX_HASH + 2];
	enum cm_dir_result result;
	size_t len;

	result = cm_file_read(dir_fd, file, &words, text,
			      CM_ACCOUNT_MAX_HASH + 1, &len, error_r);
	if (result != CM_DIR_OK)
		return result;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (!cm_account_hash_valid(text, len))
		return corrupt("a password file is damaged", error_r);
	memcpy(buf, text, len);
	buf[len] = '\0';
	return CM_DIR_OK;
}

enum cm_dir_result cm_account_read_hash(int account_fd,
					char buf[CM_ACCOUNT_MAX_HASH + 1],
					const char **error_r)
{
	return cm_account_read_hash_file(account_fd, CM_ACCOUNT_FILE_PASSWORD,
					 buf, error_r);
}

enum cm_dir_result cm_account_has_file(int account_fd, const char *file,
				       const char **error_r)
{
	struct stat st;

	if (fstatat(account_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return CM_DIR_OK;
	if (errno == ENOENT)
		return CM_DIR_UNKNOWN;
	return failed("stat a file of an account", error_r);
}

enum cm_dir_result cm_account_touch_login(int account_fd, time_t now,
					  bool *written_r,
					  const char **error_r)
{
	time_t today = now - now % DAY;
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = today }
	};
	struct stat st;

	if (written_r != NULL)
		*written_r = false;
	if (fstatat(account_fd, CM_ACCOUNT_FILE_PASSWORD, &st,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return CM_DIR_UNKNOWN;
		return failed("stat a password file", error_r);
	}
	if (st.st_nlink > 1)
		cm_account_create_tidy(account_fd, &st);
	/* A later day than today's is a clock that was wrong, now or then.
	 * Going back could cost the owner the account. */
	if ((st.st_mtim.tv_sec == today && st.st_mtim.tv_nsec == 0) ||
	    st.st_mtim.tv_sec >= today + DAY)
		return CM_DIR_OK;
	if (utimensat(account_fd, CM_ACCOUNT_FILE_PASSWORD, times,
		      AT_SYMLINK_NOFOLLOW) < 0)
		return failed("set the time of a password file", error_r);
	if (written_r != NULL)
		*written_r = true;
	return CM_DIR_OK;
}

enum cm_dir_result cm_account_iter_init(const struct cm_settings *set,
					int mailboxes_fd,
					struct cm_account_iter **iter_r,
					const char **error_r)
{
	struct cm_account_iter *iter;
	/* not dup(): that would share the position with other walks */
	int fd = openat(mailboxes_fd, ".", OPEN_DIR);

	if (fd < 0)
		return failed("open the mailboxes directory", error_r);
	iter = calloc(1, sizeof(*iter));
	if (iter != NULL)
		iter->dir = fdopendir(fd);
	if (iter == NULL || iter->dir == NULL) {
		free(iter);
		cm_close_keep_errno(fd);
		return failed("read the mailboxes directory", error_r);
	}
	iter->set = set;
	*iter_r = iter;
	return CM_DIR_OK;
}

static bool has_password(int mailboxes_fd, const char *name)
{
	const char *error;
	struct stat st;
	bool found;
	int fd;

	if (cm_account_open(mailboxes_fd, name, &fd, &error) != CM_DIR_OK)
		return false;
	found = fstatat(fd, CM_ACCOUNT_FILE_PASSWORD, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(st.st_mode);
	(void)close(fd);
	return found;
}

void cm_account_iter_everything(struct cm_account_iter *iter)
{
	iter->everything = true;
}

enum cm_dir_result cm_account_iter_next(struct cm_account_iter *iter,
					const char **name_r,
					const char **error_r)
{
	struct dirent *d;

	for (;;) {
		errno = 0;
		d = readdir(iter->dir);
		if (d == NULL && errno != 0)
			return failed("read the mailboxes directory", error_r);
		if (d == NULL)
			return CM_DIR_UNKNOWN;
		if (iter->everything ? d->d_name[0] != '.' :
		    cm_account_name_valid(iter->set, d->d_name,
					  strlen(d->d_name)) &&
		    has_password(dirfd(iter->dir), d->d_name)) {
			*name_r = d->d_name;
			return CM_DIR_OK;
		}
	}
}

void cm_account_iter_deinit(struct cm_account_iter **_iter)
{
	struct cm_account_iter *iter = *_iter;

	*_iter = NULL;
	if (iter == NULL)
		return;
	(void)closedir(iter->dir);
	free(iter);
}
