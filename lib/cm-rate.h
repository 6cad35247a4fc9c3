/* SPDX-License-Identifier: MIT
 *
 * cm-rate: how often somebody may do something, by the generic cell rate
 * algorithm (GCRA; ITU-T I.371, "virtual scheduling"). All that is kept is one
 * time per window: when the next event would be due if events came evenly
 * (TAT, theoretical arrival time). An event is allowed while TAT is not
 * further ahead of now than the burst allows, and moves it on by one interval.
 * A TAT that is not ahead of now says nothing: idle is the same as unknown.
 *
 * Pure integer arithmetic; the clock is an argument. Times are ticks of any
 * one length since any one moment, the same for all arguments of a call.
 */
#ifndef CM_RATE_H
#define CM_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Farthest that a TAT may be ahead of now, in seconds (12 days). A burst that
 * would need more is cut to what fits. */
#define CM_RATE_MAX_AHEAD (UINT64_C(1) << 20)

struct cm_rate_window {
	uint64_t interval;  /* ticks per event; 0 = no limit */
	uint64_t tolerance; /* how far TAT may be ahead, in ticks */
};

/* count events per `seconds`, burst of them at once; there are hz ticks per
 * second. The interval is rounded up to whole ticks, so that the rate is never
 * exceeded: at count * hz that divides seconds evenly it is exact. count 0
 * means no limit; burst 0 counts as 1. */
void cm_rate_window_init(struct cm_rate_window *window, uint64_t count,
			 uint64_t seconds, uint64_t burst, uint64_t hz);

/* May one more event happen now? If so, returns true with *tat moved on. If
 * not, *tat is as it was and *wait_r the number of ticks, at least 1, after
 * which it may. */
bool cm_rate_take(const struct cm_rate_window *window, uint64_t now,
		  uint64_t *tat, uint64_t *wait_r);

#endif
