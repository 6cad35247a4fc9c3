/* SPDX-License-Identifier: MIT
 *
 * cm-log: log lines of our programs, to standard error, one write(2) each so
 * that threads do not mix. Under systemd each line carries its priority.
 *
 * What may be said at which level: nothing that names a person above debug;
 * lines about a message begin with its queue id.
 */
#ifndef CM_LOG_H
#define CM_LOG_H

#include <stdbool.h>

/* The numbers are syslog's (RFC 5424 6.2.1). */
enum cm_log_level {
	CM_LOG_ERROR = 3,
	CM_LOG_WARNING = 4,
	CM_LOG_INFO = 6,
	CM_LOG_DEBUG = 7
};

/* Longest line; more is cut. */
#define CM_LOG_MAX 1024

/* Once, before threads start. name is kept, not copied. debug: let
 * CM_LOG_DEBUG through. */
void cm_log_init(const char *name, bool debug);

/* Control characters of the arguments become '?'. */
void cm_log(enum cm_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
