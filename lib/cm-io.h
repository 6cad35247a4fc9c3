/* SPDX-License-Identifier: MIT
 *
 * cm-io: system calls carried through to their end, for the modules of lib
 * that touch small files. A signal interrupts none of them.
 */
#ifndef CM_IO_H
#define CM_IO_H

#include <stddef.h>
#include <sys/types.h>

/* Reads up to size bytes, less only at the end of the file. How many, or -1
 * with errno. */
ssize_t cm_read_all(int fd, void *buf, size_t size);

/* 0, or -1 with errno; part of it may then be written. */
int cm_write_all(int fd, const void *data, size_t size);

/* close(), leaving errno as it was: it tells what failed before. */
void cm_close_keep_errno(int fd);

/* What root makes in a directory belongs to the directory's owner: gives him
 * the file or directory fd. Nothing to do for anybody else, or if it is his
 * already. 0, or -1 with errno. */
int cm_give_to_owner(int dir_fd, int fd);

#endif
