/* SPDX-License-Identifier: MIT
 *
 * cm-trim: which messages go when a mailbox is getting full: the oldest ones,
 * as many as it takes and no more, none that is still protected by its age.
 *
 *	uint64_t excess = cm_trim_excess(&limits, limit, used);
 *	struct cm_trim *trim = cm_trim_new(excess, now - protected seconds);
 *	for each message, in any order
 *		cm_trim_add(trim, &mail);
 *	count = cm_trim_finish(trim, &mails);
 *	... remove mails[0..count)
 *	cm_trim_free(&trim);
 *
 * Memory is bounded whatever the mailbox has: CM_TRIM_MAX_MAILS messages are
 * chosen at most, 24 bytes each, taken as they are needed. Where it takes more
 * of them, cm_trim_is_full() says so: remove these and ask again. Time is
 * O(n log k) for n messages of which k go.
 *
 * No I/O, no clock, no globals.
 */
#ifndef CM_TRIM_H
#define CM_TRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most messages chosen at one time: 1.5 MB. */
#define CM_TRIM_MAX_MAILS 65536

/* Percent of the quota. to < above <= 100. */
struct cm_trim_limits {
	unsigned int above; /* more than this is too much */
	unsigned int to;    /* down to this, then */
};

struct cm_trim_mail {
	int64_t saved; /* when it came into the mailbox, Unix time */
	uint64_t size; /* bytes, as the quota counts it */
	uint32_t folder, uid; /* the caller's way back to it */
};

struct cm_trim;

/* percent of limit, rounded down; cannot overflow. */
uint64_t cm_trim_percent(uint64_t limit, unsigned int percent);

/* Bytes that must go when `used` bytes of `limit` are in use: 0 while that is
 * not above limits->above. limit 0 means that there is none. */
uint64_t cm_trim_excess(const struct cm_trim_limits *limits, uint64_t limit,
			uint64_t used);

/* Chooses until at least `excess` bytes are chosen. Messages saved later than
 * `newest` are protected. NULL without memory. */
struct cm_trim *cm_trim_new(uint64_t excess, int64_t newest);
void cm_trim_free(struct cm_trim **trim);

/* Considers one more message. 0, or -1 without memory (what was chosen until
 * then still holds). */
int cm_trim_add(struct cm_trim *trim, const struct cm_trim_mail *mail);

/* The chosen ones, ordered by folder and UID. They are trim's; no _add() after
 * that. */
size_t cm_trim_finish(struct cm_trim *trim,
		      const struct cm_trim_mail **mails_r);

/* Bytes of all messages seen that are not protected, chosen or not. */
uint64_t cm_trim_available(const struct cm_trim *trim);

/* More would have been chosen, but for CM_TRIM_MAX_MAILS. */
bool cm_trim_is_full(const struct cm_trim *trim);

/* When the oldest protected message was saved, INT64_MAX if there was none. */
int64_t cm_trim_oldest_protected(const struct cm_trim *trim);

/* How long a look at a mailbox holds in which all that is left is protected. */
struct cm_trim_pause {
	int64_t since, until;
};

/* Looked at `now`; messages are protected for keep_secs. What lies ahead of now
 * was saved by a clock that was wrong, and protects for that long only. */
struct cm_trim_pause cm_trim_pause(int64_t oldest_protected, int64_t now,
				   int64_t keep_secs);

/* Does it still? Not when the clock was set back behind the look. */
bool cm_trim_paused(const struct cm_trim_pause *pause, int64_t now);

#endif
