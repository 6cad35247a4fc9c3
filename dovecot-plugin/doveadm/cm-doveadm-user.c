/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-cmds.h"

#include "randgen.h"

#include "cm-account-edit.h"
#include "cm-account-info.h"
#include "cm-doveadm-accounts.h"
#include "cm-doveadm-password.h"
#include "cm-doveadm-relay.h"
#include "cm-doveadm-sessions.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* What is done with each of the accounts. The text for its row, or NULL with
 * a result that is not CM_DIR_OK. */
typedef enum cm_dir_result account_fn(struct cm_doveadm_relay *relay,
				      int account_fd, const char **text_r,
				      const char **error_r);

void cm_doveadm_user_list(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	ARRAY_TYPE(const_string) names;
	const char *const *masks = NULL, *name;
	bool found;

	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	doveadm_print_header("account", "account",
			     DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
	if (doveadm_cmd_param_array(cctx, "mask", &masks) && *masks != NULL)
		found = cm_doveadm_accounts_find(&relay, masks, &names);
	else
		found = cm_doveadm_accounts_all(&relay, &names);
	if (found) {
		array_foreach_elem(&names, name) T_BEGIN {
			enum cm_dir_result result;
			const char *error;
			int fd;

			result = cm_doveadm_account_open(&relay, name, &fd,
							 &error);
			if (result == CM_DIR_OK) {
				doveadm_print(name);
				i_close_fd(&fd);
			} else {
				(void)cm_doveadm_trouble(result, error);
			}
		} T_END;
	}
	cm_doveadm_relay_close(&relay);
}

static const char *day(time_t t)
{
	struct tm tm;
	char buf[sizeof("-2147483648-01-01")];

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%d", &tm) == 0)
		return "";
	return t_strdup(buf);
}

static const char *scheme(const char *hash)
{
	return t_strdup_until(hash + 1, strchr(hash, '}'));
}

struct info {
	bool blocked, enforce;
	time_t last_login;
	char hash[CM_ACCOUNT_MAX_HASH + 1];
};

static enum cm_dir_result has_file(int fd, const char *file, bool *there_r,
				   const char **error_r)
{
	enum cm_dir_result result = cm_account_has_file(fd, file, error_r);

	*there_r = result == CM_DIR_OK;
	return result == CM_DIR_UNKNOWN ? CM_DIR_OK : result;
}

static enum cm_dir_result get_info(int fd, struct info *info_r,
				   const char **error_r)
{
	enum cm_dir_result result;

	result = cm_account_exists(fd, &info_r->last_login, error_r);
	/* the day that expire and report go by; a damaged account.json costs us
	 * nothing but that */
	if (result == CM_DIR_OK)
		(void)cm_account_last_login(fd, &info_r->last_login, error_r);
	if (result == CM_DIR_OK)
		result = cm_account_read_hash(fd, info_r->hash, error_r);
	if (result == CM_DIR_OK)
		result = has_file(fd, CM_ACCOUNT_FILE_DISABLED,
				  &info_r->blocked, error_r);
	if (result == CM_DIR_OK)
		result = has_file(fd, CM_ACCOUNT_FILE_ENFORCE,
				  &info_r->enforce, error_r);
	return result;
}

static void print_info(struct cm_doveadm_relay *relay, const char *name)
{
	enum cm_dir_result result;
	struct info info;
	const char *error;
	int fd = -1;

	result = cm_doveadm_account_open(relay, name, &fd, &error);
	if (result == CM_DIR_OK) {
		result = get_info(fd, &info, &error);
		/* close() may change errno */
		if (result != CM_DIR_OK)
			error = cm_doveadm_trouble(result, error);
		i_close_fd(&fd);
	} else {
		error = cm_doveadm_trouble(result, error);
	}
	doveadm_print(name);
	if (result != CM_DIR_OK) {
		doveadm_print(error);
		doveadm_print("");
		doveadm_print("");
		doveadm_print("");
		doveadm_print("");
		return;
	}
	doveadm_print(info.blocked ? "blocked" : "active");
	doveadm_print(info.enforce ? "off" : "on");
	doveadm_print(day(info.last_login));
	doveadm_print(scheme(info.hash));
	doveadm_print(t_strconcat(relay->set.mailboxes_dir, "/", name, NULL));
}

void cm_doveadm_user_info(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	ARRAY_TYPE(const_string) names;
	const char *const *masks, *name;

	if (!doveadm_cmd_param_array(cctx, "mask", &masks) || *masks == NULL) {
		cm_doveadm_usage(cctx, "which account?");
		return;
	}
	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("account", "account",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header_simple("state");
	doveadm_print_header_simple("cleartext");
	doveadm_print_header_simple("last_login");
	doveadm_print_header_simple("scheme");
	doveadm_print_header("home", "home", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	if (cm_doveadm_accounts_find(&relay, masks, &names)) {
		array_foreach_elem(&names, name) T_BEGIN {
			print_info(&relay, name);
		} T_END;
	}
	cm_doveadm_relay_close(&relay);
}

static enum cm_dir_result set_file(int fd, const char *file, bool present,
				   const char *text, const char **text_r,
				   const char **error_r)
{
	*text_r = text;
	return cm_account_set_file(fd, file, present, NULL, error_r);
}

static enum cm_dir_result block(struct cm_doveadm_relay *relay ATTR_UNUSED,
				int fd, const char **text_r,
				const char **error_r)
{
	return set_file(fd, CM_ACCOUNT_FILE_DISABLED, TRUE, "blocked", text_r,
			error_r);
}

static enum cm_dir_result unblock(struct cm_doveadm_relay *relay ATTR_UNUSED,
				  int fd, const char **text_r,
				  const char **error_r)
{
	return set_file(fd, CM_ACCOUNT_FILE_DISABLED, FALSE, "unblocked",
			text_r, error_r);
}

static enum cm_dir_result cleartext_on(struct cm_doveadm_relay *relay
				       ATTR_UNUSED, int fd,
				       const char **text_r,
				       const char **error_r)
{
	return set_file(fd, CM_ACCOUNT_FILE_ENFORCE, FALSE, "cleartext on",
			text_r, error_r);
}

static enum cm_dir_result cleartext_off(struct cm_doveadm_relay *relay
					ATTR_UNUSED, int fd,
					const char **text_r,
					const char **error_r)
{
	return set_file(fd, CM_ACCOUNT_FILE_ENFORCE, TRUE, "cleartext off",
			text_r, error_r);
}

/* One row for one account. TRUE if it worked. */
static bool do_one(struct cm_doveadm_relay *relay, const char *name,
		   account_fn *func)
{
	enum cm_dir_result result;
	const char *text = "", *error;
	int fd = -1;

	result = cm_doveadm_account_open(relay, name, &fd, &error);
	if (result == CM_DIR_OK)
		result = func(relay, fd, &text, &error);
	if (result != CM_DIR_OK)
		text = cm_doveadm_trouble(result, error);
	i_close_fd(&fd);
	cm_doveadm_result(name, text);
	return result == CM_DIR_OK;
}

static void do_all(struct doveadm_cmd_context *cctx,
		   const char *const *masks, account_fn *func, bool kick)
{
	struct cm_doveadm_relay relay;
	ARRAY_TYPE(const_string) names, done;
	const char *name;
	bool good;

	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	cm_doveadm_result_header();
	t_array_init(&done, 64);
	if (cm_doveadm_accounts_find(&relay, masks, &names)) {
		array_foreach_elem(&names, name) {
			T_BEGIN {
				good = do_one(&relay, name, func);
			} T_END;
			if (good)
				array_push_back(&done, &name);
		}
		if (kick)
			(void)cm_doveadm_sessions_end(&relay, &done);
	}
	cm_doveadm_relay_close(&relay);
}

static void do_masks(struct doveadm_cmd_context *cctx, account_fn *func,
		     bool kick)
{
	const char *const *masks;

	if (!doveadm_cmd_param_array(cctx, "mask", &masks) || *masks == NULL)
		cm_doveadm_usage(cctx, "which account?");
	else
		do_all(cctx, masks, func, kick);
}

void cm_doveadm_user_block(struct doveadm_cmd_context *cctx)
{
	do_masks(cctx, block, TRUE);
}

void cm_doveadm_user_unblock(struct doveadm_cmd_context *cctx)
{
	do_masks(cctx, unblock, FALSE);
}

void cm_doveadm_user_cleartext(struct doveadm_cmd_context *cctx)
{
	const char *masks[2] = { NULL, NULL }, *state;

	if (!doveadm_cmd_param_str(cctx, "account", &masks[0]) ||
	    !doveadm_cmd_param_str(cctx, "state", &state) ||
	    (strcmp(state, "on") != 0 && strcmp(state, "off") != 0))
		cm_doveadm_usage(cctx, "which account, on or off?");
	else
		do_all(cctx, masks, strcmp(state, "on") == 0 ?
		       cleartext_on : cleartext_off, FALSE);
}

static void passwd(struct doveadm_cmd_context *cctx,
		   struct cm_doveadm_relay *relay, const char *name)
{
	enum cm_dir_result result;
	const char *password, *hash, *error;
	uint64_t nonce;
	int fd = -1;

	/* before anybody is asked for a password */
	result = cm_doveadm_account_open(relay, name, &fd, &error);
	if (result != CM_DIR_OK) {
		cm_doveadm_result(name, cm_doveadm_trouble(result, error));
		return;
	}
	password = cm_doveadm_password_get(cctx, &relay->set);
	hash = password == NULL ? NULL : cm_doveadm_password_hash(password);
	if (hash != NULL) {
		random_fill(&nonce, sizeof(nonce));
		result = cm_account_set_hash(fd, hash, nonce, &error);
		cm_doveadm_result(name, result == CM_DIR_OK ?
				  "password changed" :
				  cm_doveadm_trouble(result, error));
	} else if (password != NULL) {
		i_error("hashing the password failed");
		cm_doveadm_exit(EX_TEMPFAIL);
	}
	i_close_fd(&fd);
}

void cm_doveadm_user_passwd(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	ARRAY_TYPE(const_string) names;
	const char *words[2] = { NULL, NULL };

	if (!doveadm_cmd_param_str(cctx, "account", &words[0]) ||
	    cm_doveadm_is_mask(words[0])) {
		cm_doveadm_usage(cctx, "which one account?");
		return;
	}
	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	cm_doveadm_result_header();
	if (cm_doveadm_accounts_find(&relay, words, &names))
		passwd(cctx, &relay, *array_front(&names));
	cm_doveadm_relay_close(&relay);
}
