/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "state-hmac.h"
#include "cm-state.h"

#include <stdbool.h>
#include <sys/wait.h>

#include "account-tree.h"
#include "bad-files.h"

static const unsigned char fresh[CM_STATE_KEY_SIZE] = "one key of 32 bytes ...........";
static const unsigned char other[CM_STATE_KEY_SIZE] = "another key ...................";

static void key_is_made_once(void **state)
{
	unsigned char key[CM_STATE_KEY_SIZE];
	const char *error = "";
	struct stat st;

	(void)state;
	tree_begin();
	assert_int_equal(cm_state_key(tree_fd, NULL, key, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(tree_count("."), 0);
	assert_int_equal(cm_state_key(tree_fd, fresh, key, &error), CM_DIR_OK);
	assert_memory_equal(key, fresh, sizeof(key));
	assert_int_equal(cm_state_key(tree_fd, other, key, &error), CM_DIR_OK);
	assert_memory_equal(key, fresh, sizeof(key));
	assert_int_equal(cm_state_key(tree_fd, NULL, key, &error), CM_DIR_OK);
	assert_memory_equal(key, fresh, sizeof(key));
	assert_int_equal(tree_count("."), 1);
	assert_int_equal(fstatat(tree_fd, CM_STATE_KEY_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	tree_end();
}

#define RACERS 8
static void key_race(void **state)
{
	unsigned char key[CM_STATE_KEY_SIZE], mine[CM_STATE_KEY_SIZE];
	const char *error = "";
	int i, pipes[2], status;

	(void)state;
	tree_begin();
	assert_int_equal(pipe(pipes), 0);
	for (i = 0; i < RACERS; i++) {
		if (fork() != 0)
			continue;
		memset(mine, i, sizeof(mine));
		if (cm_state_key(tree_fd, mine, key, &error) != CM_DIR_OK ||
		    write(pipes[1], key, 1) != 1)
			_exit(1);
		_exit(0);
	}
	for (i = 0; i < RACERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(cm_state_key(tree_fd, NULL, key, &error), CM_DIR_OK);
	for (i = 0; i < RACERS; i++) {
		assert_int_equal(read(pipes[0], mine, 1), 1);
		assert_int_equal(mine[0], key[0]);
	}
	assert_int_equal(tree_count("."), 1);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	tree_end();
}

static const struct bad_row {
	const char *name;
	enum bad_file what;
} bad_rows[] = {
	{ "empty", BAD_EMPTY },	  { "binary", BAD_BINARY },
	{ "huge", BAD_HUGE },	  { "text", BAD_TEXT },
	{ "a link", BAD_LINK },	  { "a FIFO", BAD_FIFO },
	{ "a folder", BAD_FOLDER }
};

static void bad_key(void **state)
{
	const struct bad_row *row = *state;
	unsigned char key[CM_STATE_KEY_SIZE];
	const char *error = "";

	tree_begin();
	assert_int_equal(cm_state_key(tree_fd, fresh, key, &error), CM_DIR_OK);
	bad_file(tree_fd, CM_STATE_KEY_FILE, row->what);
	assert_int_equal(cm_state_key(tree_fd, other, key, &error),
			 CM_DIR_CORRUPT);
	assert_non_null(strstr(error, "key"));
	assert_int_equal(tree_count("."), 2);
	tree_end();
}

static void folders(void **state)
{
	const char *error = "";
	int fd;

	(void)state;
	tree_begin();
	assert_int_equal(cm_state_folder(tree_fd, "f", false, &fd, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_state_folder(tree_fd, "f", true, &fd, &error),
			 CM_DIR_OK);
	(void)close(fd);
	assert_int_equal(cm_state_folder(tree_fd, "f", false, &fd, &error),
			 CM_DIR_OK);
	(void)close(fd);
	assert_int_equal(symlinkat("f", tree_fd, "l"), 0);
	assert_int_equal(cm_state_folder(tree_fd, "l", true, &fd, &error),
			 CM_DIR_CORRUPT);
	tree_file("", "file", "", 0);
	assert_int_equal(cm_state_folder(tree_fd, "file", true, &fd, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(cm_state_open("/nonexistent", &fd, &error),
			 CM_DIR_UNKNOWN);
	tree_end();
}

/* As root: what it makes is the owner's, also where root died between making
 * and giving. */
#define OWNER 12345

static void folder_is_given(void **state)
{
	const char *error = "";
	struct stat st;
	int fd;

	(void)state;
	tree_begin();
	assert_int_equal(fchown(tree_fd, OWNER, OWNER + 1), 0);
	assert_int_equal(mkdirat(tree_fd, "half", 0700), 0);
	assert_int_equal(cm_state_folder(tree_fd, "half", false, &fd, &error),
			 CM_DIR_OK);
	(void)close(fd);
	assert_int_equal(fstatat(tree_fd, "half", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(cm_state_folder(tree_fd, "half", true, &fd, &error),
			 CM_DIR_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, OWNER);
	assert_int_equal(st.st_gid, OWNER + 1);
	(void)close(fd);
	assert_int_equal(cm_state_folder(tree_fd, "new", true, &fd, &error),
			 CM_DIR_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, OWNER);
	assert_int_equal(st.st_gid, OWNER + 1);
	(void)close(fd);
	tree_end();
}

static void names(void **state)
{
	char a[CM_STATE_NAME_LEN + 1], b[CM_STATE_NAME_LEN + 1];

	(void)state;
	cm_state_name(fresh, state_hmac, "p", "data", 4, a);
	assert_int_equal(strlen(a), CM_STATE_NAME_LEN);
	cm_state_name(fresh, state_hmac, "p", "data", 4, b);
	assert_string_equal(a, b);
	cm_state_name(fresh, state_hmac, "pd", "ata", 3, b);
	assert_string_not_equal(a, b);
	cm_state_name(other, state_hmac, "p", "data", 4, b);
	assert_string_not_equal(a, b);
	assert_null(strstr(a, "data"));
}

int main(void)
{
	cm_unit_test(key_is_made_once);
	cm_unit_test(key_race);
	cm_unit_rows(bad_key, bad_rows);
	cm_unit_test(folders);
	if (geteuid() == 0)
		cm_unit_test(folder_is_given);
	else
		(void)fprintf(stderr,
			      "# not root: folder_is_given is not tested\n");
	cm_unit_test(names);
	return cm_unit_run();
}
