/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-info.h"
#include "account-tree.h"

#include <errno.h>
#include <pthread.h>

#define STR(s) s, sizeof(s) - 1
#define DAY ((time_t)86400)
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int account(void)
{
	const char *error;
	int fd = -1;

	tree_begin();
	tree_file(TREE_ACCOUNT, "password", "x", 1);
	assert_int_equal(cm_account_open(tree_fd, TREE_ACCOUNT, &fd, &error),
			 CM_DIR_OK);
	return fd;
}

static void end(int fd)
{
	assert_int_equal(close(fd), 0);
	tree_end();
}

static void set_mtime(int fd, time_t when)
{
	struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(fd, "password", times, 0), 0);
}

static void content(int fd, char *buf, size_t size)
{
	int file = openat(fd, "account.json", O_RDONLY);
	ssize_t ret = file < 0 ? 0 : read(file, buf, size - 1);

	assert_true(ret >= 0);
	buf[ret] = '\0';
	if (file >= 0)
		(void)close(file);
}

static const struct read_row {
	const char *name;
	const char *text;
	size_t len;
	enum cm_dir_result expect;
	int created, last_login;
	const char *token;
} read_rows[] = {
	{ "all of it",
	  STR("{\"created\": 1, \"last_login\": 2, \"token\": \"t x\"}"),
	  CM_DIR_OK, 1, 2, "t x" },
	{ "nothing known", STR("{}"), CM_DIR_OK, -1, -1, "" },
	{ "members of others", STR("{\"x\": [1, {\"y\": null}]}\n"),
	  CM_DIR_OK, -1, -1, "" },
	{ "first day", STR("{\"created\":0}"), CM_DIR_OK, 0, -1, "" },
	{ "last day", STR("{\"last_login\":1000000}"), CM_DIR_OK, -1, 1000000,
	  "" },
	{ "behind the last day", STR("{\"last_login\":1000001}"),
	  CM_DIR_CORRUPT, -1, -1, "" },
	{ "before the first day", STR("{\"last_login\":-1}"), CM_DIR_CORRUPT,
	  -1, -1, "" },
	{ "a day of 20 digits", STR("{\"created\":99999999999999999999}"),
	  CM_DIR_CORRUPT, -1, -1, "" },
	{ "half a day", STR("{\"created\":1.5}"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "a day as text", STR("{\"created\":\"1\"}"), CM_DIR_CORRUPT, -1, -1,
	  "" },
	{ "a bad member spoils the good ones",
	  STR("{\"created\":5,\"last_login\":null}"), CM_DIR_CORRUPT, -1, -1,
	  "" },
	{ "token of 64", STR("{\"token\":\"" A64 "\"}"), CM_DIR_OK, -1, -1,
	  A64 },
	{ "token of 65", STR("{\"token\":\"" A64 "a\"}"), CM_DIR_CORRUPT, -1,
	  -1, "" },
	{ "token with a newline", STR("{\"token\":\"a\\n\"}"), CM_DIR_CORRUPT,
	  -1, -1, "" },
	{ "token with NUL", STR("{\"token\":\"a\\u0000\"}"), CM_DIR_CORRUPT,
	  -1, -1, "" },
	{ "token is a number", STR("{\"token\":1}"), CM_DIR_CORRUPT, -1, -1,
	  "" },
	{ "empty file", STR(""), CM_DIR_UNKNOWN, -1, -1, "" },
	{ "blank file", STR(" \n"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "cut", STR("{\"created\": 1"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "a tail", STR("{\"created\": 1}x"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "an array", STR("[1]"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "twice", STR("{\"created\":1,\"created\":2}"), CM_DIR_CORRUPT, -1,
	  -1, "" },
	{ "binary", STR("\0\x01\xff\xfe"), CM_DIR_CORRUPT, -1, -1, "" },
	{ "no UTF-8", STR("{\"x\":\"\xff\"}"), CM_DIR_CORRUPT, -1, -1, "" },
};

static void reads(void **state)
{
	const struct read_row *row = *state;
	struct cm_account_info info, change;
	char before[200], after[200];
	const char *error = NULL;
	int fd = account();

	tree_file(TREE_ACCOUNT, "account.json", row->text, row->len);
	assert_int_equal(cm_account_info_read(fd, &info, &error), row->expect);
	assert_int_equal(info.created, row->created);
	assert_int_equal(info.last_login, row->last_login);
	assert_string_equal(info.token, row->token);
	if (row->expect == CM_DIR_CORRUPT) {
		assert_non_null(strstr(error, "account.json"));
		/* and so it stays */
		content(fd, before, sizeof(before));
		cm_account_info_init(&change);
		change.last_login = 7;
		assert_int_equal(cm_account_info_update(fd, &change, 1,
							&error),
				 CM_DIR_CORRUPT);
		content(fd, after, sizeof(after));
		assert_string_equal(before, after);
	}
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end(fd);
}

static void sizes(void **state)
{
	static const size_t limit = CM_ACCOUNT_INFO_MAX_SIZE;
	struct cm_account_info info;
	static char text[100000];
	const char *error;
	size_t size;
	int fd = account();

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, STR("{\"created\":1}"));
	for (size = limit - 1; size <= limit + 1; size++) {
		tree_file(TREE_ACCOUNT, "account.json", text, size);
		assert_int_equal(cm_account_info_read(fd, &info, &error),
				 size <= limit ? CM_DIR_OK : CM_DIR_CORRUPT);
	}
	tree_file(TREE_ACCOUNT, "account.json", text, sizeof(text));
	assert_int_equal(cm_account_info_read(fd, &info, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(info.created, -1);
	end(fd);
}

/* What fits must not grow beyond what can be read again. */
static void no_growth(void **state)
{
	char text[CM_ACCOUNT_INFO_MAX_SIZE + 1];
	struct cm_account_info info;
	const char *error;
	int fd = account();

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, STR("{\"x\":\""));
	memcpy(text + CM_ACCOUNT_INFO_MAX_SIZE - 2, STR("\"}"));
	tree_file(TREE_ACCOUNT, "account.json", text,
		  CM_ACCOUNT_INFO_MAX_SIZE);
	cm_account_info_init(&info);
	info.created = 1;
	assert_int_equal(cm_account_info_update(fd, &info, 1, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(cm_account_info_read(fd, &info, &error), CM_DIR_OK);
	end(fd);
}

static const struct update_row {
	const char *name;
	const char *before; /* NULL: no file */
	int created, last_login;
	const char *token;
	const char *after;
} update_rows[] = {
	{ "a new one", NULL, 5, 5, "t",
	  "{\"created\": 5, \"last_login\": 5, \"token\": \"t\"}" },
	{ "in place of an empty one", "", 5, -1, "", "{\"created\": 5}" },
	{ "a login where there was none", NULL, -1, 6, "",
	  "{\"last_login\": 6}" },
	{ "nothing to say", NULL, -1, -1, "", "" },
	{ "a later login", "{\"created\":1,\"last_login\":5,\"token\":\"t\"}",
	  -1, 6, "",
	  "{\"created\": 1, \"last_login\": 6, \"token\": \"t\"}" },
	{ "an earlier login", "{\"last_login\":5}", -1, 4, "",
	  "{\"last_login\":5}" },
	{ "created but once", "{\"created\":1,\"token\":\"a\"}", 2, -1, "b",
	  "{\"created\":1,\"token\":\"a\"}" },
	{ "creation behind a login", "{\"last_login\":5}", 4, 4, "t",
	  "{\"created\": 4, \"last_login\": 5, \"token\": \"t\"}" },
	{ "members of others stay", "{\"z\":{\"a\":[\"\\u00e9\"]}}", -1, 1,
	  "", "{\"last_login\": 1, \"z\": {\"a\": [\"\\u00E9\"]}}" },
};

static void updates(void **state)
{
	const struct update_row *row = *state;
	struct cm_account_info info;
	const char *error;
	char buf[200];
	int fd = account();

	if (row->before != NULL) {
		tree_file(TREE_ACCOUNT, "account.json", row->before,
			  strlen(row->before));
	}
	/* of somebody who died */
	tree_file(TREE_ACCOUNT, ".account.json.0123456789abcdef", "x", 1);
	cm_account_info_init(&info);
	info.created = row->created;
	info.last_login = row->last_login;
	(void)snprintf(info.token, sizeof(info.token), "%s", row->token);
	assert_int_equal(cm_account_info_update(fd, &info, 1, &error),
			 CM_DIR_OK);
	content(fd, buf, sizeof(buf));
	assert_string_equal(buf, row->after);
	if (row->before == NULL || strcmp(row->before, row->after) != 0)
		/* `password`; and a file in the garbage's place, or that */
		assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end(fd);
}

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
	struct cm_account_info info;
	const char *error;
	time_t last = 0;
	int fd = account();

	if (row->target == NULL)
		assert_int_equal(mkfifoat(fd, "account.json", 0600), 0);
	else if (*row->target == '\0')
		assert_int_equal(mkdirat(fd, "account.json", 0700), 0);
	else
		assert_int_equal(symlinkat(row->target, fd, "account.json"),
				 0);
	assert_int_equal(cm_account_info_read(fd, &info, &error),
			 CM_DIR_CORRUPT);
	set_mtime(fd, 10 * DAY);
	assert_int_equal(cm_account_note_login(fd, 11 * DAY + 5, 1, &error),
			 CM_DIR_CORRUPT);
	assert_false(tree_has(TREE_ACCOUNT, "nowhere"));
	/* the time of `password` still counts */
	assert_int_equal(cm_account_last_login(fd, &last, &error),
			 CM_DIR_CORRUPT);
	assert_true(last == 11 * DAY);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end(fd);
}

static const struct last_row {
	const char *name;
	time_t mtime;
	const char *info; /* NULL: no file */
	time_t expect;
} last_rows[] = {
	{ "no account.json", 10 * DAY, NULL, 10 * DAY },
	{ "a time within the day", 10 * DAY + 77, NULL, 10 * DAY },
	{ "account.json is later", 10 * DAY, "{\"last_login\":11}", 11 * DAY },
	{ "account.json is earlier", 10 * DAY, "{\"last_login\":9}",
	  10 * DAY },
	{ "both the same", 10 * DAY, "{\"last_login\":10}", 10 * DAY },
	{ "account.json does not know", 10 * DAY, "{\"created\":11}",
	  10 * DAY },
	{ "before 1970", -5, NULL, 0 },
};

static void last_login(void **state)
{
	const struct last_row *row = *state;
	const char *error;
	time_t last = -1;
	int fd = account();

	set_mtime(fd, row->mtime);
	if (row->info != NULL) {
		tree_file(TREE_ACCOUNT, "account.json", row->info,
			  strlen(row->info));
	}
	assert_int_equal(cm_account_last_login(fd, &last, &error), CM_DIR_OK);
	assert_true(last == row->expect);
	end(fd);
}

static void one_write_a_day(void **state)
{
	struct cm_account_info info;
	const char *error;
	time_t last;
	int fd = account();

	(void)state;
	set_mtime(fd, 10 * DAY);
	assert_int_equal(cm_account_note_login(fd, 10 * DAY + 5, 1, &error),
			 CM_DIR_OK);
	assert_false(tree_has(TREE_ACCOUNT, "account.json"));
	assert_int_equal(cm_account_note_login(fd, 11 * DAY - 1, 1, &error),
			 CM_DIR_OK);
	assert_false(tree_has(TREE_ACCOUNT, "account.json"));
	assert_int_equal(cm_account_note_login(fd, 11 * DAY, 1, &error),
			 CM_DIR_OK);
	assert_int_equal(cm_account_info_read(fd, &info, &error), CM_DIR_OK);
	assert_int_equal(info.last_login, 11);
	/* a backup forgets the time, account.json does not */
	set_mtime(fd, 3 * DAY);
	assert_int_equal(cm_account_last_login(fd, &last, &error), CM_DIR_OK);
	assert_true(last == 11 * DAY);
	end(fd);
}

/* `password` is somebody else's, so its time cannot be set: as root only. */
#define OWNER 12345

static void password_of_another(void **state)
{
	const char *error = "";
	enum cm_dir_result result;
	struct stat st;
	time_t last;
	int fd = account(), saved;

	(void)state;
	set_mtime(fd, 10 * DAY);
	assert_int_equal(fchmodat(fd, "password", 0644, 0), 0);
	assert_int_equal(fchown(fd, OWNER, OWNER), 0);
	assert_int_equal(seteuid(OWNER), 0);
	errno = 0;
	result = cm_account_note_login(fd, 200 * DAY + 5, 1, &error);
	saved = errno;
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, CM_DIR_FAILED);
	assert_int_equal(saved, EPERM);
	assert_non_null(strstr(error, "time of a password file"));
	assert_int_equal(fstatat(fd, "password", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 10 * DAY);
	assert_int_equal(cm_account_last_login(fd, &last, &error), CM_DIR_OK);
	assert_int_equal(last, 200 * DAY);
	end(fd);
}

static void no_account(void **state)
{
	const char *error;
	time_t last;
	int fd = account();

	(void)state;
	assert_int_equal(unlinkat(fd, "password", 0), 0);
	assert_int_equal(cm_account_last_login(fd, &last, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_account_note_login(fd, DAY, 1, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(tree_count(TREE_ACCOUNT), 0);
	end(fd);
}

static const struct day_row {
	const char *name;
	time_t now;
	int expect;
} day_rows[] = {
	{ "first second", 0, 0 },
	{ "before 1970", -1, 0 },
	{ "last second of a day", DAY - 1, 0 },
	{ "first second of a day", DAY, 1 },
	{ "last day", 1000000 * DAY, 1000000 },
	{ "behind the last day", 1000001 * DAY, 1000000 },
};

static void days(void **state)
{
	const struct day_row *row = *state;

	assert_int_equal(cm_account_info_day(row->now), row->expect);
}

#define RACERS 8

struct racer {
	pthread_t thread;
	int fd;
	uint64_t nonce;
	struct cm_account_info info;
	enum cm_dir_result result;
};

static void *run_racer(void *context)
{
	struct racer *racer = context;
	const char *error;

	racer->result = cm_account_info_update(racer->fd, &racer->info,
					       racer->nonce, &error);
	return NULL;
}

/* Who has less to say takes nothing away from who has more. */
static void race(void **state)
{
	struct racer racers[RACERS];
	struct cm_account_info info;
	const char *error;
	unsigned int i, round;
	int fd;

	(void)state;
	for (round = 0; round < 50; round++) {
		fd = account();
		for (i = 0; i < RACERS; i++) {
			cm_account_info_init(&racers[i].info);
			racers[i].fd = fd;
			racers[i].nonce = (uint64_t)i << 32;
			racers[i].info.created = 10;
			if (i % 2 == 0)
				memcpy(racers[i].info.token, "t", 2);
			assert_int_equal(pthread_create(&racers[i].thread,
							NULL, run_racer,
							&racers[i]), 0);
		}
		for (i = 0; i < RACERS; i++)
			(void)pthread_join(racers[i].thread, NULL);
		assert_int_equal(cm_account_info_read(fd, &info, &error),
				 CM_DIR_OK);
		assert_int_equal(info.created, 10);
		assert_string_equal(info.token, "t");
		end(fd);
	}
}

int main(void)
{
	cm_unit_rows(reads, read_rows);
	cm_unit_test(sizes);
	cm_unit_test(no_growth);
	cm_unit_rows(updates, update_rows);
	cm_unit_rows(planted, planted_rows);
	cm_unit_rows(last_login, last_rows);
	cm_unit_test(one_write_a_day);
	if (geteuid() == 0)
		cm_unit_test(password_of_another);
	else
		(void)fprintf(stderr,
			      "# not root: password_of_another is not tested\n");
	cm_unit_test(no_account);
	cm_unit_rows(days, day_rows);
	cm_unit_test(race);
	return cm_unit_run();
}
