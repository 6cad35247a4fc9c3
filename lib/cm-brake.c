/* SPDX-License-Identifier: MIT */
#include "cm-brake.h"

#include <stdlib.h>
#include <string.h>

#define SETS (CM_BRAKE_ENTRIES / CM_BRAKE_WAYS)

struct entry {
	uint64_t account;
	int64_t last_failure, next_login;
	unsigned int failures; /* 0: free */
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

static struct entry *find(struct cm_brake *brake, uint64_t account,
			  int64_t now)
{
	struct entry *entry = brake->entries[account % SETS];
	unsigned int i;

	for (i = 0; i < CM_BRAKE_WAYS; i++, entry++) {
		if (entry->failures == 0 || entry->account != account)
			continue;
		if (now - entry->last_failure < CM_BRAKE_WINDOW_MS)
			return entry;
		entry->failures = 0;
	}
	return NULL;
}

static struct entry *replace(struct cm_brake *brake, uint64_t account)
{
	struct entry *entry = brake->entries[account % SETS];
	struct entry *oldest = entry;
	unsigned int i;

	for (i = 0; i < CM_BRAKE_WAYS; i++, entry++) {
		if (entry->failures == 0) {
			oldest = entry;
			break;
		}
		if (entry->last_failure < oldest->last_failure)
			oldest = entry;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->account = account;
	return oldest;
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

int cm_brake_wait(struct cm_brake *brake, uint64_t account, int64_t now)
{
	struct entry *entry = find(brake, account, now);
	int64_t wait;

	if (entry == NULL || entry->failures < brake->free_failures)
		return 0;
	wait = entry->next_login > now ? entry->next_login - now : 0;
	if (wait > CM_BRAKE_MAX_WAIT_MS)
		return -1;
	entry->next_login = now + wait + delay(brake, entry);
	return (int)wait;
}

void cm_brake_failed(struct cm_brake *brake, uint64_t account, int64_t now)
{
	struct entry *entry = find(brake, account, now);
	int64_t next;

	if (entry == NULL)
		entry = replace(brake, account);
	entry->last_failure = now;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	if (entry->failures < brake->free_failures)
		return;
	next = now + delay(brake, entry);
	if (entry->next_login < next)
		entry->next_login = next;
}
