/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "push-queue.h"

/* Killed now, the next one would wait just as long. */
static void assert_same_after_restart(const struct cm_push_notice *notice,
				      int64_t now, int64_t due)
{
	struct cm_push_queue *queue = new_queue(1);

	assert_int_equal(cm_push_queue_load(queue, "a", notice, now), 1);
	assert_next(queue, now, due);
	cm_push_queue_free(&queue);
}

/* Each request takes three seconds to fail. */
static void schedule(void **state)
{
	static const int64_t delays[] = { 8, 64, 512, 4096 };
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	int64_t now = START;
	unsigned int i;

	(void)state;
	assert_next(queue, now, -1);
	assert_int_equal(cm_push_queue_add(queue, "a", now, now), 1);
	for (i = 0; i < CM_PUSH_MAX_TRIES; i++) {
		entry = take(queue, now);
		assert_non_null(entry);
		assert_string_equal(entry->name, "a");
		assert_int_equal(entry->notice.tried, now);
		assert_int_equal(entry->notice.tries, i);
		assert_next(queue, now, -1); /* it is being sent */
		now += 3 * SECOND;
		if (i + 1 == CM_PUSH_MAX_TRIES)
			break;
		assert_int_equal(cm_push_queue_finish(queue, entry, true, now),
				 CM_PUSH_RETRY);
		assert_next(queue, now, now + delays[i] * SECOND);
		assert_same_after_restart(&entry->notice, now,
					  now + delays[i] * SECOND);
		assert_next(queue, now + delays[i] * SECOND - 1,
			    now + delays[i] * SECOND);
		now += delays[i] * SECOND;
	}
	assert_int_equal(cm_push_queue_finish(queue, entry, true, now),
			 CM_PUSH_EXPIRED);
	assert_int_equal(cm_push_queue_count(queue), 0);
	cm_push_queue_free(&queue);
	assert_null(queue);
}

static void success_at_any_try(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	unsigned int good, i;
	int64_t now = START;

	(void)state;
	for (good = 0; good < CM_PUSH_MAX_TRIES; good++) {
		now += HOUR;
		cm_push_queue_add(queue, "a", now, now);
		for (i = 0; i < good; i++) {
			entry = take(queue, now += 2 * HOUR);
			entry->notice.start = now;
			assert_int_equal(cm_push_queue_finish(queue, entry,
							      true, now),
					 CM_PUSH_RETRY);
		}
		entry = take(queue, now += 2 * HOUR);
		assert_int_equal(cm_push_queue_finish(queue, entry, false,
						      now), CM_PUSH_FINISHED);
		assert_int_equal(cm_push_queue_count(queue), 0);
	}
	cm_push_queue_free(&queue);
}

static const struct deadline_row {
	const char *name;
	int64_t failed_at; /* after the message; the next try is 8 s later */
	enum cm_push_fate expect;
} deadline_rows[] = {
	{ "1 ms before", CM_PUSH_DEADLINE_MS - 8 * SECOND - 1, CM_PUSH_RETRY },
	{ "at it", CM_PUSH_DEADLINE_MS - 8 * SECOND, CM_PUSH_RETRY },
	{ "1 ms behind", CM_PUSH_DEADLINE_MS - 8 * SECOND + 1,
	  CM_PUSH_EXPIRED },
};

static void next_try_behind_deadline(void **state)
{
	const struct deadline_row *row = *state;
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;

	cm_push_queue_add(queue, "a", START, START + HOUR);
	entry = take(queue, START + HOUR);
	assert_int_equal(cm_push_queue_finish(queue, entry, true,
					      START + row->failed_at),
			 row->expect);
	cm_push_queue_free(&queue);
}

static void late_at_the_millisecond(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	int64_t end = START + CM_PUSH_DEADLINE_MS;

	(void)state;
	cm_push_queue_add(queue, "a", START, end + HOUR);
	entry = take(queue, end + HOUR);
	assert_false(cm_push_queue_is_late(queue, entry, end));
	assert_true(cm_push_queue_is_late(queue, entry, end + 1));
	cm_push_queue_finish(queue, entry, false, end + HOUR);
	cm_push_queue_free(&queue);
}

