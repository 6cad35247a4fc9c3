/* SPDX-License-Identifier: MIT
 *
 * The commands that are about the relay and not about one account.
 */
#include "cm-doveadm-cmds.h"

#include "cm-account-dir.h"
#include "cm-counters-read.h"
#include "cm-doveadm-relay.h"
#include "cm-hmac.h"
#include "cm-registration.h"
#include "cm-token.h"

#include <unistd.h>

static void trouble(const char *what)
{
	i_error("cannot %s: %m", what);
	cm_doveadm_exit(EX_TEMPFAIL);
}

/* Does a new account need a token? Closed goes over that. */
static bool token_needed(struct cm_doveadm_relay *relay)
{
	enum cm_dir_result result;
	struct cm_tokens tokens;
	const char *error;

	if (relay->set.invite_token[strspn(relay->set.invite_token,
					   " \t\r\n")] != '\0')
		return TRUE;
	result = cm_tokens_open(relay->set.state_dir, cm_hmac_sha256, NULL,
				&tokens, &error);
	if (result == CM_DIR_OK)
		cm_tokens_close(&tokens);
	else if (result != CM_DIR_UNKNOWN)
		(void)cm_doveadm_trouble(result, error);
	/* with damaged ones nobody gets in who has none */
	return result != CM_DIR_UNKNOWN;
}

/* Returns what cm_registration_closed() does. */
static int print_status(struct cm_doveadm_relay *relay, unsigned int *why_r)
{
	const char *error, *by = "";
	int ret = cm_registration_closed(&relay->set, why_r, &error);

	if (ret < 0) {
		trouble(error);
		return -1;
	}
	if (*why_r == CM_REGISTRATION_NOCREATE)
		by = "nocreate_file";
	else if (*why_r == CM_REGISTRATION_SWITCH)
		by = "switch";
	else if (*why_r != CM_REGISTRATION_OPEN)
		by = "nocreate_file, switch";
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("registration");
	doveadm_print_header("closed_by", "closed_by",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print(ret > 0 ? "closed" :
		      token_needed(relay) ? "token" : "open");
	doveadm_print(by);
	return ret;
}

static void set_registration(struct doveadm_cmd_context *cctx, bool closed)
{
	struct cm_doveadm_relay relay;
	const char *error;
	unsigned int why;

	if (!cm_doveadm_relay_open(cctx, &relay))
		return;
	/* the last token was removed, and so the need for one goes as well */
	if (!closed) {
		enum cm_dir_result result =
			cm_tokens_drop(relay.set.state_dir, &error);

		if (result == CM_DIR_FAILED || result == CM_DIR_CORRUPT)
			(void)cm_doveadm_trouble(result, error);
	}
	if (cm_registration_set(&relay.set, closed, NULL, &error) < 0)
		trouble(error);
	else if (print_status(&relay, &why) > 0 && !closed) {
		i_error("registration stays closed: remove %s",
			relay.set.nocreate_file);
		cm_doveadm_exit(DOVEADM_EX_NOTPOSSIBLE);
	}
	cm_doveadm_relay_close(&relay);
}

void cm_doveadm_registration_open(struct doveadm_cmd_context *cctx)
{
	set_registration(cctx, FALSE);
}

void cm_doveadm_registration_close(struct doveadm_cmd_context *cctx)
{
	set_registration(cctx, TRUE);
}

void cm_doveadm_registration_status(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	unsigned int why;

	if (!cm_doveadm_relay_open(cctx, &relay))
		return;
	(void)print_status(&relay, &why);
	cm_doveadm_relay_close(&relay);
}

static void print_setting(struct cm_doveadm_relay *relay,
			  const struct cm_setting_def *def)
{
	char *value = t_malloc_no0(CM_SETTING_PRINT_SIZE);
	unsigned int line;

	cm_settings_print(&relay->set, def, value, CM_SETTING_PRINT_SIZE,
			  &line);
	doveadm_print(def->name);
	doveadm_print(value);
	doveadm_print(def->unit);
	doveadm_print(line == 0 ? "default" :
		      t_strdup_printf("%s:%u", relay->path, line));
}

void cm_doveadm_config(struct doveadm_cmd_context *cctx)
{
	const struct cm_setting_def *def;
	struct cm_doveadm_relay relay;

	if (!cm_doveadm_relay_open(cctx, &relay))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("setting");
	doveadm_print_header("value", "value",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header_simple("unit");
	doveadm_print_header("origin", "origin",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (def->type != CM_SETTING_UNUSED) T_BEGIN {
			print_setting(&relay, def);
		} T_END;
	}
	cm_doveadm_relay_close(&relay);
}

static void print_count(const char *name, uint64_t value)
{
	doveadm_print(name);
	doveadm_print_num(value);
}

/* Accounts that come or go meanwhile may or may not be counted. */
static void print_accounts(struct cm_doveadm_relay *relay)
{
	struct cm_account_iter *iter = NULL;
	enum cm_dir_result result;
	uint64_t all = 0, blocked = 0;
	const char *name, *error = "";
	int fd;

	result = cm_account_iter_init(&relay->set, relay->mailboxes_fd, &iter,
				      &error);
	while (result == CM_DIR_OK) {
		result = cm_account_iter_next(iter, &name, &error);
		if (result != CM_DIR_OK)
			break;
		all++;
		if (cm_account_open(relay->mailboxes_fd, name, &fd,
				    &error) != CM_DIR_OK)
			continue;
		if (cm_account_has_file(fd, CM_ACCOUNT_FILE_DISABLED,
					&error) == CM_DIR_OK)
			blocked++;
		i_close_fd(&fd);
	}
	cm_account_iter_deinit(&iter);
	if (result != CM_DIR_UNKNOWN) {
		(void)cm_doveadm_trouble(result, error);
		return;
	}
	print_count("accounts", all);
	print_count("accounts_blocked", blocked);
}

/* "incoming reject empty" -> milter_incoming_reject_empty */
static const char *counter_name(const char *who, const char *name)
{
	char *text = t_strdup_noconst(t_strconcat(who, "_", name, NULL)), *p;

	for (p = text; *p != '\0'; p++) {
		if (*p == ' ')
			*p = '_';
	}
	return text;
}

/* What a program of ours counts in run_dir/WHO.counters. */
static void print_counters(struct cm_doveadm_relay *relay, const char *who)
{
	struct cm_counters_view *view = t_new(struct cm_counters_view, 1);
	const char *path = t_strconcat(relay->set.run_dir, "/", who,
				       ".counters", NULL);
	unsigned int i;

	/* none: it has not been started since the machine was */
	if (cm_counters_read(path, view) < 0) {
		i_error("cannot read %s: %m", path);
		cm_doveadm_exit(EX_TEMPFAIL);
		return;
	}
	for (i = 0; i < view->count; i++) T_BEGIN {
		print_count(counter_name(who, view->row[i].name),
			    view->row[i].value);
	} T_END;
}

void cm_doveadm_stats(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	const char *error;
	unsigned int why;
	int ret;

	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("value", "value",
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	print_accounts(&relay);
	ret = cm_registration_closed(&relay.set, &why, &error);
	if (ret < 0)
		trouble(error);
	else
		print_count("registration_closed", ret);
	print_counters(&relay, "milter");
	print_counters(&relay, "push");
	cm_doveadm_relay_close(&relay);
}
