/* SPDX-License-Identifier: MIT
 *
 * cm-milter-socket: the unix socket that Postfix connects to.
 */
#ifndef CM_MILTER_SOCKET_H
#define CM_MILTER_SOCKET_H

struct cm_settings;

/* Room for "unix:" and a path that fits into sun_path. */
#define CM_MILTER_CONN_MAX 128

/* Writes libmilter's name for the socket ("unix:/path") into conn and removes
 * a socket at that path that nobody listens on (a crash left it). Not one
 * that somebody listens on, nor any other kind of file. 0, or -1 with *error_r
 * and errno (0 if no system call failed). */
int cm_milter_socket_prepare(const struct cm_settings *set,
			     char conn[CM_MILTER_CONN_MAX],
			     const char **error_r);

/* Gives the listening socket its group and mode. A group that does not exist,
 * or that we may not give away, is an error: Postfix could not connect. */
int cm_milter_socket_permit(const struct cm_settings *set,
			    const char **error_r);

#endif