static void coalesces_while_waiting(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	int64_t now = START, tried;

	(void)state;
	assert_int_equal(cm_push_queue_add(queue, "a", now, now), 1);
	assert_int_equal(cm_push_queue_add(queue, "a", now, now), 0);
	assert_int_equal(cm_push_queue_count(queue), 1);
	entry = take(queue, now);
	assert_null(take(queue, now));
	cm_push_set_done(entry, 42);
	cm_push_queue_finish(queue, entry, true, now);
	now += 8 * SECOND;
	entry = take(queue, now);
	tried = now;
	cm_push_queue_finish(queue, entry, true, now);
	/* would be due in 64 s; a new message makes it start anew, but not
	 * sooner than 8 s behind the last try, and for all tokens */
	now += 3 * SECOND;
	assert_int_equal(cm_push_queue_add(queue, "a", now, now), 0);
	assert_next(queue, now, tried + 8 * SECOND);
	entry = take(queue, tried + 8 * SECOND);
	assert_int_equal(entry->notice.start, now);
	assert_int_equal(entry->notice.tries, 0);
	assert_false(cm_push_is_done(&entry->notice, 42));
	cm_push_queue_finish(queue, entry, true, tried + 8 * SECOND);
	/* long after it: at once */
	now = tried + 60 * SECOND;
	cm_push_queue_add(queue, "a", now, now);
	assert_non_null(take(queue, now));
	cm_push_queue_free(&queue);
}

static void again_while_sending(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	int64_t now = START;

	(void)state;
	cm_push_queue_add(queue, "a", now, now);
	entry = take(queue, now);
	cm_push_set_done(entry, 42);
	assert_int_equal(cm_push_queue_add(queue, "a", now + 1, now + 1), 0);
	assert_int_equal(cm_push_queue_add(queue, "a", now + 2, now + 2), 0);
	assert_null(take(queue, now + 2));
	/* one more for all of them, in the same go */
	assert_false(cm_push_is_done(&entry->notice, 42));
	assert_int_equal(entry->notice.start, now + 2);
	cm_push_set_done(entry, 42);
	assert_int_equal(cm_push_queue_finish(queue, entry, false, now + 3),
			 CM_PUSH_FINISHED);
	assert_next(queue, now + 3, -1);

	/* that of the message before, at its last try, was not taken */
	now += HOUR;
	cm_push_queue_add(queue, "a", now, now);
	entry = take(queue, now);
	entry->notice.tries = CM_PUSH_MAX_TRIES - 1;
	cm_push_queue_add(queue, "a", now + 1, now + 1);
	cm_push_queue_set_failed(queue, entry, 42, now + 2);
	assert_int_equal(cm_push_queue_finish(queue, entry, false, now + 2),
			 CM_PUSH_RETRY);
	assert_int_equal(entry->notice.tries, 0);
	assert_next(queue, now + 2, now + 2 + 8 * SECOND);
	cm_push_queue_free(&queue);
}

static const struct start_row {
	const char *name;
	int64_t written, wall, now;
	int64_t expect; /* before now */
} start_rows[] = {
	{ "just now", START, START, START, 0 },
	{ "1 ms ago", START - 1, START, START, 1 },
	{ "1 ms ahead", START + 1, START, START, 0 },
	{ "an hour ago", START - HOUR, START, START, HOUR },
	{ "clock set back by a day", START, START, START + 24 * HOUR, 0 },
	{ "an hour ago, set back before", START - HOUR, START,
	  START + 24 * HOUR, HOUR },
	{ "set back since it came", START + 24 * HOUR, START,
	  START + 24 * HOUR, 0 },
	{ "set forward by a day", START + 24 * HOUR, START + 24 * HOUR, START,
	  0 },
	{ "an hour ago, set forward before", START + 23 * HOUR,
	  START + 24 * HOUR, START, HOUR },
};

static void start_by_our_clock(void **state)
{
	const struct start_row *row = *state;

	assert_int_equal(row->now - cm_push_start(row->written, row->wall,
						  row->now), row->expect);
}

/* What was a notice of the last second is told, however far the wall clock was
 * set back since we began. */
