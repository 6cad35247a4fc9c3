/* SPDX-License-Identifier: MIT
 *
 * cm-counters-read: the counters of a file of cm-counters.h, for who does not
 * know their names and must not change them.
 */
#ifndef CM_COUNTERS_READ_H
#define CM_COUNTERS_READ_H

#include "cm-counters.h"

struct cm_counters_view {
	unsigned int count;
	struct {
		char name[CM_COUNTERS_NAME_SIZE + 1];
		uint64_t value;
	} row[CM_COUNTERS_MAX];
};

/* Fills view (12 KB, the caller's) from the file at path. Returns 1, 0 if
 * there is no such file, or -1: errno of a system call, or EINVAL for a file
 * of another form. Each value is one that was true at some moment of the
 * call. Names are printable ASCII. */
int cm_counters_read(const char *path, struct cm_counters_view *view);

#endif
