/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-file.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "account-tree.h"

#define MAX 64
static const struct cm_file_words words = CM_FILE_WORDS("the file");

static enum cm_dir_result read_it(size_t *size_r, const char **error_r)
{
	char buf[MAX + 1];
	enum cm_dir_result result;

	memset(buf, 'x', sizeof(buf));
	*error_r = "";
	result = cm_file_read(tree_fd, "file", &words, buf, MAX, size_r,
			      error_r);
	if (result == CM_DIR_OK && *size_r > 0)
		assert_int_equal(buf[0], 'd');
	return result;
}

static void sizes(void **state)
{
	char data[MAX + 1];
	const char *error;
	size_t size, i;

	(void)state;
	memset(data, 'd', sizeof(data));
	for (i = 0; i <= sizeof(data); i++) {
		tree_begin();
		tree_file("", "file", data, i);
		if (i <= MAX) {
			assert_int_equal(read_it(&size, &error), CM_DIR_OK);
			assert_int_equal(size, i);
		} else {
			assert_int_equal(read_it(&size, &error),
					 CM_DIR_CORRUPT);
			assert_string_equal(error, "the file is too large");
			assert_int_equal(size, 0);
		}
		tree_end();
	}
}

static void make_link(void)
{
	tree_file("", "else", "data", 4);
	assert_int_equal(symlinkat("else", tree_fd, "file"), 0);
}

static void make_fifo(void)
{
	assert_int_equal(mkfifoat(tree_fd, "file", 0600), 0);
}

static void make_folder(void)
{
	assert_int_equal(mkdirat(tree_fd, "file", 0700), 0);
}

static void make_socket(void)
{
	union {
		struct sockaddr any;
		struct sockaddr_un un;
	} addr = { .un = { .sun_family = AF_UNIX } };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_true(snprintf(addr.un.sun_path, sizeof(addr.un.sun_path),
			     "%s/file", tree_path) <
		    (int)sizeof(addr.un.sun_path));
	assert_int_equal(bind(fd, &addr.any, sizeof(addr.un)), 0);
	assert_int_equal(close(fd), 0);
}

static void odd(void **state)
{
	static const struct {
		void (*make)(void);
		const char *error;
	} rows[] = { { make_link, "the file is a link" },
		     { make_fifo, "the file is no regular file" },
		     { make_folder, "the file is no regular file" },
		     { make_socket, "the file is no regular file" } };
	const char *error;
	size_t size, i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tree_begin();
		rows[i].make();
		assert_int_equal(read_it(&size, &error), CM_DIR_CORRUPT);
		assert_string_equal(error, rows[i].error);
		tree_end();
	}
}

static void missing(void **state)
{
	const char *error;
	struct stat st;
	size_t size;
	int fd = 1;

	(void)state;
	tree_begin();
	assert_int_equal(read_it(&size, &error), CM_DIR_UNKNOWN);
	assert_int_equal(cm_file_open(tree_fd, "file", &words, &st, &fd,
				      &error), CM_DIR_UNKNOWN);
	assert_int_equal(fd, -1);
	tree_end();
}

static void trouble(void **state)
{
	const char *error = "";
	struct stat st;
	int fd;

	(void)state;
	errno = 0;
	assert_int_equal(cm_file_open(-2, "file", &words, &st, &fd, &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, EBADF);
	assert_string_equal(error, "read the file");
}

int main(void)
{
	cm_unit_test(sizes);
	cm_unit_test(odd);
	cm_unit_test(missing);
	cm_unit_test(trouble);
	return cm_unit_run();
}
