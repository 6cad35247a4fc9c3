/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-remove.h"
#include "cm-hold.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "account-tree.h"

#define OTHER "otherother@example.org"

static void make_account(const char *name)
{
	char path[128];

	tree_file(name, "password", "{P}x", 4);
	(void)snprintf(path, sizeof(path), "%s/cur", name);
	assert_int_equal(mkdirat(tree_fd, path, 0700), 0);
	tree_file(path, "1.2.3:2,S", "mail", 4);
	(void)snprintf(path, sizeof(path), "%s/.a.b", name);
	assert_int_equal(mkdirat(tree_fd, path, 0700), 0);
	tree_file(path, "x", "", 0);
}

static enum cm_dir_result do_remove(const char *name)
{
	const char *error = "";
	struct cm_hold none;

	cm_hold_none(&none);
	return cm_account_remove(tree_fd, name, &none, &error);
}

static void removes_all(void **state)
{
	(void)state;
	tree_begin();
	make_account(TREE_ACCOUNT);
	make_account(OTHER);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_int_equal(tree_count("."), 1);
	assert_true(tree_has(OTHER, "password"));
	assert_true(tree_has(OTHER, "cur/1.2.3:2,S"));
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_UNKNOWN);
	assert_int_equal(tree_count("."), 1);
	tree_end();
}

static void not_links(void **state)
{
	(void)state;
	tree_begin();
	make_account(OTHER);
	make_account(TREE_ACCOUNT);
	assert_int_equal(symlinkat("../" OTHER, tree_fd, TREE_ACCOUNT "/l"), 0);
	assert_int_equal(symlinkat("/nonexistent", tree_fd,
				   TREE_ACCOUNT "/dangling"), 0);
	assert_int_equal(mkfifoat(tree_fd, TREE_ACCOUNT "/fifo", 0600), 0);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_true(tree_has(OTHER, "cur/1.2.3:2,S"));

	/* the account itself is one */
	assert_int_equal(symlinkat(OTHER, tree_fd, TREE_ACCOUNT), 0);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_int_equal(tree_count("."), 1);
	assert_true(tree_has(OTHER, "cur/1.2.3:2,S"));
	tree_file("", TREE_ACCOUNT, "a file", 6);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_int_equal(tree_count("."), 1);
	tree_end();
}

static const struct name_row {
	const char *name, *account;
} name_rows[] = {
	{ "empty", "" },
	{ "dot", "." },
	{ "dots", ".." },
	{ "hidden", ".removed" },
	{ "path", "a/b@example.org" },
	{ "absolute", "/tmp" },
};

static void bad_name(void **state)
{
	const struct name_row *row = *state;

	tree_begin();
	make_account(TREE_ACCOUNT);
	errno = 0;
	assert_int_equal(do_remove(row->account), CM_DIR_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tree_count("."), 1);
	tree_end();
}

/* What an interrupted removal leaves: a tree in .removed, whole or not. */
static void leave(const char *name)
{
	char path[128];

	(void)mkdirat(tree_fd, CM_ACCOUNT_REMOVED_DIR, 0700);
	(void)snprintf(path, sizeof(path), CM_ACCOUNT_REMOVED_DIR "/%s", name);
	make_account(path);
}

static void interrupted(void **state)
{
	const char *error = "";

	(void)state;
	tree_begin();
	leave(TREE_ACCOUNT);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_int_equal(tree_count("."), 0);

	/* and it came into being again */
	leave(TREE_ACCOUNT);
	make_account(TREE_ACCOUNT);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_int_equal(tree_count("."), 0);

	leave(TREE_ACCOUNT);
	leave(OTHER);
	assert_int_equal(cm_account_remove_sweep(tree_fd, &error), CM_DIR_OK);
	assert_int_equal(tree_count("."), 0);
	assert_int_equal(cm_account_remove_sweep(tree_fd, &error),
			 CM_DIR_UNKNOWN);
	tree_end();
}

static void other_leftovers_stay(void **state)
{
	(void)state;
	tree_begin();
	leave(OTHER);
	make_account(TREE_ACCOUNT);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_OK);
	assert_true(tree_has(CM_ACCOUNT_REMOVED_DIR, OTHER));
	tree_end();
}

static void removed_is_a_link(void **state)
{
	const char *error = "";

	(void)state;
	tree_begin();
	make_account(TREE_ACCOUNT);
	make_account(OTHER);
	assert_int_equal(symlinkat(OTHER, tree_fd, CM_ACCOUNT_REMOVED_DIR), 0);
	assert_int_equal(do_remove(TREE_ACCOUNT), CM_DIR_CORRUPT);
	assert_int_equal(cm_account_remove_sweep(tree_fd, &error),
			 CM_DIR_CORRUPT);
	assert_true(tree_has(TREE_ACCOUNT, "password"));
	assert_true(tree_has(OTHER, "cur/1.2.3:2,S"));
	tree_end();
}

