/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-expire-runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account-tree.h"
#include "bad-files.h"

#define TODAY 20778
#define GAP CM_EXPIRE_RUNS_MAX_GAP
#define KEEP CM_EXPIRE_RUNS_KEEP_DAYS

/* Days before TODAY; ALWAYS is no day. */
#define ALWAYS TODAY

static const struct row {
	const char *name;
	struct { int last, since, gap; } before;
	struct { int since, gap; } expect;
	int until; /* days from TODAY on, 0: accounts go */
} rows[] = {
	{ "yesterday", { 1, ALWAYS, 0 }, { ALWAYS, 0 }, 0 },
	{ "today", { 0, ALWAYS, 0 }, { ALWAYS, 0 }, 0 },
	{ "gap - 1", { GAP - 1, ALWAYS, 0 }, { ALWAYS, 0 }, 0 },
	{ "gap", { GAP, ALWAYS, 0 }, { ALWAYS, 0 }, 0 },
	{ "gap + 1", { GAP + 1, ALWAYS, 0 }, { 0, GAP + 1 }, KEEP },
	{ "half a year", { 180, 300, 20 }, { 0, 180 }, KEEP },
	{ "tomorrow", { -1, ALWAYS, 0 }, { 0, 0 }, KEEP },
	{ "in a year", { -365, ALWAYS, 0 }, { 0, 0 }, KEEP },
	{ "in a year, which was behind a gap", { -365, -365, 365 }, { 0, 0 },
	  KEEP },
	{ "again on the first day", { 0, 0, 30 }, { 0, 30 }, KEEP },
	{ "second day", { 1, 1, 30 }, { 1, 30 }, KEEP - 1 },
	{ "keep - 1", { 1, KEEP - 1, 30 }, { KEEP - 1, 30 }, 1 },
	{ "keep", { 1, KEEP, 30 }, { KEEP, 30 }, 0 },
	{ "keep + 1", { 1, KEEP + 1, 30 }, { KEEP + 1, 30 }, 0 },
	{ "one run only, keep days ago", { KEEP, KEEP, 30 }, { KEEP, 30 }, 0 },
};

static void next(void **state)
{
	const struct row *row = *state;
	struct cm_expire_runs before = {
		.last = TODAY - row->before.last,
		.since = TODAY - row->before.since, .gap = row->before.gap
	};
	struct cm_expire_runs now = cm_expire_runs_next(&before, TODAY);
	int until;

	assert_int_equal(now.last, TODAY);
	assert_int_equal(now.since, TODAY - row->expect.since);
	assert_int_equal(now.gap, row->expect.gap);
	assert_int_equal(cm_expire_runs_keep(&now, &until), row->until > 0);
	if (row->until > 0)
		assert_int_equal(until, TODAY + row->until);
}

/* A relay that is new, or was updated, does as it is documented; the next day,
 * too. */
static void first_run(void **state)
{
	struct cm_expire_runs runs = cm_expire_runs_next(NULL, TODAY);
	int until;

	(void)state;
	assert_false(cm_expire_runs_keep(&runs, &until));
	runs = cm_expire_runs_next(&runs, TODAY + 1);
	assert_false(cm_expire_runs_keep(&runs, &until));
}

/* Day by day behind a gap, and behind a clock that was a year ahead. */
static void day_by_day(void **state)
{
	struct cm_expire_runs runs = cm_expire_runs_next(NULL, TODAY);
	int day, until;

	(void)state;
	runs = cm_expire_runs_next(&runs, TODAY + 365);
	assert_true(cm_expire_runs_keep(&runs, &until));
	for (day = TODAY + 1; day < TODAY + 1 + KEEP; day++) {
		runs = cm_expire_runs_next(&runs, day);
		assert_true(cm_expire_runs_keep(&runs, &until));
		assert_int_equal(until, TODAY + 1 + KEEP);
	}
	runs = cm_expire_runs_next(&runs, day);
	assert_false(cm_expire_runs_keep(&runs, &until));
}

