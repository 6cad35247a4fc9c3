/* SPDX-License-Identifier: MIT */
#include "cm-registration.h"
#include "cm-io.h"

#include "cm-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1: there, 0: not there, -1: cannot tell. */
static int there(int dir_fd, const char *path, int flags)
{
	struct stat st;

	if (fstatat(dir_fd, path, &st, flags) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

static int fail(const char *what, const char **error_r)
{
	*error_r = what;
	return -1;
}

static int open_state(const struct cm_settings *set)
{
	return open(set->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int switch_set(const struct cm_settings *set)
{
	int fd = open_state(set), ret;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	ret = there(fd, CM_REGISTRATION_FILE, AT_SYMLINK_NOFOLLOW);
	cm_close_keep_errno(fd);
	return ret;
}

int cm_registration_closed(const struct cm_settings *set, unsigned int *why_r,
			   const char **error_r)
{
	int ret = 0;

	*why_r = CM_REGISTRATION_OPEN;
	/* the admin's: may be a link, as it may be for chatmail/relay */
	if (*set->nocreate_file != '\0')
		ret = there(AT_FDCWD, set->nocreate_file, 0);
	if (ret < 0)
		return fail("look for nocreate_file", error_r);
	if (ret > 0)
		*why_r |= CM_REGISTRATION_NOCREATE;
	ret = switch_set(set);
	if (ret < 0)
		return fail("look for " CM_REGISTRATION_FILE " in state_dir",
			    error_r);
	if (ret > 0)
		*why_r |= CM_REGISTRATION_SWITCH;
	return *why_r != CM_REGISTRATION_OPEN ? 1 : 0;
}

static int make_switch(int dir_fd, bool *changed)
{
	int fd = openat(dir_fd, CM_REGISTRATION_FILE, O_WRONLY | O_CREAT |
			O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	*changed = true;
	if (geteuid() == 0 && (fstat(dir_fd, &st) < 0 ||
			       fchown(fd, st.st_uid, st.st_gid) < 0))
		ret = -1;
	cm_close_keep_errno(fd);
	return ret;
}

int cm_registration_set(const struct cm_settings *set, bool closed,
			bool *changed_r, const char **error_r)
{
	bool changed = false;
	int fd = open_state(set), ret;

	if (fd < 0)
		return fail("open state_dir", error_r);
	if (closed) {
		ret = make_switch(fd, &changed);
	} else {
		ret = unlinkat(fd, CM_REGISTRATION_FILE, 0);
		changed = ret == 0;
		if (ret < 0 && errno == ENOENT)
			ret = 0;
	}
	if (changed)
		(void)fsync(fd);
	cm_close_keep_errno(fd);
	if (changed_r != NULL)
		*changed_r = changed;
	if (ret < 0)
		return fail("write " CM_REGISTRATION_FILE " in state_dir",
			    error_r);
	return 0;
}
