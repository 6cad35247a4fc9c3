/* SPDX-License-Identifier: MIT
 *
 * cm_account_create() under races, failing system calls and kill -9.
 *
 * The system calls it makes are wrapped by the linker (see Makefile.am). Each
 * is a step; step number fail_at fails, kills the process, or finds the
 * account's directory gone, empty or (by somebody who removes what is no
 * account) with all that is in it. Every step gets its turn.
 */
#include "cm-unit.h"
#include "cm-account-dir.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "account-tree.h"

#define HASH_A "{PLAIN}aaaa"
#define HASH_B "{PLAIN}bbbb"
#define DAY ((time_t)86400)
#define NOW (20000 * DAY + 12345)
#define MAX_STEPS 60
#define MIN_STEPS 12 /* fewer: the wrapping does not work */

#define RACERS 16
#define RACES 40

static enum mode { CALM, FAIL, KILL, TAKE_AWAY, REMOVE } mode;
static int step, fail_at, fail_errno;

static bool trip(void)
{
	enum mode now;

	if (mode == CALM || ++step != fail_at)
		return false;
	if (mode == KILL)
		(void)kill(getpid(), SIGKILL);
	if (mode == FAIL) {
		errno = fail_errno;
		return true;
	}
	now = mode;
	mode = CALM;
	if (now == TAKE_AWAY)
		(void)unlinkat(tree_fd, TREE_ACCOUNT, AT_REMOVEDIR);
	/* as cm_account_remove_remains() does */
	if (now == REMOVE &&
	    renameat(tree_fd, TREE_ACCOUNT, tree_fd, "gone") == 0 &&
	    tree_has("gone", "password"))
		(void)renameat(tree_fd, "gone", tree_fd, TREE_ACCOUNT);
	return false;
}

#define WRAP(type, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		return trip() ? (type)-1 : __real_##name args; \
	}

WRAP(int, mkdirat, (int fd, const char *path, mode_t m), (fd, path, m))
WRAP(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n))
WRAP(int, futimens, (int fd, const struct timespec t[2]), (fd, t))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, linkat, (int fd1, const char *p1, int fd2, const char *p2, int f),
     (fd1, p1, fd2, p2, f))
WRAP(int, unlinkat, (int fd, const char *path, int f), (fd, path, f))
WRAP(int, openat, (int fd, const char *path, int f, mode_t m),
     (fd, path, f, m))

static enum cm_dir_result create(const char *hash, uint64_t nonce)
{
	const char *error = NULL;
	enum cm_dir_result result =
		cm_account_create(tree_fd, TREE_ACCOUNT, hash, NOW, nonce,
				  &error);

	if (result == CM_DIR_FAILED || result == CM_DIR_CORRUPT)
		assert_non_null(error);
	return result;
}

static const char *read_hash(void)
{
	static char buf[CM_ACCOUNT_MAX_HASH + 1];
	enum cm_dir_result result;
	const char *error;
	int fd;

	result = cm_account_open(tree_fd, TREE_ACCOUNT, &fd, &error);
	if (result == CM_DIR_UNKNOWN)
		return NULL;
	assert_int_equal(result, CM_DIR_OK);
	result = cm_account_read_hash(fd, buf, &error);
	(void)close(fd);
	if (result == CM_DIR_UNKNOWN)
		return NULL;
	/* never half written */
	assert_int_equal(result, CM_DIR_OK);
	return buf;
}

static void assert_whole(const char *hash)
{
	assert_non_null(read_hash());
	assert_string_equal(read_hash(), hash);
	assert_true(tree_has(TREE_ACCOUNT, CM_ACCOUNT_FILE_ENFORCE));
}

