/* SPDX-License-Identifier: MIT */
#include "cm-policy-log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_SIZE 512

/* A log is a property of the process. */
static bool use_syslog;
static bool said[CM_POLICY_TROUBLE_COUNT];
static uint64_t said_at[CM_POLICY_TROUBLE_COUNT];

void cm_policy_log_init(void)
{
	struct stat in, err;
	int fd;

	if (fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	    (!S_ISSOCK(in.st_mode) || in.st_dev != err.st_dev ||
	     in.st_ino != err.st_ino))
		return;
	use_syslog = true;
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)dup2(fd, STDERR_FILENO);
		(void)close(fd);
	}
	openlog("chatmail-policy", LOG_PID, LOG_MAIL);
}

void cm_policy_warn(enum cm_policy_trouble trouble, uint64_t now,
		    const char *format, ...)
{
	char line[LINE_SIZE], *p;
	va_list args;

	if (said[trouble] && now - said_at[trouble] < CM_POLICY_WARN_SECONDS)
		return;
	said[trouble] = true;
	said_at[trouble] = now;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (p = line; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	if (use_syslog)
		syslog(LOG_WARNING, "%s", line);
	else
		(void)dprintf(STDERR_FILENO, "chatmail-policy: %s\n", line);
}
