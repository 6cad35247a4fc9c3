/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-pace.h"

#define MAX_CHANGES 12

/* Changes at these times, and how long each notice waits. */
static const struct row {
	const char *name;
	uint32_t first;
	int64_t now[MAX_CHANGES];
	uint32_t expect[MAX_CHANGES];
	unsigned int count;
} rows[] = {
	{ "the first one", 5, { 1000 }, { 5 }, 1 },
	{ "the first one at time 0", 5, { 0 }, { 5 }, 1 },
	{ "a row: doubles up to the limit", 5,
	  { 0, 5, 15, 35, 75, 155, 255 }, { 5, 10, 20, 40, 80, 100, 100 }, 7 },
	{ "from 0: 1, and then doubles", 0,
	  { 0, 0, 1, 3, 7 }, { 0, 1, 2, 4, 8 }, 5 },
	{ "just no quiet", 5, { 0, 204 }, { 5, 10 }, 2 },
	{ "just quiet", 5, { 0, 205 }, { 5, 5 }, 2 },
	{ "quiet after a row", 5, { 0, 5, 15, 235 }, { 5, 10, 20, 5 }, 4 },
	{ "then a row begins anew", 5, { 0, 5, 215, 220 }, { 5, 10, 5, 10 }, 4 },
	{ "limit - 1", 99, { 0, 99, 199 }, { 99, 100, 100 }, 3 },
	{ "limit", 100, { 0, 100, 200 }, { 100, 100, 100 }, 3 },
	{ "longer than the limit", 101, { 0, 101, 202 }, { 101, 101, 101 }, 3 },
	{ "longest delay", 500, { 0, 500, 1000 }, { 500, 500, 500 }, 3 },
	{ "clock went back a little", 5, { 1000, 990 }, { 5, 10 }, 2 },
	{ "clock went back far", 5, { 100000, 100005, 50 }, { 5, 10, 5 }, 3 },
};

static void waits(void **state)
{
	const struct row *row = *state;
	struct cm_pace pace = { 0 };
	unsigned int i;

	for (i = 0; i < row->count; i++)
		assert_int_equal(cm_pace_wait(&pace, row->first, row->now[i]),
				 row->expect[i]);
}

/* A change every millisecond for ten seconds. */
static void storm(void **state)
{
	struct cm_pace pace = { 0 };
	unsigned int notices = 0;
	int64_t now, due = -1;

	(void)state;
	for (now = 0; now < 10000; now++) {
		if (due >= 0 && now >= due)
			due = -1;
		if (due < 0) {
			due = now + cm_pace_wait(&pace, 5, now);
			notices++;
		}
	}
	assert_in_range(notices, 95, 105);
}

int main(void)
{
	cm_unit_rows(waits, rows);
	cm_unit_test(storm);
	return cm_unit_run();
}
