/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-trim.h"

#define NOW 1700000000
#define DAY 86400

static const struct excess_row {
	const char *name;
	uint64_t limit, used, excess;
} excess_rows[] = {
	{ "empty", 1000, 0, 0 },
	{ "below", 1000, 749, 0 },
	{ "at the level", 1000, 750, 0 },
	{ "one above", 1000, 751, 51 },
	{ "full", 1000, 1000, 300 },
	{ "over", 1000, 1500, 800 },
	{ "no limit", 0, 1000000, 0 },
	{ "limit of one byte", 1, 1, 1 },
	{ "rounded down", 199, 150, 11 },
	{ "largest limit", UINT64_MAX, UINT64_MAX / 100 * 75, 0 },
	{ "largest use", UINT64_MAX, UINT64_MAX,
	  UINT64_MAX - (UINT64_MAX / 100 * 70 + UINT64_MAX % 100 * 70 / 100) },
};

static void excess(void **state)
{
	const struct excess_row *row = *state;
	static const struct cm_trim_limits limits = { .above = 75, .to = 70 };

	assert_int_equal(cm_trim_excess(&limits, row->limit, row->used),
			 row->excess);
}

/* UIDs from 1 on, in the order given; all of size 10 but for `sizes` */
static const struct choose_row {
	const char *name;
	uint64_t excess;
	int64_t saved[6]; /* days ago; 0 ends */
	uint64_t sizes[6];
	uint32_t chosen[6]; /* UIDs; 0 ends */
	uint64_t available;
	int64_t oldest_protected; /* days ago, 0 for none */
} choose_rows[] = {
	{ "the oldest", 10, { 3, 5, 4 }, { 0 }, { 2 }, 30, 0 },
	{ "as many as it takes", 11, { 3, 5, 4 }, { 0 }, { 2, 3 }, 30, 0 },
	{ "exactly", 20, { 3, 5, 4 }, { 0 }, { 2, 3 }, 30, 0 },
	{ "all", 30, { 3, 5, 4 }, { 0 }, { 1, 2, 3 }, 30, 0 },
	{ "more than there is", 99, { 3, 5, 4 }, { 0 }, { 1, 2, 3 }, 30, 0 },
	{ "nothing", 0, { 3, 5, 4 }, { 0 }, { 0 }, 30, 0 },
	{ "age decides, not size", 10, { 3, 5, 4 }, { 900, 1, 9 }, { 2, 3 },
	  910, 0 },
	{ "a large one makes later ones needless", 10, { 3, 4, 9 },
	  { 5, 5, 900 }, { 3 }, 910, 0 },
	{ "protected", 30, { 1, 5, 1 }, { 0 }, { 2 }, 10, 1 },
	{ "all protected", 30, { 1, 1, 1 }, { 0 }, { 0 }, 0, 1 },
	{ "same second: by UID", 20, { 4, 4, 4, 4 }, { 0 }, { 1, 2 }, 40, 0 },
	{ "empty mailbox", 30, { 0 }, { 0 }, { 0 }, 0, 0 },
};

static void chooses(void **state)
{
	const struct choose_row *row = *state;
	/* a day and a second old is not protected, a day is */
	struct cm_trim *trim = cm_trim_new(row->excess, NOW - DAY - 1);
	const struct cm_trim_mail *mails;
	size_t i, count, expected = 0;

	assert_non_null(trim);
	for (i = 0; i < 6 && row->saved[i] != 0; i++) {
		struct cm_trim_mail mail = {
			.saved = NOW - row->saved[i] * DAY,
			.size = row->sizes[i] != 0 ? row->sizes[i] : 10,
			.uid = (uint32_t)i + 1
		};
		assert_int_equal(cm_trim_add(trim, &mail), 0);
	}
	while (expected < 6 && row->chosen[expected] != 0)
		expected++;
	count = cm_trim_finish(trim, &mails);
	assert_int_equal(count, expected);
	for (i = 0; i < count; i++)
		assert_int_equal(mails[i].uid, row->chosen[i]);
	assert_int_equal(cm_trim_available(trim), row->available);
	assert_int_equal(cm_trim_oldest_protected(trim),
			 row->oldest_protected == 0 ? INT64_MAX :
			 NOW - row->oldest_protected * DAY);
	assert_false(cm_trim_is_full(trim));
	cm_trim_free(&trim);
	assert_null(trim);
}

static const struct protected_row {
	const char *name;
	int64_t saved;
	size_t count;
} protected_rows[] = {
	{ "a second older", NOW - DAY - 1, 1 },
	{ "just as old", NOW - DAY, 1 },
	{ "a second younger", NOW - DAY + 1, 0 },
	{ "from the future", NOW + DAY, 0 },
	{ "before 1970", -1, 1 },
};

