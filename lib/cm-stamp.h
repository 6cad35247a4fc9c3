/* SPDX-License-Identifier: MIT
 *
 * cm-stamp: by which a file is known again, to read it only when it has
 * changed. The time is that of the last change of the inode: mtime can be set
 * back (rsync -t, cp -p), this cannot.
 */
#ifndef CM_STAMP_H
#define CM_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>

/* All zero: there was none. */
struct cm_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

void cm_stamp_of(const struct stat *st, struct cm_stamp *stamp_r);

/* What fstatat(2) says of it now. */
void cm_stamp_get(int dir_fd, const char *path, struct cm_stamp *stamp_r);

bool cm_stamp_equals(const struct cm_stamp *s1, const struct cm_stamp *s2);

#endif
