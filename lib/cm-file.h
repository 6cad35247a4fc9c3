/* SPDX-License-Identifier: MIT
 *
 * cm-file: a small file in a directory that somebody else may write to, read
 * whole. A link is not followed, a FIFO stops nobody, what is no regular file
 * or too large is refused.
 *
 * Results as in cm-account-dir.h: CM_DIR_UNKNOWN if it is not there,
 * CM_DIR_CORRUPT, and CM_DIR_FAILED with errno. *error_r is one of the words
 * that the caller gives, so that logs name the file without its path.
 */
#ifndef CM_FILE_H
#define CM_FILE_H

#include "cm-account-dir.h"

#include <stddef.h>

struct stat;

struct cm_file_words {
	const char *link, *kind, *large, *read;
};

/* For a file that logs call NAME, a string literal. */
#define CM_FILE_WORDS(name) \
	{ \
		.link = name " is a link", \
		.kind = name " is no regular file", \
		.large = name " is too large", \
		.read = "read " name \
	}

/* The descriptor is the caller's. */
enum cm_dir_result cm_file_open(int dir_fd, const char *name,
				const struct cm_file_words *words,
				struct stat *st_r, int *fd_r,
				const char **error_r);

/* buf has room for max + 1 bytes, one more than the file may have. */
enum cm_dir_result cm_file_read(int dir_fd, const char *name,
				const struct cm_file_words *words, void *buf,
				size_t max, size_t *size_r,
				const char **error_r);

#endif
