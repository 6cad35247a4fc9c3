/* SPDX-License-Identifier: MIT
 *
 * Whether a run of all accounts keeps those that nobody logs in to, because
 * the runs before it did not come regularly (cm-expire-runs.h). A file of ours
 * that is damaged or cannot be made keeps nobody: then it is as before the
 * first run.
 */
#include "cm-doveadm-expire.h"

#include "time-util.h"

#include "cm-account-info.h"
#include "cm-state.h"

static bool read_before(struct cm_expire_run *run, int state_fd,
			struct cm_expire_runs *before_r, bool *known_r)
{
	enum cm_dir_result result;
	const char *error;

	result = cm_expire_runs_read(state_fd, before_r, &error);
	*known_r = result == CM_DIR_OK;
	if (result == CM_DIR_CORRUPT) {
		i_warning("%s: as if no run had been made yet", error);
	} else if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN) {
		cm_expire_trouble(run, result, error);
		return FALSE;
	}
	return TRUE;
}

static void decide(struct cm_expire_run *run, int state_fd)
{
	struct cm_expire_runs before;
	enum cm_dir_result result;
	const char *error;
	bool known;

	/* it may say that they are to be kept */
	if (!read_before(run, state_fd, &before, &known)) {
		run->spare = TRUE;
		return;
	}
	run->runs = cm_expire_runs_next(known ? &before : NULL,
					cm_account_info_day(run->rules.now));
	run->spare = cm_expire_runs_keep(&run->runs, &run->spare_until);
	if (run->dry)
		return;
	/* Now, not at the end: a run that is interrupted is one, too. */
	result = cm_expire_runs_write(state_fd, &run->runs, &error);
	if (result != CM_DIR_OK)
		cm_expire_trouble(run, result, error);
}

void cm_expire_spare_begin(struct cm_expire_run *run, bool force)
{
	const char *error;
	int state_fd;

	switch (cm_state_open(run->relay.set.state_dir, &state_fd, &error)) {
	case CM_DIR_OK:
		decide(run, state_fd);
		i_close_fd(&state_fd);
		break;
	case CM_DIR_UNKNOWN:
		i_warning("There is no %s: this run is not remembered",
			  run->relay.set.state_dir);
		break;
	default:
		cm_expire_trouble(run, CM_DIR_FAILED, error);
		run->spare = TRUE;
		break;
	}
	if (force)
		run->spare = FALSE;
}

static const char *day_text(int day)
{
	return t_strfgmtime("%Y-%m-%d",
			    (time_t)day * CM_ACCOUNT_INFO_SECS_PER_DAY);
}

void cm_expire_spare_end(const struct cm_expire_run *run)
{
	const char *until, *since, *why;

	if (run->spared == 0)
		return;
	if (run->spare_until == 0) {
		i_warning("Inactive accounts are kept (%"PRIu64") until it can "
			  "be read when the last runs were", run->spared);
		return;
	}
	until = day_text(run->spare_until);
	since = day_text(run->runs.since);
	why = run->runs.gap > 0 ?
		t_strdup_printf("no run was made for %d days before %s",
				run->runs.gap, since) :
		t_strdup_printf("the last run before %s was by a clock that "
				"was ahead", since);
	i_warning("Inactive accounts are kept until %s (%"PRIu64"), because "
		  "%s; --force removes them now", until, run->spared, why);
}
