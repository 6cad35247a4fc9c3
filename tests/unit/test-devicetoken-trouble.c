/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "devicetoken-account.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/wait.h>

/* Fault injection (--wrap): the next call of this name fails. */
static const char *fail_call;
static int fail_errno;

#define WRAP(type, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		if (fail_call != NULL && strcmp(fail_call, #name) == 0) { \
			fail_call = NULL; \
			errno = fail_errno; \
			return -1; \
		} \
		return __real_##name args; \
	}
WRAP(ssize_t, write, (int fd, const void *buf, size_t size), (fd, buf, size))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, renameat, (int fd1, const char *p1, int fd2, const char *p2),
     (fd1, p1, fd2, p2))

static const struct planted_row {
	const char *name;
	const char *target; /* NULL: a FIFO, "": a directory */
} planted_rows[] = {
	{ "a link", "password" },
	{ "a link to nowhere", "nowhere" },
	{ "a FIFO", NULL },
	{ "a directory", "" },
};

static void planted(void **state)
{
	const struct planted_row *row = *state;
	const char *error;

	begin(NULL, 0);
	if (row->target == NULL) {
		assert_int_equal(mkfifoat(account_fd, CM_DEVICETOKEN_FILE,
					  0600), 0);
	} else if (*row->target == '\0') {
		assert_int_equal(mkdirat(account_fd, CM_DEVICETOKEN_FILE,
					 0700), 0);
	} else {
		assert_int_equal(symlinkat(row->target, account_fd,
					   CM_DEVICETOKEN_FILE), 0);
	}
	assert_string_equal(list(), "-2");
	assert_int_equal(add("a", NOW), CM_DIR_CORRUPT);
	assert_int_equal(cm_devicetoken_remove(account_fd, "a", NOW, 0,
					       &error), CM_DIR_CORRUPT);
	assert_int_equal(cm_devicetoken_remove_all(account_fd, 0, &error),
			 CM_DIR_CORRUPT);
	assert_false(tree_has(TREE_ACCOUNT, "nowhere"));
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);

	assert_int_equal(cm_devicetoken_set_aside(account_fd, 0, &error),
			 CM_DIR_OK);
	assert_true(tree_has(TREE_ACCOUNT, CM_DEVICETOKEN_FILE_DAMAGED));
	assert_int_equal(add("a", NOW), CM_DIR_OK);
	assert_string_equal(list(), "a");
	/* and not what is well */
	assert_int_equal(cm_devicetoken_set_aside(account_fd, 0, &error),
			 CM_DIR_UNKNOWN);
	assert_string_equal(list(), "a");
	end();
}

/* A link in the place of the temporary file is not followed. */
static void planted_temp(void **state)
{
	(void)state;
	begin(NULL, 0);
	assert_int_equal(symlinkat("password", account_fd,
				   ".metadata.json.tmp"), 0);
	assert_int_equal(add("a", NOW), CM_DIR_OK);
	assert_string_equal(list(), "a");
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

static const struct fault_row {
	const char *name;
	int error;
} fault_rows[] = {
	{ "write", ENOSPC },
	{ "write", EDQUOT },
	{ "fsync", EIO },
	{ "renameat", EACCES },
};

static void faults(void **state)
{
	static const char text[] = "{\"devicetoken\":{\"a\":1728000000}}";
	const struct fault_row *row = *state;
	enum cm_dir_result result;
	int error;

	begin(text, sizeof(text) - 1);
	fail_call = row->name;
	fail_errno = row->error;
	result = add("b", NOW);
	error = errno;
	assert_null(fail_call);
	assert_int_equal(result, CM_DIR_FAILED);
	assert_int_equal(error, row->error);
	assert_string_equal(content(), text);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	assert_int_equal(add("b", NOW), CM_DIR_OK);
	assert_string_equal(list(), "a b");
	end();
}

/* Somebody holds the lock and does not give it back. */
static void locked(void **state)
{
	const char *error;
	int fd;

	(void)state;
	begin(NULL, 0);
	fd = openat(account_fd, ".", O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(cm_devicetoken_add(account_fd, "a", NOW, 0, &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(cm_devicetoken_add(account_fd, "a", NOW, 20, &error),
			 CM_DIR_FAILED);
	assert_int_equal(errno, EWOULDBLOCK);
	/* readers do not mind */
	assert_string_equal(list(), "-0");
	assert_int_equal(close(fd), 0);
	assert_int_equal(cm_devicetoken_add(account_fd, "a", NOW, 0, &error),
			 CM_DIR_OK);
	end();
}

#define WRITERS 8
#define TOKENS_EACH 3 /* below the most an account has */

/* A child's part of the race; its exit status. */
static int write_tokens(unsigned int writer)
{
	const char *error;
	unsigned int i;
	char name[32];
	int ret = 0;

	for (i = 0; i < TOKENS_EACH; i++) {
		token_name(name, sizeof(name), writer * TOKENS_EACH + i);
		if (cm_devicetoken_add(account_fd, name, NOW, 30000,
				       &error) != CM_DIR_OK)
			ret = 1;
		token_name(name, sizeof(name), 1000 + writer);
		if (cm_devicetoken_remove(account_fd, name, NOW, 30000,
					  &error) == CM_DIR_FAILED)
			ret = 1;
	}
	return ret;
}

/* Of processes that write at once, each finds what the others wrote. */
static void race(void **state)
{
	struct cm_devicetokens tokens;
	unsigned int i;
	const char *error;
	pid_t pids[WRITERS];
	char name[32];
	int status;

	(void)state;
	begin(NULL, 0);
	for (i = 0; i < WRITERS; i++) {
		token_name(name, sizeof(name), 1000 + i);
		assert_int_equal(add(name, NOW), CM_DIR_OK);
	}
	for (i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(write_tokens(i));
	}
	/* whoever reads meanwhile sees a whole file */
	for (i = 0; i < 1000; i++)
		assert_string_not_equal(list(), "-2");
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(cm_devicetoken_list(account_fd, NOW, &tokens,
					     &error), CM_DIR_OK);
	/* none is lost, and none that was removed is back */
	assert_int_equal(tokens.count, WRITERS * TOKENS_EACH);
	for (i = 0; i < tokens.count; i++)
		assert_true(strlen(tokens.tokens[i]) < strlen("token1000"));
	cm_devicetokens_deinit(&tokens);
	end();
}

int main(void)
{
	cm_unit_rows(planted, planted_rows);
	cm_unit_test(planted_temp);
	cm_unit_rows(faults, fault_rows);
	cm_unit_test(locked);
	cm_unit_test(race);
	return cm_unit_run();
}
