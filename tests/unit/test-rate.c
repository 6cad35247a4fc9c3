/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-rate.h"

#define HZ 1024

static const struct init_row {
	const char *name;
	uint64_t count, seconds, burst, hz, interval, tolerance;
} init_rows[] = {
	{ "60 a minute, 10 at once", 60, 60, 10, HZ, HZ, 9 * HZ },
	{ "1 at once", 60, 60, 1, HZ, HZ, 0 },
	{ "0 at once is 1", 60, 60, 0, HZ, HZ, 0 },
	{ "no limit", 0, 60, 10, HZ, 0, 0 },
	{ "rounded up, never down", 7, 60, 2, HZ, 8778, 8778 },
	{ "more than ticks", 1000000, 60, 3, HZ, 1, 2 },
	{ "per day", 1000, 86400, 1000, 64, 5530, 999 * 5530 },
	{ "the largest burst that fits", 60, 60,
	  CM_RATE_MAX_AHEAD, HZ, HZ, (CM_RATE_MAX_AHEAD - 1) * HZ },
	{ "one more is cut", 60, 60,
	  CM_RATE_MAX_AHEAD + 1, HZ, HZ, (CM_RATE_MAX_AHEAD - 1) * HZ },
	{ "one less is not", 60, 60,
	  CM_RATE_MAX_AHEAD - 1, HZ, HZ, (CM_RATE_MAX_AHEAD - 2) * HZ },
	{ "UINT_MAX at once", 60, 60, UINT32_MAX, HZ, HZ,
	  (CM_RATE_MAX_AHEAD - 1) * HZ },
};

static void inits(void **state)
{
	const struct init_row *row = *state;
	struct cm_rate_window window;

	cm_rate_window_init(&window, row->count, row->seconds, row->burst,
			    row->hz);
	assert_int_equal(window.interval, row->interval);
	assert_int_equal(window.tolerance, row->tolerance);
}

/* At each moment, what is answered: 1 allowed; else the ticks to wait. */
struct step {
	uint64_t now;
	bool allowed;
	uint64_t wait;
};

static const struct take_row {
	const char *name;
	uint64_t count, burst;
	struct step steps[12];
} take_rows[] = {
	{ "burst, then one a second, to the tick", 60, 3, {
		{ 5000, true, 0 }, { 5000, true, 0 }, { 5000, true, 0 },
		{ 5000, false, 1024 }, { 6023, false, 1 },
		{ 6024, true, 0 }, { 6024, false, 1024 },
		{ 7047, false, 1 }, { 7048, true, 0 } } },
	{ "a pause gives the whole burst, not more", 60, 2, {
		{ 0, true, 0 }, { 0, true, 0 }, { 0, false, 1024 },
		{ 2048, true, 0 }, { 2048, true, 0 }, { 2048, false, 1024 },
		{ 999999, true, 0 }, { 999999, true, 0 },
		{ 999999, false, 1024 } } },
	{ "half a pause gives half of it", 60, 4, {
		{ 0, true, 0 }, { 0, true, 0 }, { 0, true, 0 }, { 0, true, 0 },
		{ 2047, true, 0 }, { 2047, false, 1 }, { 2048, true, 0 },
		{ 2048, false, 1024 } } },
	{ "one at once", 60, 1, {
		{ 10, true, 0 }, { 10, false, 1024 }, { 1033, false, 1 },
		{ 1034, true, 0 } } },
	{ "the clock of another process is behind", 60, 2, {
		{ 5000, true, 0 }, { 4999, false, 1 }, { 5000, true, 0 },
		{ 4999, false, 1025 }, { 6024, true, 0 } } },
	{ "no limit", 0, 1, {
		{ 1, true, 0 }, { 1, true, 0 }, { 1, true, 0 } } },
};

static void takes(void **state)
{
	const struct take_row *row = *state;
	struct cm_rate_window window;
	uint64_t tat = 0, before, wait;
	size_t i;

	cm_rate_window_init(&window, row->count, 60, row->burst, HZ);
	for (i = 0; i < 12; i++) {
		const struct step *step = &row->steps[i];

		if (!step->allowed && step->wait == 0)
			break;
		before = tat;
		assert_int_equal(cm_rate_take(&window, step->now, &tat, &wait),
				 step->allowed);
		assert_int_equal(wait, step->wait);
		if (!step->allowed)
			assert_int_equal(tat, before);
	}
	assert_true(i >= 3);
}

/* The limit was 100 at once and is 2 now: what was sent counts. */
static void new_limits(void **state)
{
	struct cm_rate_window wide, narrow;
	uint64_t tat = 0, wait;
	int i;

	(void)state;
	cm_rate_window_init(&wide, 60, 60, 100, HZ);
	cm_rate_window_init(&narrow, 60, 60, 2, HZ);
	for (i = 0; i < 100; i++)
		assert_true(cm_rate_take(&wide, 0, &tat, &wait));
	assert_false(cm_rate_take(&wide, 0, &tat, &wait));
	assert_false(cm_rate_take(&narrow, 0, &tat, &wait));
	assert_int_equal(wait, 99 * HZ);
	assert_true(cm_rate_take(&narrow, 99 * HZ, &tat, &wait));
}

/* Over any time T, no more than burst + T / interval. */
static void never_more(void **state)
{
	struct cm_rate_window window;
	uint64_t tat = 0, now, wait, allowed = 0;

	(void)state;
	cm_rate_window_init(&window, 60, 60, 10, HZ);
	for (now = 0; now <= 60 * HZ; now++) {
		while (cm_rate_take(&window, now, &tat, &wait))
			allowed++;
	}
	assert_int_equal(allowed, 10 + 60);
}

int main(void)
{
	cm_unit_rows(inits, init_rows);
	cm_unit_rows(takes, take_rows);
	cm_unit_test(new_limits);
	cm_unit_test(never_more);
	return cm_unit_run();
}
