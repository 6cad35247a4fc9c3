/* SPDX-License-Identifier: MIT */
#include "cm-milter-socket.h"
#include "cm-settings.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 1 = somebody answers, 0 = nobody does, -1 = cannot tell. */
static int is_alive(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int ret, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strcpy(addr.sun_path, path);
	ret = connect(fd, (const void *)&addr, sizeof(addr));
	if (ret < 0)
		ret = errno == ECONNREFUSED ? 0 : -1;
	else
		ret = 1;
	(void)close(fd);
	return ret;
}

int cm_milter_socket_prepare(const struct cm_settings *set,
			     char conn[CM_MILTER_CONN_MAX],
			     const char **error_r)
{
	const char *path = set->milter_socket_path;
	struct stat st;

	errno = 0;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		*error_r = "milter_socket: the path is too long for a socket";
		return -1;
	}
	(void)snprintf(conn, CM_MILTER_CONN_MAX, "unix:%s", path);
	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		*error_r = "milter_socket: cannot look at the path";
		return -1;
	}
	errno = 0;
	if (!S_ISSOCK(st.st_mode)) {
		*error_r = "milter_socket: there is something else than a "
			   "socket at that path";
		return -1;
	}
	switch (is_alive(path)) {
	case 0:
		if (unlink(path) == 0)
			return 0;
		*error_r = "milter_socket: cannot remove a stale socket";
		return -1;
	case 1:
		*error_r = "milter_socket: somebody listens there already";
		return -1;
	default:
		*error_r = "milter_socket: cannot tell whether the socket "
			   "there is in use";
		return -1;
	}
}

int cm_milter_socket_permit(const struct cm_settings *set,
			    const char **error_r)
{
	struct group *group;
	const char *path = set->milter_socket_path;

	errno = 0;
	group = getgrnam(set->milter_socket_group);
	if (group == NULL) {
		*error_r = "milter_socket_group: no such group";
		return -1;
	}
	if (chown(path, (uid_t)-1, group->gr_gid) < 0) {
		*error_r = "milter_socket_group: cannot give the socket to "
			   "that group";
		return -1;
	}
	if (chmod(path, set->milter_socket_mode) < 0) {
		*error_r = "milter_socket_mode: cannot set it";
		return -1;
	}
	return 0;
}
