/* SPDX-License-Identifier: MIT
 *
 * cm-milter: the gate as Postfix sees it, over the milter protocol.
 *
 * libmilter runs every connection in a thread of its own. A connection's
 * state is freed with it; threads share the settings, which do not change,
 * and nothing else.
 */
#ifndef CM_MILTER_H
#define CM_MILTER_H

struct cm_settings;

/* Serves the socket that the settings name until SIGTERM or SIGINT. The
 * settings stay the caller's and must outlive the call. 0, or -1 with
 * *error_r set (and errno, where a system call failed). */
int cm_milter_run(const struct cm_settings *set, const char **error_r);

#endif
