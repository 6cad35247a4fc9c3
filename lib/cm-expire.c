/* SPDX-License-Identifier: MIT */
#include "cm-expire.h"

#include "cm-settings.h"

#define DAY ((time_t)86400)

void cm_expire_init(struct cm_expire *expire, const struct cm_settings *set,
		    time_t now)
{
	expire->now = now;
	expire->mails_before = now - (time_t)set->delete_mails_after * DAY;
	expire->large_before = now - (time_t)set->delete_large_after * DAY;
	/* from the end of that day */
	expire->logins_before =
		now - ((time_t)set->delete_inactive_users_after + 1) * DAY;
	expire->large_size = set->delete_large_size;
}

enum cm_expire_verdict cm_expire_message(const struct cm_expire *expire,
					 time_t saved, bool seen,
					 int64_t size)
{
	if (saved < expire->mails_before)
		return CM_EXPIRE_OLD;
	if (!seen || saved >= expire->large_before)
		return CM_EXPIRE_KEEP;
	if (size < 0)
		return CM_EXPIRE_ASK_SIZE;
	return (uint64_t)size > expire->large_size ? CM_EXPIRE_LARGE :
		CM_EXPIRE_KEEP;
}

const char *cm_expire_reason(enum cm_expire_verdict verdict)
{
	switch (verdict) {
	case CM_EXPIRE_OLD:
		return "old";
	case CM_EXPIRE_LARGE:
		return "large";
	default:
		return "";
	}
}

bool cm_expire_time_plausible(time_t now, int64_t time)
{
	return time >= CM_EXPIRE_MIN_TIME &&
	       time <= now + CM_EXPIRE_MAX_AHEAD_SECS;
}

bool cm_expire_account(const struct cm_expire *expire, time_t last_login)
{
	return last_login < expire->logins_before;
}

bool cm_expire_leftover(const struct cm_expire *expire, time_t touched)
{
	return touched < expire->now - CM_EXPIRE_LEFTOVER_SECS;
}