static void creates(void **state)
{
	struct stat st;

	(void)state;
	tree_begin();
	(void)umask(0);
	assert_int_equal(create(HASH_A, 1), CM_DIR_OK);
	assert_whole(HASH_A);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	assert_int_equal(fstatat(tree_fd, TREE_ACCOUNT, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(tree_fd, TREE_ACCOUNT "/password", &st, 0),
			 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_mtim.tv_sec, 20000 * DAY);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	assert_int_equal(create(HASH_B, 1), CM_DIR_EXISTS);
	assert_whole(HASH_A);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	tree_end();
}

static const struct bad_row {
	const char *name;
	const char *account, *hash;
} bad_rows[] = {
	{ "empty name", "", HASH_A },
	{ "dot dot", "..", HASH_A },
	{ "hidden", ".abc", HASH_A },
	{ "path", "a/b", HASH_A },
	{ "path upwards", "../abc", HASH_A },
	{ "absolute", "/tmp/cm-account-test", HASH_A },
	{ "no hash", "abc", "" },
	{ "plain text as hash", "abc", "password" },
	{ "two lines as hash", "abc", "{PLAIN}a\nb" },
};

static void bad_input(void **state)
{
	const struct bad_row *row = *state;
	const char *error = NULL;

	tree_begin();
	assert_int_equal(cm_account_create(tree_fd, row->account, row->hash,
					   NOW, 1, &error), CM_DIR_FAILED);
	assert_non_null(error);
	assert_true(errno == EINVAL || errno == ENOENT);
	assert_int_equal(tree_count("."), 0);
	tree_end();
}

static void planted(void **state)
{
	(void)state;
	tree_begin();
	assert_int_equal(mkdirat(tree_fd, "elsewhere", 0700), 0);
	assert_int_equal(symlinkat("elsewhere", tree_fd, TREE_ACCOUNT), 0);
	assert_int_equal(create(HASH_A, 1), CM_DIR_CORRUPT);
	assert_int_equal(tree_count("elsewhere"), 0);
	/* an account that is a file */
	assert_int_equal(unlinkat(tree_fd, TREE_ACCOUNT, 0), 0);
	tree_file("", TREE_ACCOUNT, "", 0);
	assert_int_equal(create(HASH_A, 1), CM_DIR_CORRUPT);
	/* a link as enforceE2EEincoming must not be written through */
	assert_int_equal(unlinkat(tree_fd, TREE_ACCOUNT, 0), 0);
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	assert_int_equal(symlinkat("../elsewhere/x", tree_fd,
				   TREE_ACCOUNT "/" CM_ACCOUNT_FILE_ENFORCE),
			 0);
	assert_int_equal(create(HASH_A, 1), CM_DIR_CORRUPT);
	assert_int_equal(tree_count("elsewhere"), 0);
	assert_false(tree_has(TREE_ACCOUNT, "password"));
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	tree_end();
	/* a link as password: somebody's account, or nobody's, but not new */
	tree_begin();
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	assert_int_equal(symlinkat("nowhere", tree_fd,
				   TREE_ACCOUNT "/password"), 0);
	assert_int_equal(create(HASH_A, 1), CM_DIR_EXISTS);
	assert_false(tree_has(TREE_ACCOUNT, "nowhere"));
	tree_end();
}

static void leftovers(void **state)
{
	(void)state;
	tree_begin();
	tree_file(TREE_ACCOUNT, ".password.0000000000000007", "{PLAIN}x", 8);
	tree_file(TREE_ACCOUNT, CM_ACCOUNT_FILE_ENFORCE, "", 0);
	/* the same nonce again: taken, so the next one is used */
	assert_int_equal(create(HASH_A, 7), CM_DIR_OK);
	assert_whole(HASH_A);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	tree_end();
}

static void mail_of_a_former_owner(void **state)
{
	(void)state;
	tree_begin();
	tree_file(TREE_ACCOUNT, "dovecot.index", "x", 1);
	assert_int_equal(create(HASH_A, 1), CM_DIR_CORRUPT);
	assert_false(tree_has(TREE_ACCOUNT, "password"));
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	tree_end();
}

/* Files of the one who was quicker, which readdir() may name before his
 * password: whoever lost sees an account, not the remains of one. */
static void winner_has_moved_in(void **state)
{
	char name[32];
	int i;

	(void)state;
	tree_begin();
	assert_int_equal(create(HASH_A, 1), CM_DIR_OK);
	for (i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "file-%d", i);
		tree_file(TREE_ACCOUNT, name, "x", 1);
	}
	tree_file(TREE_ACCOUNT, "account.json", "{}", 2);
	assert_int_equal(create(HASH_B, 2), CM_DIR_EXISTS);
}

static void every_step_fails(void **state)
{
	static const int errors[] = { ENOSPC, EIO, EDQUOT, EACCES, EMFILE };
	enum cm_dir_result result;
	unsigned int e;

	(void)state;
	for (e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
		fail_errno = errors[e];
		for (fail_at = 1; fail_at < MAX_STEPS; fail_at++) {
			tree_begin();
			mode = FAIL;
			step = 0;
			result = create(HASH_A, 1);
			mode = CALM;
			if (result == CM_DIR_FAILED) {
				assert_int_equal(errno, fail_errno);
				assert_null(read_hash());
				/* what is left holds no hash */
				if (tree_has(".", TREE_ACCOUNT)) {
					assert_true(tree_count(TREE_ACCOUNT)
						    <= 1);
				}
				assert_int_equal(create(HASH_B, 2), CM_DIR_OK);
				assert_whole(HASH_B);
				assert_int_equal(tree_count(TREE_ACCOUNT), 2);
			} else {
				assert_int_equal(result, CM_DIR_OK);
				assert_whole(HASH_A);
			}
			tree_end();
			if (step < fail_at)
				break;
		}
		assert_in_range(fail_at, MIN_STEPS, MAX_STEPS - 1);
	}
}