static void protects(void **state)
{
	const struct protected_row *row = *state;
	struct cm_trim *trim = cm_trim_new(1, NOW - DAY);
	struct cm_trim_mail mail = { .saved = row->saved, .size = 1, .uid = 1 };
	const struct cm_trim_mail *mails;

	assert_non_null(trim);
	assert_int_equal(cm_trim_add(trim, &mail), 0);
	assert_int_equal(cm_trim_finish(trim, &mails), row->count);
	cm_trim_free(&trim);
}

static uint32_t scramble(uint32_t n)
{
	/* odd, so a permutation of 32 bits */
	return n * UINT32_C(2654435761);
}

static void add_many(struct cm_trim *trim, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint32_t age = scramble(i) % count;
		struct cm_trim_mail mail = {
			.saved = NOW - 3 * DAY - age, .size = 1,
			.folder = i % 3, .uid = i + 1
		};
		assert_int_equal(cm_trim_add(trim, &mail), 0);
	}
}

static const struct full_row {
	const char *name;
	uint64_t excess;
	size_t count;
	bool full;
} full_rows[] = {
	{ "most - 1", CM_TRIM_MAX_MAILS - 1, CM_TRIM_MAX_MAILS - 1, false },
	{ "most", CM_TRIM_MAX_MAILS, CM_TRIM_MAX_MAILS, false },
	{ "most + 1", CM_TRIM_MAX_MAILS + 1, CM_TRIM_MAX_MAILS, true },
	{ "all of a million", 1000000, CM_TRIM_MAX_MAILS, true },
};

static void is_bounded(void **state)
{
	const struct full_row *row = *state;
	struct cm_trim *trim = cm_trim_new(row->excess, NOW);
	const struct cm_trim_mail *mails;
	size_t i, count;

	assert_non_null(trim);
	/* a power of two, so that each age comes exactly once */
	add_many(trim, 1 << 20);
	assert_int_equal(cm_trim_available(trim), 1 << 20);
	count = cm_trim_finish(trim, &mails);
	assert_int_equal(count, row->count);
	assert_int_equal(cm_trim_is_full(trim), row->full);
	for (i = 0; i < count; i++) {
		/* the oldest `count` of them, and in order */
		assert_true(NOW - 3 * DAY - mails[i].saved >=
			    (1 << 20) - (int64_t)count);
		if (i > 0)
			assert_true(mails[i].folder > mails[i - 1].folder ||
				    (mails[i].folder == mails[i - 1].folder &&
				     mails[i].uid > mails[i - 1].uid));
	}
	cm_trim_free(&trim);
}

/* dropped for want of room, then one message that is enough by itself */
static void full_no_more(void **state)
{
	struct cm_trim *trim = cm_trim_new(1 << 20, NOW);
	struct cm_trim_mail large = {
		.saved = 1, .size = 1 << 20, .uid = 1 << 21
	};
	const struct cm_trim_mail *mails;

	(void)state;
	assert_non_null(trim);
	add_many(trim, 1 << 18);
	assert_true(cm_trim_is_full(trim));
	assert_int_equal(cm_trim_add(trim, &large), 0);
	assert_int_equal(cm_trim_finish(trim, &mails), 1);
	assert_false(cm_trim_is_full(trim));
	cm_trim_free(&trim);
}

static const struct pause_row {
	const char *name;
	int64_t oldest, then; /* the look, after NOW */
	bool expect;
} pause_rows[] = {
	{ "at the look", -10, 0, true },
	{ "until the oldest is a day old", -10, DAY - 11, true },
	{ "then no more", -10, DAY - 10, false },
	{ "saved at the look", 0, DAY - 1, true },
	{ "that, a day later", 0, DAY, false },
	{ "saved a second ahead", 1, DAY - 1, true },
	{ "that, a day later all the same", 1, DAY, false },
	{ "saved a year ahead", 365 * DAY, DAY - 1, true },
	{ "that, a day later, too", 365 * DAY, DAY, false },
	{ "clock set back by a second", -10, -1, false },
	{ "clock set back by a year", -10, -365 * DAY, false },
};

static void pauses(void **state)
{
	const struct pause_row *row = *state;
	struct cm_trim_pause pause = cm_trim_pause(NOW + row->oldest, NOW,
						   DAY);
	static const struct cm_trim_pause none;

	assert_int_equal(cm_trim_paused(&pause, NOW + row->then), row->expect);
	assert_false(cm_trim_paused(&none, NOW));
}

int main(void)
{
	cm_unit_rows(excess, excess_rows);
	cm_unit_rows(chooses, choose_rows);
	cm_unit_rows(protects, protected_rows);
	cm_unit_rows(is_bounded, full_rows);
	cm_unit_test(full_no_more);
	cm_unit_rows(pauses, pause_rows);
	return cm_unit_run();
}