static void remains(void **state)
{
	const char *error = "";

	(void)state;
	tree_begin();
	make_account(TREE_ACCOUNT);
	assert_int_equal(cm_account_remove_remains(tree_fd, TREE_ACCOUNT,
						   &error), CM_DIR_UNKNOWN);
	assert_true(tree_has(TREE_ACCOUNT, "password"));
	assert_int_equal(unlinkat(tree_fd, TREE_ACCOUNT "/password", 0), 0);
	assert_int_equal(cm_account_remove_remains(tree_fd, TREE_ACCOUNT,
						   &error), CM_DIR_OK);
	assert_int_equal(tree_count("."), 0);
	assert_int_equal(cm_account_remove_remains(tree_fd, TREE_ACCOUNT,
						   &error), CM_DIR_UNKNOWN);
	tree_end();
}

/* A first login between the look for a password and the removal. */
static bool create_at_mkdir;

int __real_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_mkdirat(int fd, const char *path, mode_t mode)
{
	const char *error = "";

	if (create_at_mkdir && strcmp(path, CM_ACCOUNT_REMOVED_DIR) == 0) {
		create_at_mkdir = false;
		assert_int_equal(cm_account_create(tree_fd, TREE_ACCOUNT,
						   "{PLAIN}aaaa", 86400, 1,
						   &error), CM_DIR_OK);
	}
	return __real_mkdirat(fd, path, mode);
}

static void remains_become_an_account(void **state)
{
	const char *error = "";

	(void)state;
	tree_begin();
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	create_at_mkdir = true;
	assert_int_equal(cm_account_remove_remains(tree_fd, TREE_ACCOUNT,
						   &error), CM_DIR_UNKNOWN);
	assert_false(create_at_mkdir);
	assert_true(tree_has(TREE_ACCOUNT, "password"));
	assert_int_equal(tree_count("."), 1);
	tree_end();
}

static const struct depth_row {
	const char *name;
	unsigned int depth;
	enum cm_dir_result expect;
} depth_rows[] = {
	{ "N-1", CM_ACCOUNT_REMOVE_MAX_DEPTH - 1, CM_DIR_OK },
	{ "N", CM_ACCOUNT_REMOVE_MAX_DEPTH, CM_DIR_OK },
	{ "N+1", CM_ACCOUNT_REMOVE_MAX_DEPTH + 1, CM_DIR_FAILED },
};

static void depth(void **state)
{
	const struct depth_row *row = *state;
	unsigned int i;
	int fd, next;

	tree_begin();
	make_account(TREE_ACCOUNT);
	fd = openat(tree_fd, TREE_ACCOUNT, O_RDONLY | O_DIRECTORY);
	for (i = 0; i < row->depth; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
	errno = 0;
	assert_int_equal(do_remove(TREE_ACCOUNT), row->expect);
	if (row->expect == CM_DIR_FAILED)
		assert_int_equal(errno, ELOOP);
	/* out of sight in any case */
	assert_false(tree_has(TREE_ACCOUNT, "."));
	tree_end();
}

/* kill -9 at any moment: repeated, it leaves nothing. */
#define KILLS 200
#define MAX_KILLS (50 * KILLS) /* until one came in time */
static void killed(void **state)
{
	unsigned int i, unfinished = 0;
	int status;
	pid_t pid;

	(void)state;
	tree_begin();
	for (i = 0; i < KILLS || (unfinished == 0 && i < MAX_KILLS); i++) {
		struct timespec pause = { .tv_nsec = 2000L * (i % KILLS) };

		make_account(TREE_ACCOUNT);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(do_remove(TREE_ACCOUNT) == CM_DIR_OK ? 0 : 1);
		(void)nanosleep(&pause, NULL);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			assert_int_equal(WEXITSTATUS(status), 0);
		if (tree_count(".") != 0)
			unfinished++;
		(void)do_remove(TREE_ACCOUNT);
		assert_int_equal(tree_count("."), 0);
	}
	/* some were really cut short */
	assert_true(unfinished > 0);
	tree_end();
}

/* Several at once, against somebody who makes it again. */
#define REMOVERS 4
#define ROUNDS 50
static void at_once(void **state)
{
	unsigned int i, round;
	int status;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		tree_begin();
		make_account(TREE_ACCOUNT);
		for (i = 0; i < REMOVERS; i++) {
			if (fork() == 0) {
				enum cm_dir_result result =
					do_remove(TREE_ACCOUNT);

				_exit(result == CM_DIR_OK ||
				      result == CM_DIR_UNKNOWN ? 0 : 1);
			}
		}
		for (i = 0; i < REMOVERS; i++) {
			assert_true(wait(&status) > 0);
			assert_int_equal(status, 0);
		}
		assert_int_equal(tree_count("."), 0);
		tree_end();
	}
}

struct asked {
	unsigned int count;
	bool due;
	bool remade; /* somebody makes one of the same name meanwhile */
};