static void not_late_when_set_back(void **state)
{
	struct cm_push_queue *queue = new_queue(1);
	int64_t now = START + CM_PUSH_DEADLINE_MS + HOUR;
	struct cm_push_entry *entry;

	(void)state;
	cm_push_queue_add(queue, "a", cm_push_start(START - SECOND, START,
						    now), now);
	entry = take(queue, now);
	assert_int_equal(entry->notice.start, now - SECOND);
	assert_false(cm_push_queue_is_late(queue, entry, now));
	cm_push_queue_free(&queue);
}

static const struct load_row {
	const char *name;
	unsigned int tries;
	int64_t start, tried; /* before now */
	int64_t due, expect_start;
} load_rows[] = {
	{ "never tried", 0, HOUR, 0, 0, -HOUR },
	{ "killed at its first try", 0, HOUR, SECOND, 0, -HOUR },
	{ "second is due later", 1, HOUR, 3 * SECOND, 5 * SECOND, -HOUR },
	{ "third is due already", 2, HOUR, HOUR, 64 * SECOND - HOUR, -HOUR },
	{ "last", 4, HOUR, SECOND, 4095 * SECOND, -HOUR },
	{ "of a clock that was wrong", 1, -HOUR, -HOUR, 8 * SECOND, 0 },
};

static void load_goes_on(void **state)
{
	const struct load_row *row = *state;
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_notice notice = {
		.start = START - row->start,
		.tried = row->tried == 0 ? 0 : START - row->tried,
		.tries = row->tries, .done_count = 1, .done = { 42 }
	};
	struct cm_push_entry *entry;

	assert_int_equal(cm_push_queue_load(queue, "a", &notice, START), 1);
	assert_int_equal(cm_push_queue_load(queue, "a", &notice, START), 0);
	if (row->due > 0)
		assert_next(queue, START, START + row->due);
	entry = take(queue, START + (row->due > 0 ? row->due : 0));
	assert_non_null(entry);
	assert_int_equal(entry->notice.start, START + row->expect_start);
	assert_int_equal(entry->notice.tries, row->tries);
	assert_true(cm_push_is_done(&entry->notice, 42));
	cm_push_queue_free(&queue);
}

static const struct step_row {
	const char *name;
	bool late;
	enum cm_dir_result account;
	unsigned int tokens;
	enum cm_push_step expect;
} step_rows[] = {
	{ "one token", false, CM_DIR_OK, 1, CM_PUSH_SEND },
	{ "all tokens", false, CM_DIR_OK, CM_DEVICETOKEN_MAX_TOKENS,
	  CM_PUSH_SEND },
	{ "no token is left", false, CM_DIR_OK, 0, CM_PUSH_DROP_TOKENS },
	{ "account deleted", false, CM_DIR_UNKNOWN, 0, CM_PUSH_DROP_ACCOUNT },
	{ "account deleted, and late", true, CM_DIR_UNKNOWN, 0,
	  CM_PUSH_DROP_LATE },
	{ "late", true, CM_DIR_OK, 3, CM_PUSH_DROP_LATE },
	{ "disk fails", false, CM_DIR_FAILED, 0, CM_PUSH_HOLD },
	{ "metadata.json is damaged", false, CM_DIR_CORRUPT, 0, CM_PUSH_HOLD },
	{ "disk fails until it is late", true, CM_DIR_FAILED, 0,
	  CM_PUSH_DROP_LATE },
};

static void step(void **state)
{
	const struct step_row *row = *state;

	assert_int_equal(cm_push_step(row->late, row->account, row->tokens),
			 row->expect);
}

static const struct answer_row {
	const char *name;
	long status;
	enum cm_push_answer expect;
} answer_rows[] = {
	{ "200", 200, CM_PUSH_TAKEN },	 { "410", 410, CM_PUSH_GONE },
	{ "none", 0, CM_PUSH_LATER },	 { "100", 100, CM_PUSH_LATER },
	{ "201", 201, CM_PUSH_LATER },	 { "302", 302, CM_PUSH_LATER },
	{ "400", 400, CM_PUSH_LATER },	 { "404", 404, CM_PUSH_LATER },
	{ "429", 429, CM_PUSH_LATER },	 { "500", 500, CM_PUSH_LATER },
	{ "503", 503, CM_PUSH_LATER },
};

