/* SPDX-License-Identifier: MIT */
#include "cm-auth-account.h"

#include "cm-account-rules.h"
#include "cm-auth-relay.h"

#include <unistd.h>

void cm_auth_log_trouble(enum cm_dir_result result, const char *error)
{
	if (result == CM_DIR_FAILED)
		e_error(cm_auth_event, "cannot %s: %m", error);
	else if (result == CM_DIR_CORRUPT)
		e_error(cm_auth_event, "%s; the account is refused", error);
}

enum cm_dir_result cm_auth_account_open(struct cm_auth_relay *relay,
					const char *name,
					struct cm_auth_account *account_r)
{
	enum cm_dir_result result;
	const char *error = "";
	int mailboxes_fd;

	account_r->name = name;
	account_r->fd = -1;
	if (!cm_account_name_valid(&relay->set, name, strlen(name)))
		return CM_DIR_UNKNOWN;
	/* Opened each time: it may be mounted, or made, after our start. */
	result = cm_mailboxes_open(relay->set.mailboxes_dir, &mailboxes_fd,
				   &error);
	if (result == CM_DIR_OK) {
		result = cm_account_open(mailboxes_fd, name, &account_r->fd,
					 &error);
		i_close_fd(&mailboxes_fd);
	}
	if (result == CM_DIR_OK) {
		result = cm_account_read_hash(account_r->fd, account_r->hash,
					      &error);
	}
	cm_auth_log_trouble(result, error);
	if (result != CM_DIR_OK)
		cm_auth_account_close(account_r);
	return result;
}

void cm_auth_account_close(struct cm_auth_account *account)
{
	i_close_fd(&account->fd);
}

int cm_auth_account_is_disabled(const struct cm_auth_account *account)
{
	enum cm_dir_result result;
	const char *error;

	result = cm_account_has_file(account->fd, CM_ACCOUNT_FILE_DISABLED,
				     &error);
	if (result == CM_DIR_FAILED) {
		cm_auth_log_trouble(result, error);
		return -1;
	}
	return result == CM_DIR_OK ? 1 : 0;
}

void cm_auth_account_user(const struct cm_auth_relay *relay, const char *name,
			  struct cm_authdb_user *user_r)
{
	user_r->home = t_strconcat(relay->set.mailboxes_dir, "/", name, NULL);
	user_r->uid = relay->uid;
	user_r->gid = relay->gid;
	user_r->quota_bytes = relay->set.max_mailbox_size;
}

enum passdb_result cm_auth_reply(struct cm_auth_relay *relay,
				 struct auth_request *request)
{
	struct cm_authdb_user user;

	cm_auth_account_user(relay, request->fields.user, &user);
	if (cm_authdb_reply_passdb(request, &user) < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	return PASSDB_RESULT_OK;
}

bool cm_auth_is_plain_login(const struct auth_request *request)
{
	const struct auth_request_fields *fields = &request->fields;

	return fields->master_user == NULL &&
	       fields->requested_login_user == NULL &&
	       !fields->skip_password_check;
}

void cm_auth_warn_about_note(struct cm_auth_relay *relay,
			     enum cm_dir_result result, const char *error)
{
	if (result == CM_DIR_OK || result == CM_DIR_UNKNOWN ||
	    !cm_auth_may_warn(&relay->next_note_warning))
		return;
	if (result == CM_DIR_FAILED)
		e_warning(cm_auth_event, "cannot %s: %m", error);
	else
		e_warning(cm_auth_event, "%s; it is left as it is", error);
}
