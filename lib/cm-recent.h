/* SPDX-License-Identifier: MIT
 *
 * cm-recent: of which names something was found out within the last second,
 * for processes that share memory. It forgets on its own: after a second, and
 * before that where more names come than it has room for; who asks then has to
 * find it out again.
 *
 * A word per name: fingerprint:39, time:25. No locks, and nothing to mend: a
 * word is read and written as a whole, and whatever it says is either a name
 * and a moment or nothing. A name has one of the CM_RECENT_WAYS words of its
 * set, the oldest of which makes room. Index and fingerprint are 53 bits of the
 * caller's hash, so that is to be a keyed one (cm-siphash.h).
 */
#ifndef CM_RECENT_H
#define CM_RECENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CM_RECENT_WAYS 2
#define CM_RECENT_SETS 16384
/* Time is counted in these. It must stay below 2^CM_RECENT_TIME_BITS, 48 days,
 * and never go back by more than clocks of processes differ. */
#define CM_RECENT_HZ 8
#define CM_RECENT_TIME_BITS 25

struct cm_recent {
	_Atomic uint64_t word[CM_RECENT_SETS][CM_RECENT_WAYS]; /* at first 0 */
};

/* Was that noted less than a second before `now`? */
bool cm_recent_has(const struct cm_recent *recent, uint64_t hash, uint64_t now);

void cm_recent_note(struct cm_recent *recent, uint64_t hash, uint64_t now);

#endif