static void answer(void **state)
{
	const struct answer_row *row = *state;

	assert_int_equal(cm_push_answer(row->status), row->expect);
}

static const struct proxy_row {
	const char *name;
	unsigned int failures;
	enum cm_push_answer then;
	enum cm_push_news expect; /* of the last failure */
	enum cm_push_news expect_then;
} proxy_rows[] = {
	{ "one", 1, CM_PUSH_TAKEN, CM_PUSH_NO_NEWS, CM_PUSH_NO_NEWS },
	{ "max - 1", CM_PUSH_PROXY_FAILURES - 1, CM_PUSH_TAKEN,
	  CM_PUSH_NO_NEWS, CM_PUSH_NO_NEWS },
	{ "max", CM_PUSH_PROXY_FAILURES, CM_PUSH_TAKEN, CM_PUSH_PROXY_FAILS,
	  CM_PUSH_PROXY_WORKS },
	{ "max + 1", CM_PUSH_PROXY_FAILURES + 1, CM_PUSH_GONE,
	  CM_PUSH_NO_NEWS, CM_PUSH_PROXY_WORKS },
};

/* Twice, as nothing is left of the first time. */
static void proxy_fails(void **state)
{
	const struct proxy_row *row = *state;
	struct cm_push_proxy proxy = { 0 };
	enum cm_push_news news = CM_PUSH_NO_NEWS;
	unsigned int i, failures, time;

	for (time = 0; time < 2; time++) {
		for (i = 1; i <= row->failures; i++) {
			news = cm_push_proxy_answer(&proxy, CM_PUSH_LATER,
						    &failures);
			assert_int_equal(failures, i);
		}
		assert_int_equal(news, row->expect);
		news = cm_push_proxy_answer(&proxy, row->then, &failures);
		assert_int_equal(news, row->expect_then);
		assert_int_equal(failures, row->failures);
		news = cm_push_proxy_answer(&proxy, row->then, &failures);
		assert_int_equal(news, CM_PUSH_NO_NEWS);
	}
}

static void remembers_all_tokens(void **state)
{
	struct cm_push_queue *queue = new_queue(1);
	struct cm_push_entry *entry;
	char token[20];
	unsigned int i;

	(void)state;
	cm_push_queue_add(queue, "a", START, START);
	entry = take(queue, START);
	/* one more than it can is no harm */
	for (i = 0; i <= CM_DEVICETOKEN_MAX_TOKENS; i++) {
		(void)snprintf(token, sizeof(token), "token %u", i);
		assert_false(cm_push_is_done(&entry->notice,
					     cm_push_digest(token)));
		cm_push_set_done(entry, cm_push_digest(token));
		assert_int_equal(cm_push_is_done(&entry->notice,
						 cm_push_digest(token)),
				 i < CM_DEVICETOKEN_MAX_TOKENS);
	}
	cm_push_queue_free(&queue);
}

static const struct room_row {
	const char *name;
	unsigned int max_accounts, count;
	bool expect;
} room_rows[] = {
	{ "max - 1", 8, 7, true },
	{ "max", 8, 8, false },
	{ "one", 1, 1, false },
	{ "no power of two", 5, 4, true },
};

static void room(void **state)
{
	const struct room_row *row = *state;
	struct cm_push_queue *queue = new_queue(row->max_accounts);
	char name[] = "a";
	unsigned int i;

	for (i = 0; i < row->count; i++, (*name)++) {
		assert_false(cm_push_queue_has(queue, name));
		assert_int_equal(cm_push_queue_add(queue, name, START, START),
				 1);
		assert_true(cm_push_queue_has(queue, name));
	}
	assert_int_equal(cm_push_queue_has_room(queue), row->expect);
	assert_int_equal(cm_push_queue_add(queue, name, START, START),
			 row->expect ? 1 : -1);
	/* one that waits takes no more room */
	assert_int_equal(cm_push_queue_add(queue, "a", START, START), 0);
	cm_push_queue_free(&queue);
}

