/* SPDX-License-Identifier: MIT
 *
 * cm-policy-live: what a process works with (settings, rate table, federation
 * rules, mailboxes), kept fresh, and what it says when something is missing.
 *
 * Settings that never could be read are tried again at each request, whatever
 * else can fail at most once a second; it is warned of at most once a minute.
 * Until it works, the settings' policy_on_*_failure decide, and without
 * settings their defaults.
 */
#ifndef CM_POLICY_LIVE_H
#define CM_POLICY_LIVE_H

#include "cm-federation.h"
#include "cm-rate-table.h"
#include "cm-settings.h"
#include "cm-stamp.h"

#include <stdbool.h>

#define CM_POLICY_TABLE "rate.table" /* in run_dir */
/* How long an answer about an account may be reused, in nanoseconds. */
#define CM_POLICY_FRESH_NS UINT64_C(1000000000)

struct cm_policy_live {
	const char *path; /* chatmail.ini; not copied */
	bool read_only;	  /* chatmail-policy test: make nothing */
	uint64_t now;	  /* CLOCK_BOOTTIME in ns, of the last refresh */
	uint64_t boot;

	struct cm_settings set;
	bool have_set;
	struct cm_stamp set_stamp; /* of the file that set is from */
	struct cm_rate_limits limits;

	struct cm_rate_table table;
	uint64_t table_tried;

	int mailboxes_fd, state_fd;
	struct cm_federation fed;
	uint64_t checked; /* when files were last looked at */

	/* the account that was asked about last */
	char login[256];
	uint64_t login_checked;
	bool login_blocked;
};

enum cm_policy_known {
	CM_POLICY_NO = 0,
	CM_POLICY_YES = 1,
	CM_POLICY_UNKNOWN = -1 /* cannot be found out now; was warned of */
};

void cm_policy_live_init(struct cm_policy_live *live, const char *path,
			 bool read_only);
void cm_policy_live_deinit(struct cm_policy_live *live);

/* Before each request: reads the clock, and once a second looks whether any
 * file changed. */
void cm_policy_live_refresh(struct cm_policy_live *live);

/* Is this account (the file DISABLED in its folder)? */
enum cm_policy_known cm_policy_is_blocked(struct cm_policy_live *live,
					  const char *login);

/* May this sender send to us? */
enum cm_policy_known cm_policy_may_federate(struct cm_policy_live *live,
					    const char *sender);

/* One more message of this account; CM_RATE_FAILED was warned of. */
enum cm_rate_result cm_policy_count(struct cm_policy_live *live,
				    const char *login, bool charge,
				    uint64_t *wait_ms_r);

#endif
