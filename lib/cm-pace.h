/* SPDX-License-Identifier: MIT
 *
 * cm-pace: when to tell about changes that come in a row.
 *
 * The first change after some quiet is told at once, or nearly: it waits
 * `first_ms`, in which others may join it. Each notice that follows without
 * quiet in between waits twice as long as the one before, up to
 * CM_PACE_MAX_MS. So one message is fast, and hundreds cost a few notices a
 * second.
 *
 * The caller gives the time: milliseconds, from any start. No allocation, no
 * globals.
 */
#ifndef CM_PACE_H
#define CM_PACE_H

#include <stdint.h>

/* Behind a notice, so long without a change is quiet. */
#define CM_PACE_QUIET_MS 200
/* The longest wait, unless first_ms is longer. */
#define CM_PACE_MAX_MS 100

/* All zero: nothing has been told yet. */
struct cm_pace {
	int64_t told_ms; /* when the last notice is or was due */
	uint32_t wait_ms; /* how long that one waited */
	uint32_t notices; /* that followed each other without quiet */
};

/* A change at `now_ms`, while no notice is waiting. Returns in how many
 * milliseconds to tell, and takes it that this will be done. */
uint32_t cm_pace_wait(struct cm_pace *pace, uint32_t first_ms, int64_t now_ms);

#endif
