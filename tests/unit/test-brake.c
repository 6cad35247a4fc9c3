/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-brake.h"

#define FREE 3
#define A 77

static struct cm_brake *failing(unsigned int failures, int64_t now)
{
	struct cm_brake *brake = cm_brake_new(FREE);

	assert_non_null(brake);
	while (failures-- > 0)
		cm_brake_failed(brake, A, now);
	return brake;
}

static const struct row {
	const char *name;
	unsigned int failures;
	int64_t later;
	int expect;
} rows[] = {
	{ "no failure", 0, 0, 0 },
	{ "free - 1", 2, 0, 0 },
	{ "free", 3, 0, 1000 },
	{ "free + 1", 4, 0, 2000 },
	{ "free + 2", 5, 0, 4000 },
	{ "free + 3", 6, 0, 8000 },
	{ "free + 4", 7, 0, 16000 },
	{ "free + 5", 8, 0, 16000 },
	{ "many", 100000, 0, 16000 },
	{ "some of it is over", 3, 400, 600 },
	{ "just before the end", 3, 999, 1 },
	{ "at the end", 3, 1000, 0 },
	{ "window - 1 after many", 100, CM_BRAKE_WINDOW_MS - 1, 0 },
	{ "clock went back", 3, -5000, 6000 },
};

static void waits(void **state)
{
	const struct row *row = *state;
	struct cm_brake *brake = failing(row->failures, 1000000);

	assert_int_equal(cm_brake_wait(brake, A, 1000000 + row->later),
			 row->expect);
	/* nobody else does */
	assert_int_equal(cm_brake_wait(brake, A + 1, 1000000 + row->later),
			 0);
	cm_brake_free(&brake);
	assert_null(brake);
}

static void one_after_the_other(void **state)
{
	struct cm_brake *brake = failing(FREE, 0);
	unsigned int i;

	(void)state;
	/* 1000 is the delay; up to 32000 may wait */
	for (i = 1; i <= 32; i++)
		assert_int_equal(cm_brake_wait(brake, A, 0), i * 1000);
	for (i = 0; i < 100; i++)
		assert_int_equal(cm_brake_wait(brake, A, 0), -1);
	/* refusing does not make the queue longer */
	assert_int_equal(cm_brake_wait(brake, A, 1000), 32000);
	assert_int_equal(cm_brake_wait(brake, A, 1000), -1);
	/* nobody has tried for a while */
	assert_int_equal(cm_brake_wait(brake, A, 60000), 0);
	assert_int_equal(cm_brake_wait(brake, A, 60000), 1000);
	cm_brake_free(&brake);
}

static void wrong(struct cm_brake *brake, uint64_t account, int64_t now)
{
	cm_brake_answered(brake, account, now);
	cm_brake_failed(brake, account, now);
}

static void starts_anew(void **state)
{
	struct cm_brake *brake = failing(100, 0);
	unsigned int i;

	(void)state;
	for (i = 0; i < FREE; i++) {
		assert_int_equal(cm_brake_wait(brake, A, CM_BRAKE_WINDOW_MS),
				 0);
		wrong(brake, A, CM_BRAKE_WINDOW_MS);
	}
	assert_int_equal(cm_brake_wait(brake, A, CM_BRAKE_WINDOW_MS), 1000);
	cm_brake_free(&brake);
}

/* A thousand guesses before the first is answered. */
static void all_at_once(void **state)
{
	struct cm_brake *brake = cm_brake_new(FREE);
	unsigned int i, at_once = 0, later = 0;
	int wait;

	(void)state;
	for (i = 0; i < 1000; i++) {
		wait = cm_brake_wait(brake, A, 0);
		if (wait == 0)
			at_once++;
		else if (wait > 0)
			later++;
	}
	assert_int_equal(at_once, FREE);
	assert_int_equal(later, 32);
	assert_int_equal(cm_brake_wait(brake, A + 1, 0), 0);

	/* all of them right: nothing is held against the account */
	for (i = 0; i < at_once + later; i++)
		cm_brake_answered(brake, A, 500);
	for (i = 0; i < FREE; i++)
		assert_int_equal(cm_brake_wait(brake, A, 500), 0);
	assert_true(cm_brake_wait(brake, A, 500) > 0);

	/* an answer too many gives nothing away */
	for (i = 0; i < 100; i++)
		cm_brake_answered(brake, A, 500);
	for (i = 0; i < FREE; i++)
		assert_int_equal(cm_brake_wait(brake, A, 500), 0);
	assert_true(cm_brake_wait(brake, A, 500) > 0);
	cm_brake_free(&brake);
}

