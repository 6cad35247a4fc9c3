/* SPDX-License-Identifier: MIT
 *
 * cm-expire-runs: have the daily runs of expiry come regularly, so that "no
 * login for 90 days" can be believed?
 *
 * A clock that is set half a year ahead, or a machine that was off for as long,
 * makes everybody inactive at once, and the first run comes before anybody
 * could have logged in again. So the days of runs are remembered: behind a gap
 * of more than CM_EXPIRE_RUNS_MAX_GAP days, or a run that lies in the future,
 * accounts are kept for CM_EXPIRE_RUNS_KEEP_DAYS days. Where no run is known,
 * none is missing.
 *
 *	<state_dir>/expire.json	{"last": 20778, "since": 20600, "gap": 30}
 *
 * Days are UTC, since 1970. Results and error texts are as in cm-account-dir.h.
 */
#ifndef CM_EXPIRE_RUNS_H
#define CM_EXPIRE_RUNS_H

#include "cm-account-dir.h"

#include <stdbool.h>

#define CM_EXPIRE_RUNS_FILE "expire.json"
#define CM_EXPIRE_RUNS_MAX_SIZE 256 /* bytes */

/* Days between two runs that are still regular. */
#define CM_EXPIRE_RUNS_MAX_GAP 14
/* From the first run behind a gap, accounts are kept for so many days. */
#define CM_EXPIRE_RUNS_KEEP_DAYS 14

struct cm_expire_runs {
	int last;  /* day of the last run */
	int since; /* from this day on they came regularly; 0: always */
	int gap;   /* days without a run before that; 0: the clock went back */
};

/* What is to be written by a run of today. before: what was written last, NULL
 * for nothing. */
struct cm_expire_runs cm_expire_runs_next(const struct cm_expire_runs *before,
					  int today);

/* Does the run of runs->last keep all accounts? *until_r: the day from which on
 * a run removes those that are inactive then. */
bool cm_expire_runs_keep(const struct cm_expire_runs *runs, int *until_r);

/* CM_DIR_UNKNOWN: no run is known. */
enum cm_dir_result cm_expire_runs_read(int state_fd,
				       struct cm_expire_runs *runs_r,
				       const char **error_r);

/* Replaces the file as a whole, on disk when it returns CM_DIR_OK. */
enum cm_dir_result cm_expire_runs_write(int state_fd,
					const struct cm_expire_runs *runs,
					const char **error_r);

#endif
