/* SPDX-License-Identifier: MIT */
#include "cm-brake.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SETS (CM_BRAKE_ENTRIES / CM_BRAKE_WAYS)

struct entry {
	uint64_t account;
	int64_t last_failure, next_login;
	unsigned int failures, under_way; /* both 0: free */
};

struct cm_brake {
	unsigned int free_failures;
	struct entry entries[SETS][CM_BRAKE_WAYS];
};

struct cm_brake *cm_brake_new(unsigned int free_failures)
{
	struct cm_brake *brake = calloc(1, sizeof(*brake));

	if (brake != NULL)
		brake->free_failures = free_failures == 0 ? 1 : free_failures;
	return brake;
}

void cm_brake_free(struct cm_brake **brake)
{
	free(*brake);
	*brake = NULL;
}

/* How many guesses it stands for. */
static uint64_t weight(const struct entry *entry)
{
	return (uint64_t)entry->failures + entry->under_way;
}

static struct entry *find(struct cm_brake *brake, uint64_t account,
			  int64_t now)
{
	struct entry *entry = brake->entries[account % SETS];
	struct entry *found = NULL;
	unsigned int i;

	for (i = 0; i < CM_BRAKE_WAYS; i++, entry++) {
		if (now - entry->last_failure >= CM_BRAKE_WINDOW_MS)
			entry->failures = 0;
		if (weight(entry) > 0 && entry->account == account)
			found = entry;
	}
	return found;
}

static bool goes_before(const struct entry *a, const struct entry *b)
{
	if (weight(a) != weight(b))
		return weight(a) < weight(b);
	return a->last_failure < b->last_failure;
}

/* After find(), so nothing in the set is out of date. */
static struct entry *replace(struct cm_brake *brake, uint64_t account,
			     int64_t now)
{
	struct entry *entry = brake->entries[account % SETS];
	struct entry *victim = entry;
	unsigned int i;

	for (i = 1; i < CM_BRAKE_WAYS; i++) {
		if (goes_before(&entry[i], victim))
			victim = &entry[i];
	}
	memset(victim, 0, sizeof(*victim));
	victim->account = account;
	victim->last_failure = now;
	return victim;
}

static struct entry *find_or_add(struct cm_brake *brake, uint64_t account,
				 int64_t now)
{
	struct entry *entry = find(brake, account, now);

	return entry != NULL ? entry : replace(brake, account, now);
}

static int64_t delay(const struct cm_brake *brake, const struct entry *entry)
{
	unsigned int i;
	int64_t ms = CM_BRAKE_FIRST_DELAY_MS;

	for (i = brake->free_failures;
	     i < entry->failures && ms < CM_BRAKE_MAX_DELAY_MS; i++)
		ms *= 2;
	return ms < CM_BRAKE_MAX_DELAY_MS ? ms : CM_BRAKE_MAX_DELAY_MS;
}

/* From the last one that is free on, the next has to wait. */
static void start_queue(const struct cm_brake *brake, struct entry *entry,
			int64_t now)
{
	int64_t next;

	if (weight(entry) < brake->free_failures)
		return;
	next = now + delay(brake, entry);
	if (entry->next_login < next)
		entry->next_login = next;
}

int cm_brake_wait(struct cm_brake *brake, uint64_t account, int64_t now)
{
	struct entry *entry = find_or_add(brake, account, now);
	int64_t wait = 0;

	if (weight(entry) < brake->free_failures) {
		entry->under_way++;
		start_queue(brake, entry, now);
		return 0;
	}
	if (entry->next_login > now)
		wait = entry->next_login - now;
	if (wait > CM_BRAKE_MAX_WAIT_MS)
		return -1;
	entry->under_way++;
	entry->next_login = now + wait + delay(brake, entry);
	return (int)wait;
}

void cm_brake_answered(struct cm_brake *brake, uint64_t account, int64_t now)
{
	struct entry *entry = find(brake, account, now);

	/* it may have been displaced meanwhile */
	if (entry != NULL && entry->under_way > 0)
		entry->under_way--;
}

void cm_brake_failed(struct cm_brake *brake, uint64_t account, int64_t now)
{
	struct entry *entry = find_or_add(brake, account, now);

	entry->last_failure = now;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	start_queue(brake, entry, now);
}