static void failures_and_under_way(void **state)
{
	struct cm_brake *brake = failing(FREE - 1, 0);

	(void)state;
	assert_int_equal(cm_brake_wait(brake, A, 0), 0);
	assert_int_equal(cm_brake_wait(brake, A, 0), 1000);
	/* both are right, but the failures stay */
	cm_brake_answered(brake, A, 1000);
	cm_brake_answered(brake, A, 1000);
	assert_int_equal(cm_brake_wait(brake, A, 3000), 0);
	assert_int_equal(cm_brake_wait(brake, A, 3000), 1000);
	/* the failures are forgotten, those under way are not */
	assert_int_equal(cm_brake_wait(brake, A, CM_BRAKE_WINDOW_MS), 0);
	assert_int_equal(cm_brake_wait(brake, A, CM_BRAKE_WINDOW_MS), 1000);
	cm_brake_free(&brake);
}

/* How fast can a thousand connections guess? */
static void guesses_in_an_hour(void **state)
{
	struct cm_brake *brake = cm_brake_new(FREE);
	unsigned int guesses = 0, i;
	int64_t now, due[1000];
	int wait;

	(void)state;
	for (i = 0; i < 1000; i++)
		due[i] = -1;
	for (now = 0; now < 3600 * 1000; now += 100) {
		for (i = 0; i < 1000; i++) {
			if (due[i] >= 0 && due[i] <= now) {
				wrong(brake, A, now);
				guesses++;
				due[i] = -1;
			}
			if (due[i] < 0) {
				wait = cm_brake_wait(brake, A, now);
				due[i] = wait < 0 ? -1 : now + wait;
			}
		}
	}
	/* one per 16 seconds, and what was quicker while it began */
	assert_in_range(guesses, 3600 / 16, 3600 / 16 + FREE + 40);
	cm_brake_free(&brake);
}

/* These are all in one set. */
#define SAME_SET(i) ((uint64_t)(i) * (CM_BRAKE_ENTRIES / CM_BRAKE_WAYS))

/* Of those with as many failures the oldest goes. */
static void bounded(void **state)
{
	struct cm_brake *brake = cm_brake_new(1);
	unsigned int i;

	(void)state;
	for (i = 0; i <= CM_BRAKE_WAYS; i++)
		cm_brake_failed(brake, SAME_SET(i), i);
	for (i = 1; i <= CM_BRAKE_WAYS; i++)
		assert_true(cm_brake_wait(brake, SAME_SET(i), 10) > 0);
	assert_int_equal(cm_brake_wait(brake, SAME_SET(0), 10), 0);
	cm_brake_free(&brake);
}

/* Nobody gets an account forgotten by failing at others, or by logging in to
 * them, in great numbers. */
static void hard_to_displace(void **state)
{
	struct cm_brake *brake = cm_brake_new(FREE);
	unsigned int i;

	(void)state;
	for (i = 0; i < 12; i++)
		cm_brake_failed(brake, SAME_SET(0), 0);
	for (i = 1; i <= 100; i++)
		cm_brake_failed(brake, SAME_SET(i), 1);
	assert_true(cm_brake_wait(brake, SAME_SET(0), 2) > 0);
	for (i = 1; i <= 100; i++)
		assert_int_equal(cm_brake_wait(brake, SAME_SET(i), 2), 0);
	assert_true(cm_brake_wait(brake, SAME_SET(0), 2) > 0);
	cm_brake_free(&brake);
}

/* What is out of date goes first, however much it was. */
static void old_ones_go_first(void **state)
{
	struct cm_brake *brake = failing(0, 0);
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 100; i++)
		cm_brake_failed(brake, SAME_SET(0), 0);
	for (i = 1; i <= CM_BRAKE_WAYS; i++) {
		for (j = 0; j < FREE; j++)
			cm_brake_failed(brake, SAME_SET(i),
					CM_BRAKE_WINDOW_MS);
	}
	for (i = 1; i <= CM_BRAKE_WAYS; i++) {
		assert_true(cm_brake_wait(brake, SAME_SET(i),
					  CM_BRAKE_WINDOW_MS) > 0);
	}
	cm_brake_free(&brake);
}

static void none_is_free(void **state)
{
	struct cm_brake *brake = cm_brake_new(0);

	(void)state;
	assert_int_equal(cm_brake_wait(brake, A, 0), 0);
	cm_brake_failed(brake, A, 0);
	assert_true(cm_brake_wait(brake, A, 0) > 0);
	cm_brake_free(&brake);
}

int main(void)
{
	cm_unit_rows(waits, rows);
	cm_unit_test(one_after_the_other);
	cm_unit_test(starts_anew);
	cm_unit_test(all_at_once);
	cm_unit_test(failures_and_under_way);
	cm_unit_test(guesses_in_an_hour);
	cm_unit_test(bounded);
	cm_unit_test(hard_to_displace);
	cm_unit_test(old_ones_go_first);
	cm_unit_test(none_is_free);
	return cm_unit_run();
}
