/* SPDX-License-Identifier: MIT */
#include "cm-file.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static enum cm_dir_result result_of(enum cm_dir_result result,
				    const char *what, const char **error_r)
{
	*error_r = what;
	return result;
}

enum cm_dir_result cm_file_open(int dir_fd, const char *name,
				const struct cm_file_words *words,
				struct stat *st_r, int *fd_r,
				const char **error_r)
{
	enum cm_dir_result result;
	/* O_NONBLOCK: a FIFO planted here must not stop us. */
	int fd = openat(dir_fd, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*fd_r = -1;
	if (fd < 0 && errno == ENOENT)
		return CM_DIR_UNKNOWN;
	if (fd < 0 && errno == ELOOP)
		return result_of(CM_DIR_CORRUPT, words->link, error_r);
	/* a socket */
	if (fd < 0 && errno == ENXIO)
		return result_of(CM_DIR_CORRUPT, words->kind, error_r);
	if (fd < 0)
		return result_of(CM_DIR_FAILED, words->read, error_r);
	if (fstat(fd, st_r) < 0) {
		result = result_of(CM_DIR_FAILED, words->read, error_r);
	} else if (!S_ISREG(st_r->st_mode)) {
		result = result_of(CM_DIR_CORRUPT, words->kind, error_r);
	} else {
		*fd_r = fd;
		return CM_DIR_OK;
	}
	cm_close_keep_errno(fd);
	return result;
}

enum cm_dir_result cm_file_read(int dir_fd, const char *name,
				const struct cm_file_words *words, void *buf,
				size_t max, size_t *size_r,
				const char **error_r)
{
	enum cm_dir_result result;
	struct stat st;
	ssize_t ret;
	int fd;

	*size_r = 0;
	result = cm_file_open(dir_fd, name, words, &st, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	ret = cm_read_all(fd, buf, max + 1);
	cm_close_keep_errno(fd);
	if (ret < 0)
		return result_of(CM_DIR_FAILED, words->read, error_r);
	if ((size_t)ret > max)
		return result_of(CM_DIR_CORRUPT, words->large, error_r);
	*size_r = (size_t)ret;
	return CM_DIR_OK;
}
