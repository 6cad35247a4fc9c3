/* SPDX-License-Identifier: MIT */
#include "cm-stamp.h"

#include <string.h>

void cm_stamp_of(const struct stat *st, struct cm_stamp *stamp_r)
{
	stamp_r->dev = st->st_dev;
	stamp_r->ino = st->st_ino;
	stamp_r->size = st->st_size;
	stamp_r->changed = st->st_ctim;
}

void cm_stamp_get(int dir_fd, const char *path, struct cm_stamp *stamp_r)
{
	struct stat st;

	memset(stamp_r, 0, sizeof(*stamp_r));
	if (fstatat(dir_fd, path, &st, 0) == 0)
		cm_stamp_of(&st, stamp_r);
}

bool cm_stamp_equals(const struct cm_stamp *s1, const struct cm_stamp *s2)
{
	return s1->dev == s2->dev && s1->ino == s2->ino &&
	       s1->size == s2->size &&
	       s1->changed.tv_sec == s2->changed.tv_sec &&
	       s1->changed.tv_nsec == s2->changed.tv_nsec;
}
