/* SPDX-License-Identifier: MIT */
#include "cm-io.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t cm_read_all(int fd, void *buf, size_t size)
{
	char *dest = buf;
	size_t used = 0;
	ssize_t ret;

	while (used < size) {
		ret = read(fd, dest + used, size - used);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return -1;
		if (ret == 0)
			break;
		used += (size_t)ret;
	}
	return (ssize_t)used;
}

int cm_write_all(int fd, const void *data, size_t size)
{
	const char *src = data;
	ssize_t ret;

	while (size > 0) {
		ret = write(fd, src, size);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return -1;
		src += ret;
		size -= (size_t)ret;
	}
	return 0;
}

void cm_close_keep_errno(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
}

int cm_give_to_owner(int dir_fd, int fd)
{
	struct stat dir, st;

	if (geteuid() != 0)
		return 0;
	if (fstat(dir_fd, &dir) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_uid == dir.st_uid && st.st_gid == dir.st_gid)
		return 0;
	return fchown(fd, dir.st_uid, dir.st_gid);
}
