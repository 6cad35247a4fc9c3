/* SPDX-License-Identifier: MIT
 *
 * bad-files: what may lie in the place of a file of ours. To be used with
 * account-tree.h.
 */
#ifndef BAD_FILES_H
#define BAD_FILES_H

enum bad_file {
	BAD_EMPTY,
	BAD_BINARY,
	BAD_HUGE,
	BAD_TEXT,
	BAD_LINK,
	BAD_FIFO,
	BAD_FOLDER
};

#define BAD_HUGE_SIZE (2 * 1024 * 1024)

/* Puts one in the place of dir_fd/name. What a link points to would be
 * good: the caller's file, moved aside. */
static inline void bad_file(int dir_fd, const char *name, enum bad_file what)
{
	static const unsigned char binary[] = { 0, 1, '.', 0xff, '\n', 0 };
	char aside[160];
	int fd;

	(void)snprintf(aside, sizeof(aside), "%s.aside", name);
	assert_int_equal(renameat(dir_fd, name, dir_fd, aside), 0);
	if (what == BAD_LINK) {
		assert_int_equal(symlinkat(aside, dir_fd, name), 0);
		return;
	}
	if (what == BAD_FIFO) {
		assert_int_equal(mkfifoat(dir_fd, name, 0600), 0);
		return;
	}
	if (what == BAD_FOLDER) {
		assert_int_equal(mkdirat(dir_fd, name, 0700), 0);
		return;
	}
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	if (what == BAD_BINARY)
		assert_int_equal(write(fd, binary, sizeof(binary)),
				 sizeof(binary));
	if (what == BAD_TEXT)
		assert_int_equal(write(fd, "see below\n", 10), 10);
	if (what == BAD_HUGE)
		assert_int_equal(ftruncate(fd, BAD_HUGE_SIZE), 0);
	assert_int_equal(close(fd), 0);
}

#endif
