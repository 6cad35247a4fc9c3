/* SPDX-License-Identifier: MIT
 *
 * cm-push-queue: an account with tokens that are well and tokens that fail.
 */
#include "cm-unit.h"
#include "push-queue.h"

/* Messages come to an account with one token that is well and one that is not:
 * the first is told each time at once, the other is left alone for 8 s. */
static void spacing_for_who_failed(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;
	int64_t now = START, until = START + 1 + 8 * SECOND;
	unsigned int i;

	(void)state;
	cm_push_queue_add(queue, "a", now, now);
	entry = take(queue, now);
	cm_push_set_done(entry, 42);
	cm_push_queue_set_failed(queue, entry, 13, now + 1);
	assert_int_equal(cm_push_queue_finish(queue, entry, true, now + 1),
			 CM_PUSH_RETRY);
	for (i = 0; i < 3; i++) {
		now += SECOND;
		/* two at a time make one notice */
		cm_push_queue_add(queue, "a", now, now);
		cm_push_queue_add(queue, "a", now, now);
		entry = take(queue, now);
		assert_non_null(entry);
		assert_false(cm_push_is_done(&entry->notice, 42));
		assert_true(cm_push_is_failed(entry, 13));
		cm_push_set_done(entry, 42);
		assert_int_equal(cm_push_queue_finish(queue, entry, false,
						      now), CM_PUSH_RETRY);
		assert_next(queue, now, until);
	}
	/* its first try for these; its last is so long ago */
	assert_null(take(queue, until - 1));
	entry = take(queue, until);
	assert_int_equal(entry->notice.tries, 0);
	assert_true(cm_push_is_done(&entry->notice, 42));
	assert_false(cm_push_is_failed(entry, 13));
	/* so is it for a message while it is sent */
	cm_push_queue_set_failed(queue, entry, 13, until);
	cm_push_queue_add(queue, "a", until, until + 8 * SECOND - 1);
	assert_true(cm_push_is_failed(entry, 13));
	cm_push_queue_add(queue, "a", until, until + 8 * SECOND);
	assert_false(cm_push_is_failed(entry, 13));
	assert_int_equal(cm_push_queue_finish(queue, entry, false, until),
			 CM_PUSH_FINISHED);
	cm_push_queue_free(&queue);
}

/* A proxy that is down: a message makes no more tries than 8 s allow. */
static void spacing_if_all_failed(void **state)
{
	struct cm_push_queue *queue = new_queue(4);
	struct cm_push_entry *entry;

	(void)state;
	cm_push_queue_add(queue, "a", START, START);
	entry = take(queue, START);
	cm_push_queue_set_failed(queue, entry, 13, START);
	cm_push_queue_finish(queue, entry, true, START);
	cm_push_queue_add(queue, "a", START + 1, START + 1);
	assert_next(queue, START + 1, START + 8 * SECOND);
	cm_push_queue_free(&queue);
}

static const struct failed_row {
	const char *name;
	unsigned int count;
	bool expect;
} failed_rows[] = {
	{ "max - 1", CM_DEVICETOKEN_MAX_TOKENS - 1, true },
	{ "max", CM_DEVICETOKEN_MAX_TOKENS, true },
	{ "max + 1", CM_DEVICETOKEN_MAX_TOKENS + 1, false },
};

/* One that is too many, of an account whose tokens change, is tried sooner. */
static void remembers_who_failed(void **state)
{
	const struct failed_row *row = *state;
	struct cm_push_queue *queue = new_queue(1);
	struct cm_push_entry *entry;
	unsigned int i;

	cm_push_queue_add(queue, "a", START, START);
	entry = take(queue, START);
	for (i = 1; i <= row->count; i++) {
		assert_false(cm_push_is_failed(entry, i));
		cm_push_queue_set_failed(queue, entry, i, START);
		/* twice is once */
		cm_push_queue_set_failed(queue, entry, i, START);
	}
	assert_true(cm_push_is_failed(entry, row->count - 1));
	assert_int_equal(cm_push_is_failed(entry, row->count), row->expect);
	cm_push_queue_free(&queue);
}

int main(void)
{
	cm_unit_test(spacing_for_who_failed);
	cm_unit_test(spacing_if_all_failed);
	cm_unit_rows(remembers_who_failed, failed_rows);
	return cm_unit_run();
}
