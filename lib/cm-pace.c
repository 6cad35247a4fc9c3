/* SPDX-License-Identifier: MIT */
#include "cm-pace.h"

#include <stdbool.h>

static bool is_quiet(const struct cm_pace *pace, int64_t now_ms)
{
	/* a clock that went back says nothing about a row of changes */
	return pace->notices == 0 || now_ms < pace->told_ms - CM_PACE_MAX_MS ||
	       now_ms - pace->told_ms >= CM_PACE_QUIET_MS;
}

uint32_t cm_pace_wait(struct cm_pace *pace, uint32_t first_ms, int64_t now_ms)
{
	uint32_t wait = first_ms;

	if (is_quiet(pace, now_ms)) {
		pace->notices = 0;
	} else if (first_ms < CM_PACE_MAX_MS) {
		wait = pace->wait_ms == 0 ? 1 : pace->wait_ms * 2;
		if (wait > CM_PACE_MAX_MS)
			wait = CM_PACE_MAX_MS;
	}
	pace->notices++;
	pace->wait_ms = wait;
	pace->told_ms = now_ms + wait;
	return wait;
}
