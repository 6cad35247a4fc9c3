/* SPDX-License-Identifier: MIT
 *
 * cm-counters: a small table of named counters in a file that several threads
 * and processes add to and anybody may read at any time, without locks.
 *
 *	8 bytes "CMCOUNT1", 4 bytes row count, 4 bytes 0, then rows of
 *	40 bytes name (NUL-padded) and 8 bytes count, in host byte order
 *
 * It lives in run_dir, so a reboot starts at zero; a restart of the program
 * goes on counting. Counts only, nothing about anybody.
 */
#ifndef CM_COUNTERS_H
#define CM_COUNTERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CM_COUNTERS_NAME_SIZE 40
#define CM_COUNTERS_MAX 256

struct cm_counters {
	struct cm_counters_file *file; /* mapped; NULL = not open */
	size_t size;
};

/* Opens or makes the file `name` in dir_fd with these counters, mode 0644.
 * A file with other rows or of another form is replaced by one with zeros.
 * 0, or -1 with errno; adding to counters that are not open does nothing. */
int cm_counters_open(struct cm_counters *counters, int dir_fd,
		     const char *name, const char *const *names,
		     unsigned int count);

/* names[i] += 1 */
void cm_counters_add(struct cm_counters *counters, unsigned int i);

uint64_t cm_counters_get(const struct cm_counters *counters, unsigned int i);

void cm_counters_close(struct cm_counters *counters);

#endif
