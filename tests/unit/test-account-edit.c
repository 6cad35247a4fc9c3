/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-edit.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "account-tree.h"

#define DAY ((time_t)86400)
#define OLD "{PLAIN}old"
#define NEW "{PLAIN}new"

static int account_fd;

static void begin(void)
{
	const struct timespec times[2] = {
		{ .tv_sec = 5 * DAY }, { .tv_sec = 5 * DAY }
	};

	tree_begin();
	tree_file(TREE_ACCOUNT, "password", OLD, sizeof(OLD) - 1);
	account_fd = openat(tree_fd, TREE_ACCOUNT, O_RDONLY | O_DIRECTORY);
	assert_true(account_fd >= 0);
	assert_int_equal(utimensat(account_fd, "password", times, 0), 0);
}

static void end(void)
{
	(void)close(account_fd);
	tree_end();
}

static enum cm_dir_result set_hash(const char *hash)
{
	const char *error = "";

	return cm_account_set_hash(account_fd, hash, 0x1234, &error);
}

static void expect_hash(const char *expect)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	const char *error;

	assert_int_equal(cm_account_read_hash(account_fd, hash, &error),
			 CM_DIR_OK);
	assert_string_equal(hash, expect);
}

static void replaces(void **state)
{
	const char *error;
	struct stat st, dir;
	time_t last;

	(void)state;
	begin();
	assert_int_equal(set_hash(NEW), CM_DIR_OK);
	assert_int_equal(cm_account_exists(account_fd, &last, &error),
			 CM_DIR_OK);
	assert_int_equal(last, 5 * DAY);
	assert_int_equal(fstatat(account_fd, "password", &st, 0), 0);
	assert_int_equal(fstat(account_fd, &dir), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_uid, dir.st_uid);
	assert_int_equal(st.st_atim.tv_sec, 5 * DAY);
	expect_hash(NEW); /* sets the time of access */
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	end();
}

static void owner(void **state)
{
	const char *error;
	struct stat st;

	(void)state;
	begin();
	assert_int_equal(fchown(account_fd, 12345, 54321), 0);
	assert_int_equal(set_hash(NEW), CM_DIR_OK);
	assert_int_equal(cm_account_set_file(account_fd,
					     CM_ACCOUNT_FILE_DISABLED, true,
					     NULL, &error), CM_DIR_OK);
	assert_int_equal(fstatat(account_fd, "password", &st, 0), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
	assert_int_equal(fstatat(account_fd, "DISABLED", &st, 0), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
	end();
}

static void repairs_damage(void **state)
{
	(void)state;
	begin();
	tree_file(TREE_ACCOUNT, "password", "", 0);
	assert_int_equal(set_hash(NEW), CM_DIR_OK);
	expect_hash(NEW);
	end();
}

static void malformed(void **state)
{
	(void)state;
	begin();
	errno = 0;
	assert_int_equal(set_hash("no scheme"), CM_DIR_FAILED);
	assert_int_equal(errno, EINVAL);
	expect_hash(OLD);
	end();
}

static void makes_no_account(void **state)
{
	const char *error;

	(void)state;
	begin();
	assert_int_equal(unlinkat(account_fd, "password", 0), 0);
	assert_int_equal(set_hash(NEW), CM_DIR_UNKNOWN);
	assert_int_equal(cm_account_exists(account_fd, NULL, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(tree_count(TREE_ACCOUNT), 0);
	end();
}

static void not_a_link(void **state)
{
	const char *error;

	(void)state;
	begin();
	assert_int_equal(renameat(account_fd, "password", account_fd, "real"),
			 0);
	assert_int_equal(symlinkat("real", account_fd, "password"), 0);
	assert_int_equal(set_hash(NEW), CM_DIR_CORRUPT);
	assert_int_equal(cm_account_exists(account_fd, NULL, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

/* a temporary file of the same name: somebody else's, and not ours to take */
static void name_taken(void **state)
{
	(void)state;
	begin();
	tree_file(TREE_ACCOUNT, ".password.0000000000001234", "x", 1);
	assert_int_equal(set_hash(NEW), CM_DIR_FAILED);
	expect_hash(OLD);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

static void files(void **state)
{
	const char *error, *file = CM_ACCOUNT_FILE_DISABLED;
	bool changed;

	(void)state;
	begin();
	assert_int_equal(cm_account_set_file(account_fd, file, false,
					     &changed, &error), CM_DIR_OK);
	assert_false(changed);
	assert_int_equal(cm_account_set_file(account_fd, file, true, &changed,
					     &error), CM_DIR_OK);
	assert_true(changed);
	assert_true(tree_has(TREE_ACCOUNT, file));
	assert_int_equal(cm_account_set_file(account_fd, file, true, &changed,
					     &error), CM_DIR_OK);
	assert_false(changed);
	assert_int_equal(cm_account_set_file(account_fd, file, false,
					     &changed, &error), CM_DIR_OK);
	assert_true(changed);
	assert_false(tree_has(TREE_ACCOUNT, file));
	/* a link is there, wherever it leads, and goes without its target */
	assert_int_equal(symlinkat("password", account_fd, file), 0);
	assert_int_equal(cm_account_set_file(account_fd, file, true, &changed,
					     &error), CM_DIR_OK);
	assert_false(changed);
	assert_int_equal(cm_account_set_file(account_fd, file, false,
					     &changed, &error), CM_DIR_OK);
	assert_true(changed);
	expect_hash(OLD);
	end();
}

static void wake(void **state)
{
	(void)state;
	begin();
	cm_account_wake(account_fd); /* no `new`: nothing happens */
	assert_int_equal(mkdirat(account_fd, "new", 0700), 0);
	cm_account_wake(account_fd);
	assert_int_equal(tree_count(TREE_ACCOUNT "/new"), 0);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

int main(void)
{
	cm_unit_test(replaces);
	if (geteuid() == 0)
		cm_unit_test(owner);
	else
		(void)fprintf(stderr, "# not root: owner is not tested\n");
	cm_unit_test(repairs_damage);
	cm_unit_test(malformed);
	cm_unit_test(makes_no_account);
	cm_unit_test(not_a_link);
	cm_unit_test(name_taken);
	cm_unit_test(files);
	cm_unit_test(wake);
	return cm_unit_run();
}
