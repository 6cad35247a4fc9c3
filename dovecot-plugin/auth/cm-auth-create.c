/* SPDX-License-Identifier: MIT */
#include "cm-auth-create.h"

#include "randgen.h"

#include "cm-account-info.h"
#include "cm-account-rules.h"
#include "cm-auth-account.h"
#include "cm-auth-known.h"
#include "cm-auth-relay.h"
#include "cm-hmac.h"
#include "cm-hold.h"
#include "cm-registration.h"
#include "cm-system.h"
#include "cm-token.h"

#include <time.h>
#include <unistd.h>

/* The reference's; Dovecot's default rounds (5000). */
#define NEW_PASSWORD_SCHEME "SHA512-CRYPT"

struct first_login {
	struct cm_auth_relay *relay;
	struct auth_request *request;
	const char *password;
	time_t now;
	int mailboxes_fd;

	/* open if a token of the admin's is needed; token.length is 0 unless
	 * the password begins with one */
	struct cm_tokens tokens;
	struct cm_token token;
};

static void note_creation(struct first_login *login)
{
	struct cm_account_info info;
	enum cm_dir_result result;
	const char *error = "";
	uint64_t nonce;
	int fd;

	cm_account_info_init(&info);
	info.created = info.last_login = cm_account_info_day(login->now);
	if (i_strocpy(info.token, login->token.name, sizeof(info.token)) < 0)
		i_unreached();
	random_fill(&nonce, sizeof(nonce));
	result = cm_account_open(login->mailboxes_fd,
				 login->request->fields.user, &fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_info_update(fd, &info, nonce, &error);
		i_close_fd(&fd);
	}
	cm_auth_warn_about_note(login->relay, result, error);
}

