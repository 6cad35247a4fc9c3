/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-expire.h"
#include "cm-settings.h"

#define DAY 86400
#define NOW ((time_t)1800000123)
#define MAILS 20
#define LARGE 7
#define SIZE 200000
#define USERS 90

static struct cm_expire rules(void)
{
	struct cm_settings set;
	struct cm_expire expire;
	const char *error;

	assert_int_equal(cm_settings_defaults(&set, &error), 0);
	assert_int_equal(set.delete_mails_after, MAILS);
	assert_int_equal(set.delete_large_after, LARGE);
	assert_int_equal(set.delete_large_size, SIZE);
	assert_int_equal(set.delete_inactive_users_after, USERS);
	cm_expire_init(&expire, &set, NOW);
	cm_settings_deinit(&set);
	return expire;
}

static const struct row {
	const char *name;
	int days, secs; /* age */
	bool seen;
	int64_t size;
	enum cm_expire_verdict verdict;
} rows[] = {
	{ "new", 0, 0, true, 1, CM_EXPIRE_KEEP },
	{ "of the future", -9999, 0, true, SIZE + 1, CM_EXPIRE_KEEP },
	{ "a second too young", MAILS, -1, true, 1, CM_EXPIRE_KEEP },
	{ "as old as allowed", MAILS, 0, true, 1, CM_EXPIRE_KEEP },
	{ "old", MAILS, 1, true, 1, CM_EXPIRE_OLD },
	{ "old, not seen", MAILS, 1, false, 1, CM_EXPIRE_OLD },
	{ "old, size not known", MAILS, 1, true, -1, CM_EXPIRE_OLD },
	{ "old and large", MAILS, 1, true, SIZE + 1, CM_EXPIRE_OLD },
	{ "since 1970", 0, NOW, true, 1, CM_EXPIRE_OLD },
	{ "large, a second too young", LARGE, -1, true, SIZE + 1,
	  CM_EXPIRE_KEEP },
	{ "large, as old as allowed", LARGE, 0, true, SIZE + 1,
	  CM_EXPIRE_KEEP },
	{ "large", LARGE, 1, true, SIZE + 1, CM_EXPIRE_LARGE },
	{ "large, not seen", LARGE, 1, false, SIZE + 1, CM_EXPIRE_KEEP },
	{ "as large as allowed", LARGE, 1, true, SIZE, CM_EXPIRE_KEEP },
	{ "a byte below", LARGE, 1, true, SIZE - 1, CM_EXPIRE_KEEP },
	{ "empty", LARGE, 1, true, 0, CM_EXPIRE_KEEP },
	{ "size not known", LARGE, 1, true, -1, CM_EXPIRE_ASK_SIZE },
	{ "size not known, but young", LARGE, 0, true, -1, CM_EXPIRE_KEEP },
	{ "size not known, not seen", LARGE, 1, false, -1, CM_EXPIRE_KEEP },
};

static void message(void **state)
{
	const struct row *row = *state;
	struct cm_expire expire = rules();

	assert_int_equal(cm_expire_message(&expire, NOW -
					   (time_t)row->days * DAY - row->secs,
					   row->seen, row->size),
			 row->verdict);
}

/* The last login is a day, and that day has 24 hours. */
static void account(void **state)
{
	struct cm_expire expire = rules();
	time_t edge = NOW - (time_t)(USERS + 1) * DAY;

	(void)state;
	assert_false(cm_expire_account(&expire, NOW));
	assert_false(cm_expire_account(&expire, NOW + 365 * DAY));
	assert_false(cm_expire_account(&expire, edge + 1));
	assert_false(cm_expire_account(&expire, edge));
	assert_true(cm_expire_account(&expire, edge - 1));
	assert_true(cm_expire_account(&expire, 0));
}

static void leftover(void **state)
{
	struct cm_expire expire = rules();
	time_t edge = NOW - CM_EXPIRE_LEFTOVER_SECS;

	(void)state;
	assert_false(cm_expire_leftover(&expire, NOW));
	assert_false(cm_expire_leftover(&expire, edge));
	assert_true(cm_expire_leftover(&expire, edge - 1));
	assert_false(cm_expire_leftover(&expire, NOW + 10 * DAY));
}

static void plausible(void **state)
{
	int64_t edge = NOW + CM_EXPIRE_MAX_AHEAD_SECS;

	(void)state;
	assert_true(cm_expire_time_plausible(NOW, NOW));
	assert_true(cm_expire_time_plausible(NOW, CM_EXPIRE_MIN_TIME + 1));
	assert_true(cm_expire_time_plausible(NOW, CM_EXPIRE_MIN_TIME));
	assert_false(cm_expire_time_plausible(NOW, CM_EXPIRE_MIN_TIME - 1));
	/* names of other programs */
	assert_false(cm_expire_time_plausible(NOW, 20241105));
	assert_false(cm_expire_time_plausible(NOW, 1));
	assert_true(cm_expire_time_plausible(NOW, edge - 1));
	assert_true(cm_expire_time_plausible(NOW, edge));
	assert_false(cm_expire_time_plausible(NOW, edge + 1));
	assert_false(cm_expire_time_plausible(NOW, 0));
	assert_false(cm_expire_time_plausible(NOW, -1));
}

/* Large ones may be given longer than others: then they are as others. */
static void large_last_longer(void **state)
{
	struct cm_expire expire = rules();

	(void)state;
	expire.large_before = expire.mails_before - DAY;
	assert_int_equal(cm_expire_message(&expire, expire.mails_before - 1,
					   true, SIZE + 1), CM_EXPIRE_OLD);
	assert_int_equal(cm_expire_message(&expire, expire.mails_before,
					   true, SIZE + 1), CM_EXPIRE_KEEP);
}

/* The clock of a machine without battery: nothing is old in 1970. */
static void at_the_epoch(void **state)
{
	struct cm_settings set;
	struct cm_expire expire;
	const char *error;

	(void)state;
	assert_int_equal(cm_settings_defaults(&set, &error), 0);
	set.delete_mails_after = set.delete_inactive_users_after = 36500;
	cm_expire_init(&expire, &set, 0);
	assert_int_equal(cm_expire_message(&expire, 0, true, 1),
			 CM_EXPIRE_KEEP);
	assert_false(cm_expire_account(&expire, 0));
	cm_settings_deinit(&set);
}

static void reasons(void **state)
{
	(void)state;
	assert_string_equal(cm_expire_reason(CM_EXPIRE_OLD), "old");
	assert_string_equal(cm_expire_reason(CM_EXPIRE_LARGE), "large");
	assert_string_equal(cm_expire_reason(CM_EXPIRE_KEEP), "");
}

int main(void)
{
	cm_unit_rows(message, rows);
	cm_unit_test(account);
	cm_unit_test(leftover);
	cm_unit_test(plausible);
	cm_unit_test(large_last_longer);
	cm_unit_test(at_the_epoch);
	cm_unit_test(reasons);
	return cm_unit_run();
}
