/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-dir.h"
#include "cm-settings.h"

#include <errno.h>
#include <stdbool.h>

#include "account-tree.h"

#define DAY ((time_t)86400)
#define STR(s) s, sizeof(s) - 1
#define X16 "xxxxxxxxxxxxxxxx"
#define X80 X16 X16 X16 X16 X16
#define X500 X80 X80 X80 X80 X80 X80 X16 "xxxx"
#define SUM86 X80 "abcd./"

static const struct hash_row {
	const char *name;
	const char *text;
	size_t len;
	bool expect;
} hash_rows[] = {
	{ "plain", STR("{PLAIN}x"), true },
	{ "encoding", STR("{SSHA256.b64}abc+/="), true },
	{ "braces in the hash", STR("{X}{}"), true },
	{ "empty", STR(""), false },
	{ "only a brace", STR("{"), false },
	{ "empty scheme", STR("{}x"), false },
	{ "empty hash", STR("{PLAIN}"), false },
	{ "no closing brace", STR("{PLAINx"), false },
	{ "no scheme", STR("x"), false },
	{ "blank first", STR(" {PLAIN}x"), false },
	{ "blank in the scheme", STR("{PLA IN}x"), false },
	{ "blank in the hash", STR("{PLAIN}x y"), false },
	{ "newline", STR("{PLAIN}x\n"), false },
	{ "NUL", STR("{PLAIN}x\0y"), false },
	{ "byte 127", STR("{PLAIN}x\x7f"), false },
	{ "byte 128", STR("{PLAIN}x\x80"), false },
	{ "511", STR("{P}" X500 "12345678"), true },
	{ "512", STR("{P}" X500 "123456789"), true },
	{ "513", STR("{P}" X500 "1234567890"), false },
	{ "SHA512-CRYPT", STR("{SHA512-CRYPT}$6$salt$" SUM86), true },
	{ "SHA512-CRYPT, rounds",
	  STR("{SHA512-CRYPT}$6$rounds=9000$salt$" SUM86), true },
	{ "SHA512-CRYPT of 85", STR("{SHA512-CRYPT}$6$salt$" X80 "abcd."),
	  false },
	{ "SHA512-CRYPT of 87", STR("{SHA512-CRYPT}$6$salt$" SUM86 "x"),
	  false },
	{ "SHA512-CRYPT, other method", STR("{SHA512-CRYPT}$5$salt$" SUM86),
	  false },
	{ "SHA512-CRYPT, failure token", STR("{SHA512-CRYPT}*0"), false },
	{ "SHA512-CRYPT, foreign character",
	  STR("{SHA512-CRYPT}$6$salt$" X80 "abcd.!"), false },
	{ "SHA512-CRYPT, empty", STR("{SHA512-CRYPT}"), false },
};

static void hash(void **state)
{
	const struct hash_row *row = *state;

	assert_int_equal(cm_account_hash_valid(row->text, row->len),
			 row->expect);
}

static int open_account(void)
{
	const char *error;
	int fd;

	assert_int_equal(cm_account_open(tree_fd, TREE_ACCOUNT, &fd, &error),
			 CM_DIR_OK);
	return fd;
}

static const struct read_row {
	const char *name;
	const char *text;
	size_t len;
	enum cm_dir_result expect;
	const char *hash;
} read_rows[] = {
	{ "plain", STR("{PLAIN}x"), CM_DIR_OK, "{PLAIN}x" },
	{ "newline of an editor", STR("{PLAIN}x\n"), CM_DIR_OK, "{PLAIN}x" },
	{ "two newlines", STR("{PLAIN}x\n\n"), CM_DIR_CORRUPT, NULL },
	{ "carriage return", STR("{PLAIN}x\r\n"), CM_DIR_CORRUPT, NULL },
	{ "empty", STR(""), CM_DIR_CORRUPT, NULL },
	{ "only a newline", STR("\n"), CM_DIR_CORRUPT, NULL },
	{ "binary", STR("\0\1\2\3"), CM_DIR_CORRUPT, NULL },
	{ "NUL behind", STR("{PLAIN}x\0"), CM_DIR_CORRUPT, NULL },
	{ "512", STR("{P}" X500 "123456789"), CM_DIR_OK,
	  "{P}" X500 "123456789" },
	{ "512 and a newline", STR("{P}" X500 "123456789\n"), CM_DIR_OK,
	  "{P}" X500 "123456789" },
	{ "513", STR("{P}" X500 "1234567890"), CM_DIR_CORRUPT, NULL },
	{ "513 and a newline", STR("{P}" X500 "1234567890\n"),
	  CM_DIR_CORRUPT, NULL },
	{ "1000", STR(X500 X500), CM_DIR_CORRUPT, NULL },
};

