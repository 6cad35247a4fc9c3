/* SPDX-License-Identifier: MIT */
#include "cm-secret.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int wrong(const char *what, const char **error_r)
{
	errno = 0;
	*error_r = what;
	return -1;
}

static int failed(const char *what, const char **error_r)
{
	*error_r = what;
	return -1;
}

static int read_open(int fd, const struct cm_secret_form *form, char *buf,
		     const char **error_r)
{
	/* the secret, a line end, and one byte that must not be there */
	char text[CM_SECRET_MAX + 2];
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0)
		return failed("stat", error_r);
	if (!S_ISREG(st.st_mode))
		return wrong("is no regular file", error_r);
	if ((st.st_mode & 07) != 0)
		return wrong("must be mode 0640: others can read it",
			     error_r);
	len = cm_read_all(fd, text, form->max + 2);
	if (len < 0)
		return failed("read", error_r);
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if ((size_t)len > form->max || !form->valid(text, (size_t)len))
		return wrong(form->expected, error_r);
	memcpy(buf, text, (size_t)len);
	buf[len] = '\0';
	return 1;
}

int cm_secret_read(const char *path, const struct cm_secret_form *form,
		   char *buf, const char **error_r)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return failed("open", error_r);
	ret = read_open(fd, form, buf, error_r);
	cm_close_keep_errno(fd);
	return ret;
}