static void every_step_is_killed(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	for (fail_at = 1; fail_at < MAX_STEPS; fail_at++) {
		tree_begin();
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			const char *error;

			mode = KILL;
			step = 0;
			_exit(cm_account_create(tree_fd, TREE_ACCOUNT, HASH_A,
						NOW, 1, &error) == CM_DIR_OK ?
			      0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (read_hash() != NULL) {
			assert_whole(HASH_A);
			assert_int_equal(create(HASH_B, 2), CM_DIR_EXISTS);
			assert_whole(HASH_A);
		} else {
			assert_int_equal(create(HASH_B, 2), CM_DIR_OK);
			assert_whole(HASH_B);
			assert_int_equal(tree_count(TREE_ACCOUNT), 2);
		}
		tree_end();
		if (WIFEXITED(status))
			break;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_in_range(fail_at, MIN_STEPS, MAX_STEPS - 1);
}

/* Another creator that failed, or the expiry, removes the empty directory;
 * or somebody removes one that is no account yet. */
static const struct taken_row {
	const char *name;
	enum mode mode;
} taken_rows[] = {
	{ "empty", TAKE_AWAY },
	{ "whole", REMOVE },
};

static void taken_away(void **state)
{
	const struct taken_row *row = *state;

	for (fail_at = 1; fail_at < MAX_STEPS; fail_at++) {
		tree_begin();
		mode = row->mode;
		step = 0;
		assert_int_equal(create(HASH_A, 1), CM_DIR_OK);
		assert_whole(HASH_A);
		assert_int_equal(tree_count(TREE_ACCOUNT), 2);
		tree_end();
		if (mode != CALM)
			break;
	}
	mode = CALM;
	assert_in_range(fail_at, MIN_STEPS, MAX_STEPS - 1);
}

static void racer(int start_fd, int number)
{
	char hash[32], c;
	const char *error;

	(void)snprintf(hash, sizeof(hash), "{PLAIN}%02d", number);
	if (read(start_fd, &c, 1) != 0) /* closed: go */
		_exit(99);
	switch (cm_account_create(tree_fd, TREE_ACCOUNT, hash, NOW,
				  (uint64_t)number * 1000, &error)) {
	case CM_DIR_OK:
		_exit(1);
	case CM_DIR_EXISTS:
		_exit(2);
	default:
		_exit(3);
	}
}

static void race(void)
{
	char winner[32] = "";
	pid_t pids[RACERS];
	int start[2], i, status, winners = 0;

	tree_begin();
	assert_int_equal(pipe(start), 0);
	for (i = 0; i < RACERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			(void)close(start[1]);
			racer(start[0], i);
		}
	}
	(void)close(start[0]);
	(void)close(start[1]);
	for (i = 0; i < RACERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 1) {
			winners++;
			(void)snprintf(winner, sizeof(winner), "{PLAIN}%02d",
				       i);
		} else {
			assert_int_equal(WEXITSTATUS(status), 2);
		}
	}
	assert_int_equal(winners, 1);
	assert_whole(winner);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	tree_end();
}

static void one_wins(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < RACES; i++)
		race();
}

static const struct aborted_row {
	const char *name;
	const char *files[4];
	enum cm_dir_result result;
} aborted_rows[] = {
	{ "empty", { NULL }, CM_DIR_OK },
	{ "temporary file", { ".password.0123456789abcdef" }, CM_DIR_OK },
	{ "both", { ".password.01", CM_ACCOUNT_FILE_ENFORCE }, CM_DIR_OK },
	{ "an admin's", { CM_ACCOUNT_FILE_ENFORCE }, CM_DIR_UNKNOWN },
	{ "somebody's", { ".password.01", "dovecot-uidlist" },
	  CM_DIR_UNKNOWN },
	{ "an account", { "password" }, CM_DIR_EXISTS },
	{ "an account, and more", { "password", "x", ".password.01" },
	  CM_DIR_EXISTS },
	{ "blocked", { "DISABLED" }, CM_DIR_UNKNOWN },
};

static void aborted(void **state)
{
	const struct aborted_row *row = *state;
	const char *error = "";
	unsigned int i;
	int fd;

	tree_begin();
	assert_int_equal(mkdirat(tree_fd, TREE_ACCOUNT, 0700), 0);
	for (i = 0; row->files[i] != NULL; i++)
		tree_file(TREE_ACCOUNT, row->files[i], "", 0);
	assert_int_equal(cm_account_open(tree_fd, TREE_ACCOUNT, &fd, &error),
			 CM_DIR_OK);
	assert_int_equal(cm_account_creation_aborted(fd, &error),
			 row->result);
	(void)close(fd);
	tree_end();
}

int main(void)
{
	cm_unit_rows(aborted, aborted_rows);
	cm_unit_test(creates);
	cm_unit_rows(bad_input, bad_rows);
	cm_unit_test(planted);
	cm_unit_test(leftovers);
	cm_unit_test(mail_of_a_former_owner);
	cm_unit_test(winner_has_moved_in);
	cm_unit_test(every_step_fails);
	cm_unit_test(every_step_is_killed);
	cm_unit_rows(taken_away, taken_rows);
	cm_unit_test(one_wins);
	return cm_unit_run();
}