static void file(void **state)
{
	struct cm_expire_runs runs = { .last = TODAY, .since = 5, .gap = 30 };
	struct cm_expire_runs found;
	const char *error = "";
	struct stat st;
	unsigned int i;

	(void)state;
	tree_begin();
	assert_int_equal(cm_expire_runs_read(tree_fd, &found, &error),
			 CM_DIR_UNKNOWN);
	for (i = 0; i < 2; i++, runs.last++) {
		assert_int_equal(cm_expire_runs_write(tree_fd, &runs, &error),
				 CM_DIR_OK);
		assert_int_equal(cm_expire_runs_read(tree_fd, &found, &error),
				 CM_DIR_OK);
		assert_memory_equal(&found, &runs, sizeof(runs));
		assert_int_equal(tree_count("."), 1);
	}
	assert_int_equal(fstatat(tree_fd, CM_EXPIRE_RUNS_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	tree_end();
}

static const struct text_row {
	const char *name, *text;
	enum cm_dir_result expect;
} text_rows[] = {
	{ "good", "{\"last\": 20, \"since\": 10, \"gap\": 0}", CM_DIR_OK },
	{ "since is last", "{\"last\": 20, \"since\": 20, \"gap\": 0}",
	  CM_DIR_OK },
	{ "since is later", "{\"last\": 20, \"since\": 21, \"gap\": 0}",
	  CM_DIR_CORRUPT },
	{ "something new", "{\"last\": 20, \"since\": 0, \"gap\": 0, \"x\": 1}",
	  CM_DIR_OK },
	{ "nothing", "", CM_DIR_CORRUPT },
	{ "empty", "{}", CM_DIR_CORRUPT },
	{ "a list", "[20, 10, 0]", CM_DIR_CORRUPT },
	{ "one is missing", "{\"last\": 20, \"since\": 10}", CM_DIR_CORRUPT },
	{ "negative", "{\"last\": -1, \"since\": 0, \"gap\": 0}",
	  CM_DIR_CORRUPT },
	{ "no number", "{\"last\": \"20\", \"since\": 10, \"gap\": 0}",
	  CM_DIR_CORRUPT },
	{ "too late", "{\"last\": 4294967316, \"since\": 10, \"gap\": 0}",
	  CM_DIR_CORRUPT },
	{ "torn", "{\"last\": 20, \"sin", CM_DIR_CORRUPT },
};

static void texts(void **state)
{
	const struct text_row *row = *state;
	struct cm_expire_runs runs;
	const char *error = "";

	tree_begin();
	tree_file("", CM_EXPIRE_RUNS_FILE, row->text, strlen(row->text));
	assert_int_equal(cm_expire_runs_read(tree_fd, &runs, &error),
			 row->expect);
	tree_end();
}

static const struct bad_row {
	const char *name;
	enum bad_file what;
	bool replaced;
} bad_rows[] = {
	{ "empty", BAD_EMPTY, true },	{ "binary", BAD_BINARY, true },
	{ "huge", BAD_HUGE, true },	{ "text", BAD_TEXT, true },
	{ "a link", BAD_LINK, true },	{ "a FIFO", BAD_FIFO, true },
	{ "a folder", BAD_FOLDER, false }
};

static void bad_files(void **state)
{
	const struct bad_row *row = *state;
	struct cm_expire_runs runs = cm_expire_runs_next(NULL, TODAY), found;
	const char *error = "";

	tree_begin();
	assert_int_equal(cm_expire_runs_write(tree_fd, &runs, &error),
			 CM_DIR_OK);
	bad_file(tree_fd, CM_EXPIRE_RUNS_FILE, row->what);
	assert_int_equal(cm_expire_runs_read(tree_fd, &found, &error),
			 CM_DIR_CORRUPT);
	assert_non_null(strstr(error, CM_EXPIRE_RUNS_FILE));
	assert_int_equal(cm_expire_runs_write(tree_fd, &runs, &error),
			 row->replaced ? CM_DIR_OK : CM_DIR_FAILED);
	/* that, and the good one aside */
	assert_int_equal(tree_count("."), 2);
	if (row->replaced)
		assert_int_equal(cm_expire_runs_read(tree_fd, &found, &error),
				 CM_DIR_OK);
	tree_end();
}

int main(void)
{
	cm_unit_rows(next, rows);
	cm_unit_test(first_run);
	cm_unit_test(day_by_day);
	cm_unit_test(file);
	cm_unit_rows(texts, text_rows);
	cm_unit_rows(bad_files, bad_rows);
	return cm_unit_run();
}
