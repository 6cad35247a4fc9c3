/* SPDX-License-Identifier: MIT
 *
 * cm-system: how busy and how full the machine is, for the limits on new
 * accounts (cm_account_limits_check()).
 *
 * Linux only in what it reads (proc(5)): the first number of /proc/loadavg,
 * MemAvailable of /proc/meminfo, and the blocks that fstatvfs() says a user
 * other than root may still use. Elsewhere, or where /proc is not mounted,
 * the values are not known.
 *
 * The parsers are separate from the reading: they look at text[0..len) and
 * need no NUL. No allocation, no globals.
 */
#ifndef CM_SYSTEM_H
#define CM_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cm_account_system;

#define CM_SYSTEM_LOADAVG "/proc/loadavg"
#define CM_SYSTEM_MEMINFO "/proc/meminfo"

/* As much of either file as is looked at. MemAvailable is its third line. */
#define CM_SYSTEM_MAX_FILE 4095

/* "0.52 0.58 0.59 1/467 12345": the first. At most 6 digits before the point
 * and 3 behind it. */
bool cm_system_parse_loadavg(const char *text, size_t len, double *load_r);

/* "MemAvailable:   123456 kB" at the start of any line, in bytes. */
bool cm_system_parse_meminfo(const char *text, size_t len, uint64_t *bytes_r);

/* Reads all three; disk_fd is any file or directory of the file system that
 * is meant. Returns true if all are known. If not, *what_r is a constant text
 * that names the first that is not. */
bool cm_system_read(const char *loadavg_path, const char *meminfo_path,
		    int disk_fd, struct cm_account_system *system_r,
		    const char **what_r);

#endif
