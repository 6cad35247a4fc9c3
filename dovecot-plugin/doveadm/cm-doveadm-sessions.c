/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-sessions.h"

#include "cm-account-dir.h"
#include "cm-account-edit.h"
#include "cm-doveadm-relay.h"

#include <time.h>
#include <unistd.h>

#define POLL_MSECS 50
#define TRIES (CM_DOVEADM_KICK_SECONDS * 1000 / POLL_MSECS)

/* An idling session in a process with others' goes back to a process of its
 * own when its mailbox changes. There it can be ended. */
static void wake(struct cm_doveadm_relay *relay,
		 ARRAY_TYPE(const_string) *names)
{
	const char *name, *error;
	int fd;

	array_foreach_elem(names, name) {
		if (cm_account_open(relay->mailboxes_fd, name, &fd,
				    &error) == CM_DIR_OK) {
			cm_account_wake(fd);
			i_close_fd(&fd);
		}
	}
}

static int end_once(struct cm_doveadm_relay *relay,
		    ARRAY_TYPE(const_string) *names, unsigned int *left_r)
{
	const char *const *users, *error;
	unsigned int shared;
	int ret;

	T_BEGIN {
		users = array_front(names);
		ret = cm_doveadm_kick(users, left_r, &shared, &error);
		if (ret < 0)
			i_error("ending sessions: %s", error);
		else if (shared > 0)
			wake(relay, names);
	} T_END;
	return ret;
}

bool cm_doveadm_sessions_end(struct cm_doveadm_relay *relay,
			     ARRAY_TYPE(const_string) *names)
{
	const struct timespec pause = { .tv_nsec = POLL_MSECS * 1000000L };
	unsigned int tries, left = 0;

	if (array_count(names) == 0)
		return TRUE;
	/* NULL behind the last */
	array_append_zero(names);
	array_pop_back(names);
	for (tries = 0; tries < TRIES; tries++) {
		if (end_once(relay, names, &left) < 0) {
			cm_doveadm_exit(EX_TEMPFAIL);
			return FALSE;
		}
		if (left == 0)
			return TRUE;
		(void)nanosleep(&pause, NULL);
	}
	i_error("%u sessions have not ended yet", left);
	cm_doveadm_exit(EX_TEMPFAIL);
	return FALSE;
}
