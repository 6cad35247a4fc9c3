/* SPDX-License-Identifier: MIT */
#include "cm-log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set once before threads start; a log is a property of the process. */
static const char *log_name = "chatmail";
static bool log_debug, log_prefix;

void cm_log_init(const char *name, bool debug)
{
	log_name = name;
	log_debug = debug;
	log_prefix = getenv("JOURNAL_STREAM") != NULL;
}

void cm_log(enum cm_log_level level, const char *format, ...)
{
	char line[CM_LOG_MAX];
	size_t used = 0, i;
	va_list args;
	int n;

	if (level == CM_LOG_DEBUG && !log_debug)
		return;
	n = log_prefix ? snprintf(line, sizeof(line), "<%d>", (int)level) :
			 snprintf(line, sizeof(line), "%s: ", log_name);
	if (n > 0)
		used = (size_t)n;
	va_start(args, format);
	n = vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	if (n < 0)
		return;
	i = used;
	used += (size_t)n;
	if (used > sizeof(line) - 1)
		used = sizeof(line) - 1;
	for (; i < used; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[used++] = '\n';
	/* nowhere is left to complain if this fails */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}
