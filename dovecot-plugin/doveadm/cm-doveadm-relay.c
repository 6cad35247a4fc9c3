/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-relay.h"

#include <unistd.h>

static void warn(void *context, const char *message)
{
	struct doveadm_cmd_context *cctx = context;

	/* whose settings they are reads it at the next restart, too */
	if (cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		i_warning("%s", message);
}

static const char *find_path(struct doveadm_cmd_context *cctx)
{
	const char *path, *error = "";

	if (!doveadm_cmd_param_str(cctx, "config", &path)) {
		path = cm_doveadm_config_path(cctx, &error);
		if (path == NULL) {
			i_error("%s", error);
			cm_doveadm_exit(EX_CONFIG);
		}
		return path;
	}
	/* would be a way to try what is in any file of this machine */
	if (cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
		cm_doveadm_usage(cctx, "config is for the command line only");
		return NULL;
	}
	return path;
}

bool cm_doveadm_relay_open(struct doveadm_cmd_context *cctx,
			   struct cm_doveadm_relay *relay_r)
{
	const char *error;

	i_zero(relay_r);
	relay_r->mailboxes_fd = -1;
	relay_r->path = find_path(cctx);
	if (relay_r->path == NULL)
		return FALSE;
	if (cm_settings_read(&relay_r->set, relay_r->path, warn, cctx,
			     &error) < 0) {
		i_error("%s", error);
		cm_doveadm_exit(EX_CONFIG);
		return FALSE;
	}
	return TRUE;
}

bool cm_doveadm_relay_open_mailboxes(struct doveadm_cmd_context *cctx,
				     struct cm_doveadm_relay *relay_r)
{
	enum cm_dir_result result;
	const char *error;

	if (!cm_doveadm_relay_open(cctx, relay_r))
		return FALSE;
	result = cm_mailboxes_open(relay_r->set.mailboxes_dir,
				   &relay_r->mailboxes_fd, &error);
	if (result == CM_DIR_OK)
		return TRUE;
	(void)cm_doveadm_trouble(result, error);
	cm_doveadm_relay_close(relay_r);
	return FALSE;
}

void cm_doveadm_relay_close(struct cm_doveadm_relay *relay)
{
	i_close_fd(&relay->mailboxes_fd);
	cm_settings_deinit(&relay->set);
}

void cm_doveadm_exit(int code)
{
	if (doveadm_exit_code == 0 || code == EX_TEMPFAIL)
		doveadm_exit_code = code;
}

void cm_doveadm_usage(struct doveadm_cmd_context *cctx, const char *what)
{
	i_error("%s", what);
	cm_doveadm_exit(EX_USAGE);
	if (cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		help_ver2(cctx->cmd);
}

const char *cm_doveadm_trouble(enum cm_dir_result result, const char *error)
{
	const char *text;

	switch (result) {
	case CM_DIR_UNKNOWN:
		cm_doveadm_exit(EX_NOUSER);
		return "unknown";
	case CM_DIR_CORRUPT:
		i_error("%s", error);
		cm_doveadm_exit(EX_DATAERR);
		return t_strconcat("damaged: ", error, NULL);
	case CM_DIR_OK:
		return "ok";
	default:
		text = t_strdup_printf("cannot %s: %m", error);
		i_error("%s", text);
		cm_doveadm_exit(EX_TEMPFAIL);
		return text;
	}
}