static const struct size_row {
	const char *name;
	unsigned int max_accounts, speed;
	bool expect;
} size_rows[] = {
	{ "0", 0, 1, false },
	{ "1", 1, 1, true },
	{ "max - 1", CM_PUSH_MAX_ACCOUNTS - 1, 1, true },
	{ "max", CM_PUSH_MAX_ACCOUNTS, 1, true },
	{ "max + 1", CM_PUSH_MAX_ACCOUNTS + 1, 1, false },
	{ "speed 0", 1, 0, false },
	{ "speed max", 1, CM_PUSH_MAX_SPEED, true },
	{ "speed max + 1", 1, CM_PUSH_MAX_SPEED + 1, false },
};

static void size(void **state)
{
	const struct size_row *row = *state;
	struct cm_push_queue *queue =
		cm_push_queue_new(row->max_accounts, row->speed, key);

	assert_int_equal(queue != NULL, row->expect);
	cm_push_queue_free(&queue);
}

/* Beside a plain table that is searched from one end: at random times,
 * messages come and tries end, and the one that is due for longest is always
 * the one that is handed out. */
static void like_a_table(void **state)
{
	enum { NAMES = 50, STEPS = 50000 };
	struct cm_push_queue *queue = new_queue(NAMES);
	struct { int64_t due, tried, start; unsigned int tries; bool in; }
		table[NAMES] = { { 0 } };
	struct cm_push_entry *entry;
	int64_t now = START, wait, first;
	unsigned int step_nr, n, i, random = 1, handed = 0;
	char name[8];

	(void)state;
	for (step_nr = 0; step_nr < STEPS; step_nr++) {
		random = random * 1103515245u + 12345u;
		n = (random >> 16) % NAMES;
		now += (random >> 8) % 4000;
		if (random >> 31 == 0) {
			(void)snprintf(name, sizeof(name), "%u", n);
			assert_int_equal(cm_push_queue_add(queue, name, now,
							   now),
					 !table[n].in);
			table[n].due = !table[n].in || table[n].tried == 0 ||
				table[n].tried + 8000 < now ? now :
				table[n].tried + 8000;
			if (!table[n].in)
				table[n].tried = 0;
			table[n].in = true;
			table[n].start = now;
			table[n].tries = 0;
		}
		for (first = -1, i = 0; i < NAMES; i++) {
			if (table[i].in && (first < 0 || table[i].due < first))
				first = table[i].due;
		}
		entry = cm_push_queue_next(queue, now, &wait);
		assert_int_equal(entry != NULL, first >= 0 && first <= now);
		if (entry == NULL) {
			assert_int_equal(wait, first < 0 ? -1 : first - now);
			continue;
		}
		handed++;
		n = (unsigned int)atoi(entry->name);
		assert_int_equal(table[n].due, first);
		assert_int_equal(table[n].start, entry->notice.start);
		table[n].tried = now;
		if (random % 4 == 0) {
			cm_push_queue_finish(queue, entry, false, now);
			table[n].in = false;
			continue;
		}
		for (table[n].due = now + 8000, i = 0; i < table[n].tries; i++)
			table[n].due += (table[n].due - now) * 7;
		table[n].in = cm_push_queue_finish(queue, entry, true, now) ==
			      CM_PUSH_RETRY;
		assert_int_equal(table[n].in,
				 ++table[n].tries < CM_PUSH_MAX_TRIES);
	}
	assert_true(handed > STEPS / 10);
	cm_push_queue_free(&queue);
}

int main(void)
{
	cm_unit_test(schedule);
	cm_unit_test(success_at_any_try);
	cm_unit_rows(next_try_behind_deadline, deadline_rows);
	cm_unit_test(late_at_the_millisecond);
	cm_unit_test(coalesces_while_waiting);
	cm_unit_test(again_while_sending);
	cm_unit_rows(start_by_our_clock, start_rows);
	cm_unit_test(not_late_when_set_back);
	cm_unit_rows(load_goes_on, load_rows);
	cm_unit_rows(step, step_rows);
	cm_unit_rows(answer, answer_rows);
	cm_unit_rows(proxy_fails, proxy_rows);
	cm_unit_test(remembers_all_tokens);
	cm_unit_rows(room, room_rows);
	cm_unit_rows(size, size_rows);
	cm_unit_test(like_a_table);
	return cm_unit_run();
}
