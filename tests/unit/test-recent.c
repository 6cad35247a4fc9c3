/* SPDX-License-Identifier: MIT
 *
 * cm-recent, and the notes of cm-rate-table that it keeps.
 */
#include "cm-unit.h"
#include "cm-rate-table.h"
#include "cm-recent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define HASH UINT64_C(0x123456789abcdef0)
/* In HASH's set, and not HASH: the lowest bit that is kept, and the highest. */
#define OTHER (HASH ^ UINT64_C(1) << 25)
#define THIRD (HASH ^ UINT64_C(1) << 63)
#define LAST_TIME ((UINT64_C(1) << 25) - 2)

static struct cm_recent recent;

static void clear(void)
{
	memset(&recent, 0, sizeof(recent));
}

static const struct age_row {
	const char *name;
	uint64_t noted, now;
	bool expect;
} ages[] = {
	{ "at once", 100, 100, true },
	{ "a tick less than a second", 100, 100 + CM_RECENT_HZ - 1, true },
	{ "a second", 100, 100 + CM_RECENT_HZ, false },
	{ "a tick more", 100, 100 + CM_RECENT_HZ + 1, false },
	{ "by a clock that is a tick behind", 100, 99, false },
	{ "in the first tick", 0, 0, true },
	{ "in the first second", 0, CM_RECENT_HZ - 1, true },
	{ "at the end of time", LAST_TIME - CM_RECENT_HZ + 1, LAST_TIME, true },
	{ "all the time later", 0, LAST_TIME, false },
};

static void age(void **state)
{
	const struct age_row *row = *state;

	clear();
	assert_false(cm_recent_has(&recent, HASH, row->now));
	cm_recent_note(&recent, HASH, row->noted);
	assert_int_equal(cm_recent_has(&recent, HASH, row->now), row->expect);
}

static void nothing_noted(void **state)
{
	uint64_t now, hash;

	(void)state;
	clear();
	/* a word that was never used looks like the time before the first */
	for (now = 0; now < 3 * CM_RECENT_HZ; now++) {
		for (hash = 0; hash < 64; hash++)
			assert_false(cm_recent_has(&recent, hash, now));
	}
}

static void others_of_the_set(void **state)
{
	(void)state;
	clear();
	cm_recent_note(&recent, HASH, 50);
	assert_false(cm_recent_has(&recent, OTHER, 50));
	assert_false(cm_recent_has(&recent, THIRD, 50));
	cm_recent_note(&recent, OTHER, 51);
	/* both ways are taken: again is no reason to forget the other */
	cm_recent_note(&recent, HASH, 52);
	assert_true(cm_recent_has(&recent, OTHER, 52));
	assert_true(cm_recent_has(&recent, HASH, 52));
	/* the older one goes */
	cm_recent_note(&recent, THIRD, 53);
	assert_true(cm_recent_has(&recent, THIRD, 53));
	assert_true(cm_recent_has(&recent, HASH, 53));
	assert_false(cm_recent_has(&recent, OTHER, 53));
}

/* 10,000 names at random, as many as bench-policy has: nearly all are kept. */
static void holds_many(void **state)
{
	enum { NAMES = 10000 };
	static const unsigned char key[CM_SIPHASH_KEY_SIZE];
	unsigned int i, found = 0;

	(void)state;
	clear();
	for (i = 0; i < NAMES; i++)
		cm_recent_note(&recent, cm_siphash(key, &i, sizeof(i)), 9);
	for (i = 0; i < NAMES; i++)
		found += cm_recent_has(&recent,
				       cm_siphash(key, &i, sizeof(i)), 9);
	assert_true(found > NAMES * 9 / 10);
	for (found = 0; i < 2 * NAMES; i++)
		found += cm_recent_has(&recent,
				       cm_siphash(key, &i, sizeof(i)), 9);
	assert_int_equal(found, 0);
}

static void in_a_table(void **state)
{
	char dir[] = "/tmp/cm-recent.XXXXXX";
	struct cm_rate_table one, two, none = { .fd = -1 };
	struct cm_rate_table_params params = {
		.name = "t", .accounts = 100, .boot = 7, .create = true,
		.now = 1000 * NS_PER_SECOND
	};
	uint64_t now = params.now + 90 * NS_PER_SECOND;

	(void)state;
	assert_non_null(mkdtemp(dir));
	params.dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(cm_rate_table_open(&one, &params), 0);
	assert_int_equal(cm_rate_table_open(&two, &params), 0);
	assert_false(cm_rate_table_noted(&one, "a@x.test", now));
	cm_rate_table_note(&one, "A@x.test", now);
	assert_true(cm_rate_table_noted(&two, "a@X.test",
					now + NS_PER_SECOND * 7 / 8));
	assert_false(cm_rate_table_noted(&two, "b@x.test", now));
	assert_false(cm_rate_table_noted(&two, "a@x.test",
					 now + NS_PER_SECOND));
	/* when the file is to be replaced, it says nothing any more */
	now = params.now + CM_RATE_TABLE_MAX_AGE * NS_PER_SECOND;
	cm_rate_table_note(&one, "a@x.test", now - 1);
	assert_true(cm_rate_table_noted(&one, "a@x.test", now - 1));
	assert_false(cm_rate_table_noted(&one, "a@x.test", now));
	/* without a file */
	cm_rate_table_note(&none, "a@x.test", now);
	assert_false(cm_rate_table_noted(&none, "a@x.test", now));

	cm_rate_table_close(&one);
	cm_rate_table_close(&two);
	assert_int_equal(unlinkat(params.dir_fd, "t", 0), 0);
	(void)unlinkat(params.dir_fd, "t.lock", 0);
	assert_int_equal(close(params.dir_fd), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	cm_unit_rows(age, ages);
	cm_unit_test(nothing_noted);
	cm_unit_test(others_of_the_set);
	cm_unit_test(holds_many);
	cm_unit_test(in_a_table);
	return cm_unit_run();
}
