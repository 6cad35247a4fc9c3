/* SPDX-License-Identifier: MIT
 *
 * `doveadm chatmail user delete`. The order matters: first nobody can get in
 * any more (DISABLED), then who is in gets out, then the mailbox goes as a
 * whole (cm-account-remove.h). Interrupted anywhere, the same command again
 * does the rest.
 */
#include "cm-doveadm-cmds.h"

#include "randgen.h"

#include "cm-account-edit.h"
#include "cm-account-remove.h"
#include "cm-doveadm-accounts.h"
#include "cm-doveadm-relay.h"
#include "cm-doveadm-sessions.h"
#include "cm-hmac.h"
#include "cm-hold.h"

#include <time.h>
#include <unistd.h>

/* Is anything of this name there, whatever state it is in? */
static enum cm_dir_result look(struct cm_doveadm_relay *relay,
			       const char *name, const char **error_r)
{
	const char *removed = t_strconcat(CM_ACCOUNT_REMOVED_DIR"/", name,
					  NULL);
	enum cm_dir_result result;

	result = cm_account_has_file(relay->mailboxes_fd, name, error_r);
	if (result == CM_DIR_UNKNOWN) {
		result = cm_account_has_file(relay->mailboxes_fd, removed,
					     error_r);
	}
	return result;
}

static void dry_run(struct cm_doveadm_relay *relay,
		    ARRAY_TYPE(const_string) *names)
{
	const char *name;

	array_foreach_elem(names, name) T_BEGIN {
		enum cm_dir_result result;
		const char *error;

		result = look(relay, name, &error);
		cm_doveadm_result(name, result == CM_DIR_OK ?
				  "would be deleted" :
				  cm_doveadm_trouble(result, error));
	} T_END;
}

/* What cannot be closed, because it is damaged, can still be removed. */
static void close_door(struct cm_doveadm_relay *relay, const char *name)
{
	const char *error;
	int fd;

	if (cm_doveadm_account_open(relay, name, &fd, &error) != CM_DIR_OK)
		return;
	if (cm_account_set_file(fd, CM_ACCOUNT_FILE_DISABLED, TRUE, NULL,
				&error) != CM_DIR_OK)
		i_warning("cannot %s: %m", error);
	i_close_fd(&fd);
}

static void remove_one(struct cm_doveadm_relay *relay,
		       const struct cm_hold *hold, const char *name,
		       bool *removed_r)
{
	enum cm_dir_result result;
	const char *text, *error;

	result = cm_account_remove(relay->mailboxes_fd, name, hold, &error);
	text = result == CM_DIR_OK ? "deleted" :
		cm_doveadm_trouble(result, error);
	*removed_r = result == CM_DIR_OK;
	cm_doveadm_result(name, text);
}

/* A delivery that was on its way may have made the directory again. */
static void finish(struct cm_doveadm_relay *relay,
		   ARRAY_TYPE(const_string) *removed)
{
	enum cm_dir_result result;
	const char *name, *error;

	array_foreach_elem(removed, name) T_BEGIN {
		result = cm_account_remove_remains(relay->mailboxes_fd, name,
						   &error);
		if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
			(void)cm_doveadm_trouble(result, error);
	} T_END;
	result = cm_account_remove_sweep(relay->mailboxes_fd, &error);
	if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
		(void)cm_doveadm_trouble(result, error);
	result = cm_hold_sweep(&relay->set, time(NULL), &error);
	if (result != CM_DIR_OK)
		(void)cm_doveadm_trouble(result, error);
}

static void delete(struct cm_doveadm_relay *relay,
		   ARRAY_TYPE(const_string) *names)
{
	ARRAY_TYPE(const_string) gone;
	unsigned char fresh[CM_STATE_KEY_SIZE];
	enum cm_dir_result result;
	struct cm_hold hold;
	const char *name, *error;
	bool removed;

	random_fill(fresh, sizeof(fresh));
	result = cm_hold_open(&relay->set, time(NULL), cm_hmac_sha256, fresh,
			      &hold, &error);
	if (result != CM_DIR_OK) {
		(void)cm_doveadm_trouble(result, error);
		return;
	}
	array_foreach_elem(names, name) T_BEGIN {
		close_door(relay, name);
	} T_END;
	/* If some do not end we go on: EX_TEMPFAIL says to do it again. */
	(void)cm_doveadm_sessions_end(relay, names);
	t_array_init(&gone, array_count(names));
	array_foreach_elem(names, name) {
		T_BEGIN {
			remove_one(relay, &hold, name, &removed);
		} T_END;
		if (removed)
			array_push_back(&gone, &name);
	}
	cm_hold_close(&hold);
	finish(relay, &gone);
}

void cm_doveadm_user_delete(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	ARRAY_TYPE(const_string) names;
	const char *const *masks;
	bool dry = FALSE;

	if (!doveadm_cmd_param_array(cctx, "mask", &masks) || *masks == NULL) {
		cm_doveadm_usage(cctx, "which account?");
		return;
	}
	(void)doveadm_cmd_param_bool(cctx, "dry-run", &dry);
	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	cm_doveadm_result_header();
	if (cm_doveadm_accounts_find(&relay, masks, &names)) {
		if (dry)
			dry_run(&relay, &names);
		else
			delete(&relay, &names);
	} else if (!dry && doveadm_exit_code == EX_NOUSER) {
		/* Those that an interrupted one has already taken out of
		 * sight of the mask. */
		t_array_init(&names, 1);
		finish(&relay, &names);
	}
	cm_doveadm_relay_close(&relay);
}