static enum cm_dir_result create_counted(struct first_login *login,
					 const char *hash,
					 const char **error_r)
{
	const char *name = login->request->fields.user;
	struct cm_token_use use;
	enum cm_dir_result result;
	uint64_t nonce;
	int saved;

	random_fill(&nonce, sizeof(nonce));
	if (login->token.length == 0) {
		return cm_account_create(login->mailboxes_fd, name, hash,
					 login->now, nonce, error_r);
	}
	result = cm_token_use_begin(&login->tokens, &login->token,
				    login->mailboxes_fd, name, &use, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = cm_account_create(login->mailboxes_fd, name, hash,
				   login->now, nonce, error_r);
	saved = errno;
	cm_token_use_end(&use, result == CM_DIR_OK);
	errno = saved;
	return result;
}

static enum passdb_result create(struct first_login *login, const char *hash)
{
	struct cm_auth_relay *relay = login->relay;
	struct auth_request *request = login->request;
	enum cm_dir_result result;
	const char *error = "";

	result = create_counted(login, hash, &error);
	cm_auth_log_trouble(result, error);
	switch (result) {
	case CM_DIR_OK:
		cm_auth_known_add(relay->known, request->fields.user, hash,
				  login->password);
		note_creation(login);
		e_info(cm_auth_event, "account created");
		return cm_auth_reply(relay, request);
	case CM_DIR_EXISTS:
		return PASSDB_RESULT_NEXT;
	case CM_DIR_UNKNOWN:
		e_debug(authdb_event(request), "no account is made: the "
			"token was used up meanwhile");
		return PASSDB_RESULT_PASSWORD_MISMATCH;
	default:
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
}

/* Has the machine room for one more? */
static bool check_limits(struct first_login *login)
{
	struct cm_auth_relay *relay = login->relay;
	struct cm_account_system system;
	enum cm_account_verdict verdict;
	const char *what;

	if (!cm_system_read(CM_SYSTEM_LOADAVG, CM_SYSTEM_MEMINFO,
			    login->mailboxes_fd, &system, &what) &&
	    cm_auth_may_warn(&relay->next_unknown_warning)) {
		e_warning(cm_auth_event, "cannot read %s; new accounts are "
			  "made without regard to it", what);
	}
	verdict = cm_account_limits_check(&relay->set, &system);
	if (verdict == CM_ACCOUNT_ALLOWED)
		return TRUE;
	e_debug(authdb_event(login->request), "no account is made: %s",
		cm_account_verdict_text(verdict));
	if (cm_auth_may_warn(&relay->next_limit_warning)) {
		e_warning(cm_auth_event, "registration rejected: %s",
			  cm_account_verdict_text(verdict));
	}
	return FALSE;
}

static enum passdb_result try_create(struct first_login *login)
{
	const char *hash;

	if (!check_limits(login))
		return PASSDB_RESULT_INTERNAL_FAILURE;
	hash = cm_authdb_hash(login->password, NEW_PASSWORD_SCHEME);
	if (hash == NULL || !cm_account_hash_valid(hash, strlen(hash))) {
		e_error(cm_auth_event, "hashing a password with "
			NEW_PASSWORD_SCHEME" failed");
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	return create(login, hash);
}

static int get_closed(struct first_login *login, bool *closed_r)
{
	unsigned int why;
	const char *error;
	int ret;

	ret = cm_registration_closed(&login->relay->set, &why, &error);
	if (ret < 0) {
		e_error(cm_auth_event, "is registration closed? %s: %m",
			error);
		return -1;
	}
	*closed_r = ret > 0;
	return 0;
}

/* Those of invite_token come first: they are not counted. */
static int get_token(struct first_login *login,
		     struct cm_account_facts *facts)
{
	const struct cm_settings *set = &login->relay->set;
	const char *password = login->password, *error = "";
	enum cm_dir_result result;

	result = cm_tokens_open(set->state_dir, cm_hmac_sha256, NULL,
				&login->tokens, &error);
	if (result == CM_DIR_UNKNOWN)
		return 0;
	if (result == CM_DIR_OK) {
		facts->token_needed = TRUE;
		if (cm_account_invite_token(set, password,
					    strlen(password)) > 0)
			return 0;
		result = cm_token_find(&login->tokens, password,
				       strlen(password),
				       cm_account_info_day(login->now),
				       &login->token, &error);
		if (result == CM_DIR_OK)
			facts->token_len = login->token.length;
		else
			i_zero(&login->token);
	}
	cm_auth_log_trouble(result, error);
	return result == CM_DIR_OK || result == CM_DIR_UNKNOWN ? 0 : -1;
}

static enum passdb_result check_rules(struct first_login *login, bool closed)
{
	struct auth_request *request = login->request;
	/* Dovecot lower-cases the name (auth_username_format); the rules are
	 * about what the client wrote. */
	const char *name = request->fields.original_username != NULL ?
		request->fields.original_username : request->fields.user;
	struct cm_account_facts facts = { .closed = closed };
	enum cm_account_verdict verdict;

	if (!closed && get_token(login, &facts) < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	verdict = cm_account_rules_check(&login->relay->set, &facts,
					 name, strlen(name), login->password,
					 strlen(login->password));
	if (verdict != CM_ACCOUNT_ALLOWED) {
		e_debug(authdb_event(request), "no account is made: %s",
			cm_account_verdict_text(verdict));
		return cm_account_verdict_is_final(verdict) ?
			PASSDB_RESULT_USER_UNKNOWN :
			PASSDB_RESULT_PASSWORD_MISMATCH;
	}
	if (strcmp(name, request->fields.user) != 0) {
		/* translated to another name by the admin's settings */
		e_debug(authdb_event(request), "no account is made: the name "
			"was translated");
		return PASSDB_RESULT_USER_UNKNOWN;
	}
	return PASSDB_RESULT_OK;
}

/* The hash of a name that is held. CM_DIR_UNKNOWN: it is free. */
static enum cm_dir_result get_hold(struct first_login *login, char *hash_r)
{
	const struct cm_settings *set = &login->relay->set;
	const char *name = login->request->fields.user, *error = "";
	enum cm_dir_result result;
	struct cm_hold hold;

	if (!cm_account_name_valid(set, name, strlen(name)))
		return CM_DIR_UNKNOWN;
	result = cm_hold_open_existing(set, login->now, cm_hmac_sha256, &hold,
				       &error);
	if (result == CM_DIR_OK) {
		result = cm_hold_get(&hold, name, hash_r, &error);
		cm_hold_close(&hold);
	}
	cm_auth_log_trouble(result, error);
	return result;
}

static enum passdb_result revive(struct first_login *login, const char *hash)
{
	enum passdb_result result;
	const char *error;

	result = cm_authdb_verify(login->request, login->password, hash,
				  &error);
	if (result == PASSDB_RESULT_INTERNAL_FAILURE)
		e_error(cm_auth_event, "%s; the account is refused", error);
	if (result != PASSDB_RESULT_OK) {
		e_debug(authdb_event(login->request), "the name is held");
		return result;
	}
	if (!check_limits(login))
		return PASSDB_RESULT_INTERNAL_FAILURE;
	return create(login, hash);
}

static enum passdb_result decide(struct first_login *login)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	enum cm_dir_result hold;
	enum passdb_result result;
	bool closed;

	if (get_closed(login, &closed) < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	hold = closed ? CM_DIR_UNKNOWN : get_hold(login, hash);
	if (hold == CM_DIR_OK)
		return revive(login, hash);
	if (hold != CM_DIR_UNKNOWN)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	result = check_rules(login, closed);
	return result == PASSDB_RESULT_OK ? try_create(login) : result;
}

/* Has somebody else made the account while we decided? Then it counts and not
 * what we came to: one device logs in by IMAP and SMTP at once, and who is
 * second finds the token used up, or registration closed. */
static bool made_meanwhile(struct first_login *login)
{
	struct cm_auth_account account;

	if (cm_auth_account_open(login->relay, login->request->fields.user,
				 &account) != CM_DIR_OK)
		return FALSE;
	cm_auth_account_close(&account);
	return TRUE;
}

enum passdb_result cm_auth_first_login(struct cm_auth_relay *relay,
				       struct auth_request *request,
				       const char *password)
{
	struct first_login login = {
		.relay = relay, .request = request, .password = password,
		.now = time(NULL), .tokens = { .fd = -1 }
	};
	enum cm_dir_result dir_result;
	enum passdb_result result;
	const char *error;

	if (!cm_auth_is_plain_login(request))
		return PASSDB_RESULT_USER_UNKNOWN;
	dir_result = cm_mailboxes_open(relay->set.mailboxes_dir,
				       &login.mailboxes_fd, &error);
	if (dir_result != CM_DIR_OK) {
		cm_auth_log_trouble(dir_result, error);
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	result = decide(&login);
	if (result != PASSDB_RESULT_OK && result != PASSDB_RESULT_NEXT &&
	    made_meanwhile(&login))
		result = PASSDB_RESULT_NEXT;
	cm_tokens_close(&login.tokens);
	i_close_fd(&login.mailboxes_fd);
	return result;
}
