/* SPDX-License-Identifier: MIT
 *
 * account-tree: an empty mailboxes directory for the tests of cm-account-dir.
 */
#ifndef ACCOUNT_TREE_H
#define ACCOUNT_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_ACCOUNT "abcdefghi@example.org"

static char tree_path[200];
static int tree_fd = -1;

/* what is in dir, without following links */
static void tree_empty(int dir_fd)
{
	DIR *dir = fdopendir(dir_fd);
	struct dirent *d;

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(dir_fd, d->d_name, 0) < 0) {
			tree_empty(openat(dir_fd, d->d_name,
					  O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
			(void)unlinkat(dir_fd, d->d_name, AT_REMOVEDIR);
		}
	}
	(void)closedir(dir);
}

static void tree_end(void)
{
	if (tree_fd >= 0) {
		tree_empty(tree_fd);
		(void)rmdir(tree_path);
	}
	tree_fd = -1;
}

static void tree_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	tree_end();
	(void)snprintf(tree_path, sizeof(tree_path), "%s/cm-account.XXXXXX",
		       tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(tree_path));
	tree_fd = open(tree_path, O_RDONLY | O_DIRECTORY);
	assert_true(tree_fd >= 0);
}

/* dir/file with this content; dir is made if needed, "" is the tree */
static inline void tree_file(const char *dir, const char *file,
			     const char *data, size_t size)
{
	char path[256];
	int fd;

	if (*dir != '\0')
		(void)mkdirat(tree_fd, dir, 0700);
	(void)snprintf(path, sizeof(path), "%s%s%s", dir,
		       *dir == '\0' ? "" : "/", file);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(close(fd), 0);
}

static inline bool tree_has(const char *dir, const char *file)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	return fstatat(tree_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* How many entries dir has, without . and .. */
static inline int tree_count(const char *dir)
{
	int count = -2;
	DIR *d = fdopendir(openat(tree_fd, dir, O_RDONLY | O_DIRECTORY));

	assert_non_null(d);
	while (readdir(d) != NULL)
		count++;
	(void)closedir(d);
	return count;
}

#endif
