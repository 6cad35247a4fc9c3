/* SPDX-License-Identifier: MIT
 *
 * A heap of the oldest messages, with the newest of them on top. While what
 * lies below the top is enough, the top goes. So the heap always holds the
 * answer for the messages seen so far.
 */
#include "cm-trim.h"

#include <stdlib.h>

#define FIRST_ALLOC 256

struct cm_trim {
	uint64_t excess, chosen, available;
	int64_t newest, oldest_protected;
	size_t count, alloc;
	bool full;
	struct cm_trim_mail *heap;
};

uint64_t cm_trim_percent(uint64_t limit, unsigned int percent)
{
	return limit / 100 * percent + limit % 100 * percent / 100;
}

uint64_t cm_trim_excess(const struct cm_trim_limits *limits, uint64_t limit,
			uint64_t used)
{
	if (limit == 0 || used <= cm_trim_percent(limit, limits->above))
		return 0;
	return used - cm_trim_percent(limit, limits->to);
}

struct cm_trim *cm_trim_new(uint64_t excess, int64_t newest)
{
	struct cm_trim *trim = calloc(1, sizeof(*trim));

	if (trim == NULL)
		return NULL;
	trim->excess = excess;
	trim->newest = newest;
	trim->oldest_protected = INT64_MAX;
	return trim;
}

void cm_trim_free(struct cm_trim **_trim)
{
	struct cm_trim *trim = *_trim;

	*_trim = NULL;
	if (trim == NULL)
		return;
	free(trim->heap);
	free(trim);
}

static int compare_place(const struct cm_trim_mail *a,
			 const struct cm_trim_mail *b)
{
	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return 0;
}

/* A total order, so that the choice does not depend on who came first. */
static bool is_newer(const struct cm_trim_mail *a, const struct cm_trim_mail *b)
{
	if (a->saved != b->saved)
		return a->saved > b->saved;
	return compare_place(a, b) > 0;
}

static void swap(struct cm_trim_mail *a, struct cm_trim_mail *b)
{
	struct cm_trim_mail tmp = *a;

	*a = *b;
	*b = tmp;
}

static void push(struct cm_trim *trim, const struct cm_trim_mail *mail)
{
	struct cm_trim_mail *heap = trim->heap;
	size_t i = trim->count++, up;

	heap[i] = *mail;
	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!is_newer(&heap[i], &heap[up]))
			break;
		swap(&heap[i], &heap[up]);
	}
	trim->chosen += mail->size;
}

static void pop(struct cm_trim *trim)
{
	struct cm_trim_mail *heap = trim->heap;
	size_t i = 0, down, count = --trim->count;

	trim->chosen -= heap[0].size;
	heap[0] = heap[count];
	while ((down = 2 * i + 1) < count) {
		if (down + 1 < count && is_newer(&heap[down + 1], &heap[down]))
			down++;
		if (!is_newer(&heap[down], &heap[i]))
			break;
		swap(&heap[i], &heap[down]);
		i = down;
	}
}

/* Room for one more than CM_TRIM_MAX_MAILS, which is popped at once. */
static int make_room(struct cm_trim *trim)
{
	struct cm_trim_mail *heap;
	size_t alloc = trim->alloc * 2;

	if (trim->count < trim->alloc)
		return 0;
	if (alloc == 0)
		alloc = FIRST_ALLOC;
	if (alloc > CM_TRIM_MAX_MAILS)
		alloc = CM_TRIM_MAX_MAILS + 1;
	heap = realloc(trim->heap, alloc * sizeof(*heap));
	if (heap == NULL)
		return -1;
	trim->heap = heap;
	trim->alloc = alloc;
	return 0;
}

int cm_trim_add(struct cm_trim *trim, const struct cm_trim_mail *mail)
{
	if (mail->saved > trim->newest) {
		if (mail->saved < trim->oldest_protected)
			trim->oldest_protected = mail->saved;
		return 0;
	}
	trim->available += mail->size;
	if (trim->chosen >= trim->excess &&
	    (trim->count == 0 || is_newer(mail, &trim->heap[0])))
		return 0;
	if (make_room(trim) < 0)
		return -1;
	push(trim, mail);
	while (trim->count > 0 &&
	       trim->chosen - trim->heap[0].size >= trim->excess)
		pop(trim);
	if (trim->count > CM_TRIM_MAX_MAILS) {
		pop(trim);
		trim->full = true;
	}
	return 0;
}

static int compare_qsort(const void *a, const void *b)
{
	return compare_place(a, b);
}

size_t cm_trim_finish(struct cm_trim *trim,
		      const struct cm_trim_mail **mails_r)
{
	if (trim->count > 0)
		qsort(trim->heap, trim->count, sizeof(*trim->heap),
		      compare_qsort);
	*mails_r = trim->heap;
	return trim->count;
}

uint64_t cm_trim_available(const struct cm_trim *trim)
{
	return trim->available;
}

/* What was dropped for want of room may have become needless since. */
bool cm_trim_is_full(const struct cm_trim *trim)
{
	return trim->full && trim->chosen < trim->excess;
}

int64_t cm_trim_oldest_protected(const struct cm_trim *trim)
{
	return trim->oldest_protected;
}

struct cm_trim_pause cm_trim_pause(int64_t oldest_protected, int64_t now,
				   int64_t keep_secs)
{
	int64_t from = oldest_protected < now ? oldest_protected : now;
	struct cm_trim_pause pause = { .since = now,
				       .until = from + keep_secs };

	return pause;
}

bool cm_trim_paused(const struct cm_trim_pause *pause, int64_t now)
{
	return now >= pause->since && now < pause->until;
}