static bool ask(void *ctx, int account_fd)
{
	struct asked *asked = ctx;
	struct stat st;

	asked->count++;
	assert_int_equal(fstatat(account_fd, "password", &st, 0), 0);
	/* nobody can log in any more */
	assert_false(tree_has(TREE_ACCOUNT, "password"));
	if (asked->remade)
		make_account(TREE_ACCOUNT);
	return asked->due;
}

static const struct if_row {
	const char *name;
	struct asked asked;
	enum cm_dir_result result;
	bool there;
} if_rows[] = {
	{ "due", { 0, true, false }, CM_DIR_OK, false },
	{ "not due", { 0, false, false }, CM_DIR_EXISTS, true },
	/* cannot come back then, and must not take the new one's place */
	{ "not due, but there is a new one", { 0, false, true }, CM_DIR_OK,
	  true },
};

static void remove_if(void **state)
{
	const struct if_row *row = *state;
	struct asked asked = row->asked;
	struct cm_hold none;
	const char *error = "";

	tree_begin();
	make_account(TREE_ACCOUNT);
	cm_hold_none(&none);
	assert_int_equal(cm_account_remove_if(tree_fd, TREE_ACCOUNT, &none,
					      ask, &asked, &error),
			 row->result);
	assert_int_equal(asked.count, 1);
	assert_int_equal(tree_has(TREE_ACCOUNT, "password"), row->there);
	assert_int_equal(tree_has(TREE_ACCOUNT, "cur/1.2.3:2,S"), row->there);
	assert_false(tree_has(".", CM_ACCOUNT_REMOVED_DIR));
	assert_int_equal(cm_account_remove_if(tree_fd, OTHER, &none, ask,
					      &asked, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(asked.count, 1);
	tree_end();
}

/* An account is looked at, and stays, while somebody else sweeps, or removes
 * what an earlier removal has left of the same name. */
static enum cm_dir_result sweep(void)
{
	const char *error = "";

	return cm_account_remove_sweep(tree_fd, &error);
}

static bool is_due_never(void *ctx, int account_fd)
{
	(void)ctx;
	(void)account_fd;
	return false;
}

static enum cm_dir_result look(void)
{
	const char *error = "";
	struct cm_hold none;

	cm_hold_none(&none);
	return cm_account_remove_if(tree_fd, TREE_ACCOUNT, &none,
				    is_due_never, NULL, &error);
}

static const struct meanwhile_row {
	const char *name;
	enum cm_dir_result (*what)(void);
	enum cm_dir_result result; /* CM_DIR_OK: or CM_DIR_UNKNOWN */
} meanwhile_rows[] = {
	{ "sweep", sweep, CM_DIR_OK },
	{ "another look", look, CM_DIR_EXISTS },
};

struct meanwhile {
	const struct meanwhile_row *row;
	pid_t pid;
};

static bool start_other(void *ctx, int account_fd)
{
	/* long enough for the other to come to the account */
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	struct meanwhile *meanwhile = ctx;
	enum cm_dir_result result;

	(void)account_fd;
	meanwhile->pid = fork();
	assert_true(meanwhile->pid >= 0);
	if (meanwhile->pid == 0) {
		result = meanwhile->row->what();
		if (result == CM_DIR_UNKNOWN)
			result = CM_DIR_OK;
		_exit(result == meanwhile->row->result ? 0 : 1);
	}
	(void)nanosleep(&pause, NULL);
	return false;
}

static void stays_meanwhile(void **state)
{
	struct meanwhile meanwhile = { .row = *state };
	struct cm_hold none;
	const char *error = "";
	int status;

	tree_begin();
	make_account(TREE_ACCOUNT);
	cm_hold_none(&none);
	assert_int_equal(cm_account_remove_if(tree_fd, TREE_ACCOUNT, &none,
					      start_other, &meanwhile, &error),
			 CM_DIR_EXISTS);
	assert_int_equal(waitpid(meanwhile.pid, &status, 0), meanwhile.pid);
	assert_int_equal(status, 0);
	assert_true(tree_has(TREE_ACCOUNT, "password"));
	assert_true(tree_has(TREE_ACCOUNT, "cur/1.2.3:2,S"));
	tree_end();
}

int main(void)
{
	cm_unit_rows(stays_meanwhile, meanwhile_rows);
	cm_unit_rows(remove_if, if_rows);
	cm_unit_test(removes_all);
	cm_unit_test(not_links);
	cm_unit_rows(bad_name, name_rows);
	cm_unit_test(interrupted);
	cm_unit_test(other_leftovers_stay);
	cm_unit_test(removed_is_a_link);
	cm_unit_test(remains);
	cm_unit_test(remains_become_an_account);
	cm_unit_rows(depth, depth_rows);
	cm_unit_test(killed);
	cm_unit_test(at_once);
	return cm_unit_run();
}
