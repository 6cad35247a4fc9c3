/* SPDX-License-Identifier: MIT
 *
 * `doveadm chatmail federation`: the file of rules about who may send to us,
 * which chatmail-policy reads (cm-federation.h).
 */
#include "cm-doveadm-cmds.h"

#include "cm-doveadm-relay.h"
#include "cm-federation.h"

#include <fcntl.h>

static void trouble(const char *what)
{
	i_error(CM_FEDERATION_FILE": %s: %m", what);
	cm_doveadm_exit(EX_TEMPFAIL);
}

static bool open_state(struct doveadm_cmd_context *cctx,
		       struct cm_doveadm_relay *relay_r, int *fd_r)
{
	if (!cm_doveadm_relay_open(cctx, relay_r))
		return FALSE;
	*fd_r = open(relay_r->set.state_dir,
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_r >= 0)
		return TRUE;
	i_error("open(%s) failed: %m", relay_r->set.state_dir);
	cm_doveadm_exit(EX_TEMPFAIL);
	cm_doveadm_relay_close(relay_r);
	return FALSE;
}

/* Over HTTP an empty list is one of its own; on the command line there is
 * none. All are good, or nothing is done. */
static bool get_targets(struct doveadm_cmd_context *cctx,
			const char *const **targets_r)
{
	const char *const *p;

	if (!doveadm_cmd_param_array(cctx, "target", targets_r) ||
	    **targets_r == NULL) {
		cm_doveadm_usage(cctx, "which address or domain?");
		return FALSE;
	}
	for (p = *targets_r; *p != NULL; p++) {
		if (!cm_federation_target_valid(*p)) {
			i_error("neither an address, nor a domain, nor "
				".domain");
			cm_doveadm_exit(EX_DATAERR);
			return FALSE;
		}
	}
	return TRUE;
}

static void print_row(const char *target, const char *text)
{
	doveadm_print(target);
	doveadm_print(text);
}

static void print_header(const char *second)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("target", "target",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header(second, second,
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

static void list_one(void *context ATTR_UNUSED, enum cm_federation_rule rule,
		     const char *target)
{
	print_row(target, rule == CM_FEDERATION_ALLOW ? "allow" : "block");
}

void cm_doveadm_federation_list(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	struct cm_federation fed;
	const char *error = "";
	int fd;

	if (!open_state(cctx, &relay, &fd))
		return;
	print_header("rule");
	cm_federation_init(&fed);
	if (cm_federation_load(&fed, fd, &error) < 0)
		trouble(error);
	else
		cm_federation_list(&fed, list_one, NULL);
	if (fed.bad_line != 0) {
		i_error("%s/"CM_FEDERATION_FILE":%u: expected allow or block "
			"and an address or a domain", relay.set.state_dir,
			fed.bad_line);
		cm_doveadm_exit(EX_DATAERR);
	}
	cm_federation_deinit(&fed);
	i_close_fd(&fd);
	cm_doveadm_relay_close(&relay);
}

/* What stands in the row: there is a rule for it, or none. */
static void change_all(struct doveadm_cmd_context *cctx,
		       enum cm_federation_rule rule, const char *done,
		       const char *as_before)
{
	const char *const *targets, *target, *error;
	struct cm_doveadm_relay relay;
	int fd, ret;

	if (!get_targets(cctx, &targets) || !open_state(cctx, &relay, &fd))
		return;
	print_header("result");
	for (; *targets != NULL; targets++) T_BEGIN {
		target = t_str_lcase(*targets);
		ret = cm_federation_change(fd, rule, target, &error);
		if (ret < 0)
			trouble(error);
		else if (ret == 0 && rule == CM_FEDERATION_NONE)
			cm_doveadm_exit(EX_NOUSER);
		print_row(target, ret < 0 ? error : ret > 0 ? done : as_before);
	} T_END;
	i_close_fd(&fd);
	cm_doveadm_relay_close(&relay);
}

void cm_doveadm_federation_allow(struct doveadm_cmd_context *cctx)
{
	change_all(cctx, CM_FEDERATION_ALLOW, "allowed", "allowed before");
}

void cm_doveadm_federation_block(struct doveadm_cmd_context *cctx)
{
	change_all(cctx, CM_FEDERATION_BLOCK, "blocked", "blocked before");
}

static void forget_dry_run(struct doveadm_cmd_context *cctx)
{
	const char *const *targets, *error = "";
	struct cm_doveadm_relay relay;
	struct cm_federation fed;
	int fd;

	if (!get_targets(cctx, &targets) || !open_state(cctx, &relay, &fd))
		return;
	print_header("result");
	cm_federation_init(&fed);
	if (cm_federation_load(&fed, fd, &error) < 0) {
		trouble(error);
	} else for (; *targets != NULL; targets++) T_BEGIN {
		bool found = cm_federation_find(&fed, *targets) !=
			CM_FEDERATION_NONE;

		if (!found)
			cm_doveadm_exit(EX_NOUSER);
		print_row(t_str_lcase(*targets), found ?
			  "would be forgotten" : "unknown");
	} T_END;
	cm_federation_deinit(&fed);
	i_close_fd(&fd);
	cm_doveadm_relay_close(&relay);
}

void cm_doveadm_federation_forget(struct doveadm_cmd_context *cctx)
{
	bool dry = FALSE;

	(void)doveadm_cmd_param_bool(cctx, "dry-run", &dry);
	if (dry)
		forget_dry_run(cctx);
	else
		change_all(cctx, CM_FEDERATION_NONE, "forgotten", "unknown");
}