static void reads(void **state)
{
	const struct read_row *row = *state;
	char buf[CM_ACCOUNT_MAX_HASH + 1];
	const char *error = NULL;
	int fd;

	tree_begin();
	tree_file(TREE_ACCOUNT, "password", row->text, row->len);
	fd = open_account();
	assert_int_equal(cm_account_read_hash(fd, buf, &error), row->expect);
	if (row->hash != NULL)
		assert_string_equal(buf, row->hash);
	else
		assert_non_null(error);
	(void)close(fd);
	tree_end();
}

static void password_of_other_types(void **state)
{
	char buf[CM_ACCOUNT_MAX_HASH + 1];
	const char *error = NULL;
	int fd;

	(void)state;
	tree_begin();
	tree_file("", "outside", STR("{PLAIN}x"));
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	fd = open_account();
	assert_int_equal(cm_account_read_hash(fd, buf, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(symlinkat("../outside", fd, "password"), 0);
	assert_int_equal(cm_account_read_hash(fd, buf, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(unlinkat(fd, "password", 0), 0);
	assert_int_equal(mkfifoat(fd, "password", 0600), 0);
	assert_int_equal(cm_account_read_hash(fd, buf, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(unlinkat(fd, "password", 0), 0);
	assert_int_equal(mkdirat(fd, "password", 0700), 0);
	assert_int_equal(cm_account_read_hash(fd, buf, &error),
			 CM_DIR_CORRUPT);
	(void)close(fd);
	tree_end();
}

static const struct open_row {
	const char *name;
	const char *account;
	enum cm_dir_result expect;
	int expect_errno;
} open_rows[] = {
	{ "directory", "real", CM_DIR_OK, 0 },
	{ "missing", "nobody", CM_DIR_UNKNOWN, 0 },
	{ "link to a directory", "link", CM_DIR_CORRUPT, 0 },
	{ "dangling link", "dangling", CM_DIR_CORRUPT, 0 },
	{ "file", "file", CM_DIR_CORRUPT, 0 },
	{ "empty", "", CM_DIR_FAILED, EINVAL },
	{ "dot", ".", CM_DIR_FAILED, EINVAL },
	{ "dot dot", "..", CM_DIR_FAILED, EINVAL },
	{ "path", "real/sub", CM_DIR_FAILED, EINVAL },
	{ "absolute", "/tmp", CM_DIR_FAILED, EINVAL },
	{ "trailing slash", "real/", CM_DIR_FAILED, EINVAL },
	{ "255", X80 X80 X80 "xxxxxxxxxxxxxxx", CM_DIR_UNKNOWN, 0 },
	{ "256", X80 X80 X80 X16, CM_DIR_FAILED, ENAMETOOLONG },
};

static void opens(void **state)
{
	const struct open_row *row = *state;
	const char *error = NULL;
	int fd = -1;

	tree_begin();
	tree_file("real", "x", STR(""));
	tree_file("", "file", STR(""));
	assert_int_equal(symlinkat("real", tree_fd, "link"), 0);
	assert_int_equal(symlinkat("nowhere", tree_fd, "dangling"), 0);
	errno = 0;
	assert_int_equal(cm_account_open(tree_fd, row->account, &fd, &error),
			 row->expect);
	if (row->expect_errno != 0)
		assert_int_equal(errno, row->expect_errno);
	assert_int_equal(fd >= 0, row->expect == CM_DIR_OK);
	if (fd >= 0) {
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		(void)close(fd);
	}
	tree_end();
}

static void mailboxes(void **state)
{
	const char *error = NULL;
	int fd;

	(void)state;
	tree_begin();
	assert_int_equal(cm_mailboxes_open(tree_path, &fd, &error),
			 CM_DIR_OK);
	(void)close(fd);
	assert_int_equal(cm_mailboxes_open("/nonexistent/x", &fd, &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, ENOENT);
	assert_non_null(error);
	tree_end();
}

static void flag_files(void **state)
{
	const char *error;
	int fd;

	(void)state;
	tree_begin();
	tree_file(TREE_ACCOUNT, CM_ACCOUNT_FILE_DISABLED, STR(""));
	fd = open_account();
	assert_int_equal(symlinkat("nowhere", fd, CM_ACCOUNT_FILE_ENFORCE), 0);
	assert_int_equal(cm_account_has_file(fd, CM_ACCOUNT_FILE_DISABLED,
					     &error), CM_DIR_OK);
	assert_int_equal(cm_account_has_file(fd, CM_ACCOUNT_FILE_ENFORCE,
					     &error), CM_DIR_OK);
	assert_int_equal(cm_account_has_file(fd, "password", &error),
			 CM_DIR_UNKNOWN);
	(void)close(fd);
	assert_int_equal(cm_account_has_file(fd, "password", &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, EBADF);
	tree_end();
}

#define NOON (20000 * DAY + DAY / 2)

static const struct touch_row {
	const char *name;
	time_t before;
	long before_nsec;
	time_t now, after;
	bool written;
} touch_rows[] = {
	{ "first of the day", 19999 * DAY, 0, NOON, 20000 * DAY, true },
	{ "again", 20000 * DAY, 0, NOON, 20000 * DAY, false },
	{ "first second", 19999 * DAY, 0, 20000 * DAY, 20000 * DAY, true },
	{ "last second", 19999 * DAY, 0, 20000 * DAY - 1, 19999 * DAY, false },
	{ "seconds of today are dropped", NOON - 5, 0, NOON, 20000 * DAY,
	  true },
	{ "fractions, too", 20000 * DAY, 5, NOON, 20000 * DAY, true },
	{ "last second of today", 20001 * DAY - 1, 0, NOON, 20000 * DAY,
	  true },
	{ "clock went back", 20001 * DAY, 0, NOON, 20001 * DAY, false },
	{ "clock was far ahead", 30000 * DAY, 0, NOON, 30000 * DAY, false },
};

static void touches(void **state)
{
	const struct touch_row *row = *state;
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = row->before, .tv_nsec = row->before_nsec }
	};
	const char *error;
	struct stat st;
	bool written;
	int fd;

	tree_begin();
	tree_file(TREE_ACCOUNT, "password", STR("{PLAIN}x"));
	fd = open_account();
	assert_int_equal(utimensat(fd, "password", times, 0), 0);
	assert_int_equal(cm_account_touch_login(fd, row->now, &written,
						&error), CM_DIR_OK);
	assert_int_equal(written, row->written);
	assert_int_equal(fstatat(fd, "password", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, row->after);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	(void)close(fd);
	tree_end();
}

static void touch_of_nothing(void **state)
{
	const char *error;
	int fd;

	(void)state;
	tree_begin();
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	fd = open_account();
	assert_int_equal(cm_account_touch_login(fd, NOON, NULL, &error),
			 CM_DIR_UNKNOWN);
	assert_false(tree_has(TREE_ACCOUNT, "password"));
	(void)close(fd);
	tree_end();
}

/* What a creator leaves who dies behind link(2); another file that is being
 * written stays. */
static void second_name(void **state)
{
	const char *error = "";
	int fd;

	(void)state;
	tree_begin();
	tree_file(TREE_ACCOUNT, "password", "{P}x", 4);
	tree_file(TREE_ACCOUNT, ".password.0123456789abcdef", "{P}y", 4);
	assert_int_equal(linkat(tree_fd, TREE_ACCOUNT "/password", tree_fd,
				TREE_ACCOUNT "/.password.fedcba9876543210", 0),
			 0);
	assert_int_equal(cm_account_open(tree_fd, TREE_ACCOUNT, &fd, &error),
			 CM_DIR_OK);
	assert_int_equal(cm_account_touch_login(fd, NOON, NULL, &error),
			 CM_DIR_OK);
	assert_true(tree_has(TREE_ACCOUNT, "password"));
	assert_true(tree_has(TREE_ACCOUNT, ".password.0123456789abcdef"));
	assert_false(tree_has(TREE_ACCOUNT, ".password.fedcba9876543210"));
	(void)close(fd);
	tree_end();
}

static void iterates(void **state)
{
	static const char ini[] = "[params]\nmail_domain = example.org\n";
	struct cm_account_iter *iter, *none = NULL;
	struct cm_settings set;
	const char *error, *name;
	unsigned int a = 0, b = 0, count = 0, round;

	(void)state;
	assert_int_equal(cm_settings_parse(&set, "x", ini, sizeof(ini) - 1,
					   NULL, NULL, &error), 0);
	tree_begin();
	tree_file("aaa@example.org", "password", STR("{PLAIN}x"));
	tree_file("b+b@example.org", "password", STR("damaged"));
	tree_file("half@example.org", CM_ACCOUNT_FILE_ENFORCE, STR(""));
	tree_file("ccc@example.net", "password", STR("{PLAIN}x"));
	tree_file(".ddd@example.org", "password", STR("{PLAIN}x"));
	tree_file("lost+found", "password", STR("{PLAIN}x"));
	tree_file("", "file@example.org", STR("{PLAIN}x"));
	assert_int_equal(symlinkat("aaa@example.org", tree_fd,
				   "link@example.org"), 0);
	assert_int_equal(mkdirat(tree_fd, "lpw@example.org", 0700), 0);
	assert_int_equal(symlinkat("../aaa@example.org/password", tree_fd,
				   "lpw@example.org/password"), 0);
	/* twice: a walk must not depend on where the last one ended */
	for (round = 0; round < 2; round++) {
		assert_int_equal(cm_account_iter_init(&set, tree_fd, &iter,
						      &error), CM_DIR_OK);
		while (cm_account_iter_next(iter, &name, &error) ==
		       CM_DIR_OK) {
			a += strcmp(name, "aaa@example.org") == 0;
			b += strcmp(name, "b+b@example.org") == 0;
			count++;
		}
		cm_account_iter_deinit(&iter);
		assert_null(iter);
	}
	assert_int_equal(count, 4);
	assert_int_equal(a, 2);
	assert_int_equal(b, 2);
	assert_int_equal(cm_account_iter_init(&set, tree_fd, &iter, &error),
			 CM_DIR_OK);
	cm_account_iter_everything(iter);
	for (count = 0; cm_account_iter_next(iter, &name, &error) ==
			CM_DIR_OK; count++)
		assert_int_not_equal(name[0], '.');
	cm_account_iter_deinit(&iter);
	assert_int_equal(count, tree_count(".") - 1);
	cm_account_iter_deinit(&none);
	assert_int_equal(cm_account_iter_init(&set, -1, &iter, &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, EBADF);
	cm_settings_deinit(&set);
	tree_end();
}

int main(void)
{
	cm_unit_rows(hash, hash_rows);
	cm_unit_rows(reads, read_rows);
	cm_unit_test(password_of_other_types);
	cm_unit_rows(opens, open_rows);
	cm_unit_test(mailboxes);
	cm_unit_test(flag_files);
	cm_unit_rows(touches, touch_rows);
	cm_unit_test(touch_of_nothing);
	cm_unit_test(second_name);
	cm_unit_test(iterates);
	return cm_unit_run();
}
