/* SPDX-License-Identifier: MIT */
#include "cm-rate.h"

#include <stddef.h>

void cm_rate_window_init(struct cm_rate_window *window, uint64_t count,
			 uint64_t seconds, uint64_t burst, uint64_t hz)
{
	uint64_t max = CM_RATE_MAX_AHEAD * hz, ticks = seconds * hz;

	window->interval = window->tolerance = 0;
	if (count == 0)
		return;
	window->interval = ticks / count + (ticks % count != 0);
	if (window->interval > max)
		window->interval = max;
	/* TAT gets as far as tolerance + interval */
	max -= window->interval;
	if (burst == 0)
		burst = 1;
	if (burst - 1 > max / window->interval)
		burst = 1 + max / window->interval;
	window->tolerance = (burst - 1) * window->interval;
}

bool cm_rate_take(const struct cm_rate_window *window, uint64_t now,
		  uint64_t *tat, uint64_t *wait_r)
{
	uint64_t from = *tat > now ? *tat : now;

	*wait_r = 0;
	if (window->interval == 0)
		return true;
	if (from - now > window->tolerance) {
		*wait_r = from - now - window->tolerance;
		return false;
	}
	*tat = from + window->interval;
	return true;
}
