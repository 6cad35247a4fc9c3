/* SPDX-License-Identifier: MIT
 *
 * A queue of notices, for the tests of cm-push-queue.
 */
#ifndef PUSH_QUEUE_H
#define PUSH_QUEUE_H

#include "cm-push-queue.h"

#define START INT64_C(1795132800000)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static const unsigned char key[CM_SIPHASH_KEY_SIZE] = "0123456789abcde";

static inline struct cm_push_queue *new_queue(unsigned int max_accounts)
{
	struct cm_push_queue *queue = cm_push_queue_new(max_accounts, 1, key);

	assert_non_null(queue);
	return queue;
}

static inline struct cm_push_entry *take(struct cm_push_queue *queue,
					 int64_t now)
{
	int64_t wait;

	return cm_push_queue_next(queue, now, &wait);
}

/* Nothing is due at now, and it says that something will be at `when`. */
static inline void assert_next(struct cm_push_queue *queue, int64_t now,
			       int64_t when)
{
	int64_t wait;

	assert_null(cm_push_queue_next(queue, now, &wait));
	assert_int_equal(wait, when < 0 ? -1 : when - now);
}

#endif
