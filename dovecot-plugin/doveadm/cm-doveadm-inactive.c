/* SPDX-License-Identifier: MIT
 *
 * Accounts that nobody has logged in to for long go, with all they own, the
 * way `user delete` does it (cm-account-remove.h), except that the door stays
 * open: a login that comes before the very last moment saves the account.
 *
 * Blocked ones stay: nobody can log in to them, and without them the address
 * would be free for whom the block keeps out.
 *
 * Sessions are ended first. One that has lasted since before is of a client
 * that will come back, log in, and so save the account.
 */
#include "cm-doveadm-expire.h"

#include "randgen.h"

#include "cm-account-info.h"
#include "cm-account-remove.h"
#include "cm-doveadm-sessions.h"
#include "cm-hmac.h"
#include "cm-hold.h"

#include <time.h>

void cm_expire_inactive_add(struct cm_expire_run *run, const char *name)
{
	if (run->dry) {
		run->counts.accounts_removed++;
		cm_expire_row(run, name, "account", name, "inactive");
		return;
	}
	if (run->inactive_pool == NULL) {
		run->inactive_pool =
			pool_alloconly_create("inactive accounts", 4096);
		p_array_init(&run->inactive, run->inactive_pool,
			     CM_EXPIRE_MAX_INACTIVE + 1);
	}
	name = p_strdup(run->inactive_pool, name);
	array_push_back(&run->inactive, &name);
	if (array_count(&run->inactive) == CM_EXPIRE_MAX_INACTIVE)
		cm_expire_inactive_flush(run);
}

bool cm_expire_is_blocked(int account_fd)
{
	const char *error;

	/* what cannot be looked at is kept, too */
	return cm_account_has_file(account_fd, CM_ACCOUNT_FILE_DISABLED,
				   &error) != CM_DIR_UNKNOWN;
}

static bool still_inactive(void *ctx, int account_fd)
{
	struct cm_expire_run *run = ctx;
	const char *error;
	time_t last;

	return cm_account_last_login(account_fd, &last, &error) == CM_DIR_OK &&
		cm_expire_account(&run->rules, last) &&
		!cm_expire_is_blocked(account_fd);
}

static bool remove_one(struct cm_expire_run *run, const struct cm_hold *hold,
		       const char *name)
{
	enum cm_dir_result result;
	const char *error;

	result = cm_account_remove_if(run->relay.mailboxes_fd, name, hold,
				      still_inactive, run, &error);
	if (result == CM_DIR_EXISTS || result == CM_DIR_UNKNOWN)
		return FALSE;
	if (result != CM_DIR_OK) {
		cm_expire_trouble(run, result, error);
		return FALSE;
	}
	run->counts.accounts_removed++;
	cm_expire_row(run, name, "account", name, "inactive");
	return TRUE;
}

/* A delivery that was on its way may have made the directory again. */
static void remove_remains(struct cm_expire_run *run, const char *name)
{
	enum cm_dir_result result;
	const char *error;

	result = cm_account_remove_remains(run->relay.mailboxes_fd, name,
					   &error);
	if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
		cm_expire_trouble(run, result, error);
}

void cm_expire_inactive_flush(struct cm_expire_run *run)
{
	ARRAY_TYPE(const_string) gone;
	unsigned char fresh[CM_STATE_KEY_SIZE];
	enum cm_dir_result result;
	struct cm_hold hold;
	const char *name, *error;

	if (run->inactive_pool == NULL)
		return;
	random_fill(fresh, sizeof(fresh));
	result = cm_hold_open(&run->relay.set, time(NULL), cm_hmac_sha256,
			      fresh, &hold, &error);
	if (result != CM_DIR_OK) {
		cm_expire_trouble(run, result, error);
		pool_unref(&run->inactive_pool);
		return;
	}
	array_sort(&run->inactive, i_strcmp_p);
	if (!cm_doveadm_sessions_end(&run->relay, &run->inactive))
		run->counts.failed++; /* said why */
	p_array_init(&gone, run->inactive_pool, CM_EXPIRE_MAX_INACTIVE);
	array_foreach_elem(&run->inactive, name) T_BEGIN {
		if (!cm_expire_stopped() && remove_one(run, &hold, name))
			array_push_back(&gone, &name);
	} T_END;
	cm_hold_close(&hold);
	array_foreach_elem(&gone, name) T_BEGIN {
		remove_remains(run, name);
	} T_END;
	pool_unref(&run->inactive_pool);
}

void cm_expire_inactive_finish(struct cm_expire_run *run)
{
	enum cm_dir_result result;
	const char *error;

	if (run->dry)
		return;
	result = cm_account_remove_sweep(run->relay.mailboxes_fd, &error);
	if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
		cm_expire_trouble(run, result, error);
	result = cm_hold_sweep(&run->relay.set, time(NULL), &error);
	if (result != CM_DIR_OK)
		cm_expire_trouble(run, result, error);
}
