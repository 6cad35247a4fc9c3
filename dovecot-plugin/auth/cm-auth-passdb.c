/* SPDX-License-Identifier: MIT */
#include "cm-auth-passdb.h"

#include "randgen.h"

#include "cm-account-info.h"
#include "cm-account-rules.h"
#include "cm-auth-account.h"
#include "cm-auth-known.h"
#include "cm-auth-relay.h"
#include "cm-registration.h"
#include "cm-system.h"

#include <time.h>

/* The reference's; Dovecot's default rounds (5000). */
#define NEW_PASSWORD_SCHEME "SHA512-CRYPT"

static enum passdb_result reply(struct cm_auth_relay *relay,
				struct auth_request *request)
{
	struct cm_authdb_user user;

	cm_auth_account_user(relay, request->fields.user, &user);
	if (cm_authdb_reply_passdb(request, &user) < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	return PASSDB_RESULT_OK;
}

/* Is this the owner's own login? A master user acts for somebody else, and a
 * password that another passdb has approved need not be one that belongs
 * here: neither makes an account, or keeps one alive. */
static bool is_plain_login(const struct auth_request *request)
{
	const struct auth_request_fields *fields = &request->fields;

	return fields->master_user == NULL &&
	       fields->requested_login_user == NULL &&
	       !fields->skip_password_check;
}

/* No reason to refuse anybody, but for the admin to know. */
static void warn_about_note(struct cm_auth_relay *relay,
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

static void note_login(struct cm_auth_relay *relay,
		       const struct cm_auth_account *account)
{
	enum cm_dir_result result;
	const char *error = "";
	uint64_t nonce;

	random_fill(&nonce, sizeof(nonce));
	result = cm_account_note_login(account->fd, time(NULL), nonce, &error);
	warn_about_note(relay, result, error);
}

static void note_creation(struct cm_auth_relay *relay, int mailboxes_fd,
			  const char *name, time_t now)
{
	struct cm_account_info info;
	enum cm_dir_result result;
	const char *error = "";
	uint64_t nonce;
	int fd;

	cm_account_info_init(&info);
	info.created = info.last_login = cm_account_info_day(now);
	random_fill(&nonce, sizeof(nonce));
	result = cm_account_open(mailboxes_fd, name, &fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_info_update(fd, &info, nonce, &error);
		i_close_fd(&fd);
	}
	warn_about_note(relay, result, error);
}

static enum passdb_result check_password(struct cm_auth_relay *relay,
					 struct auth_request *request,
					 const char *password,
					 const struct cm_auth_account *account)
{
	enum passdb_result result;
	const char *error;

	if (is_plain_login(request) &&
	    cm_auth_known_has(relay->known, account->name, account->hash,
			      password)) {
		e_debug(authdb_event(request), "password is known");
		return PASSDB_RESULT_OK;
	}
	result = cm_authdb_verify(request, password, account->hash, &error);
	if (result == PASSDB_RESULT_INTERNAL_FAILURE)
		e_error(cm_auth_event, "%s; the account is refused", error);
	else if (result == PASSDB_RESULT_OK && is_plain_login(request))
		cm_auth_known_add(relay->known, account->name, account->hash,
				  password);
	return result;
}

static enum passdb_result verify(struct cm_auth_relay *relay,
				 struct auth_request *request,
				 const char *password,
				 const struct cm_auth_account *account)
{
	enum passdb_result result;
	int disabled;

	result = check_password(relay, request, password, account);
	if (result != PASSDB_RESULT_OK)
		return result;
	/* Only who knows the password learns that the account is blocked. */
	disabled = cm_auth_account_is_disabled(account);
	if (disabled < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	if (disabled > 0) {
		e_debug(authdb_event(request), "account is blocked");
		return PASSDB_RESULT_USER_DISABLED;
	}
	if (is_plain_login(request))
		note_login(relay, account);
	return reply(relay, request);
}

static int get_facts(struct cm_auth_relay *relay,
		     struct cm_account_facts *facts_r)
{
	unsigned int why;
	const char *error;
	int ret;

	i_zero(facts_r);
	ret = cm_registration_closed(&relay->set, &why, &error);
	if (ret < 0) {
		e_error(cm_auth_event, "is registration closed? %s: %m",
			error);
		return -1;
	}
	facts_r->closed = ret > 0;
	return 0;
}

static enum passdb_result check_rules(struct cm_auth_relay *relay,
				      struct auth_request *request,
				      const char *password)
{
	/* Dovecot lower-cases the name (auth_username_format); the rules are
	 * about what the client wrote. */
	const char *name = request->fields.original_username != NULL ?
		request->fields.original_username : request->fields.user;
	struct cm_account_facts facts;
	enum cm_account_verdict verdict;

	if (!is_plain_login(request))
		return PASSDB_RESULT_USER_UNKNOWN;
	if (get_facts(relay, &facts) < 0)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	verdict = cm_account_rules_check(&relay->set, &facts,
					 name, strlen(name),
					 password, strlen(password));
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

/* Has the machine room for one more? */
static bool check_limits(struct cm_auth_relay *relay,
			 struct auth_request *request, int mailboxes_fd)
{
	struct cm_account_system system;
	enum cm_account_verdict verdict;
	const char *what;

	if (!cm_system_read(CM_SYSTEM_LOADAVG, CM_SYSTEM_MEMINFO,
			    mailboxes_fd, &system, &what) &&
	    cm_auth_may_warn(&relay->next_unknown_warning)) {
		e_warning(cm_auth_event, "cannot read %s; new accounts are "
			  "made without regard to it", what);
	}
	verdict = cm_account_limits_check(&relay->set, &system);
	if (verdict == CM_ACCOUNT_ALLOWED)
		return TRUE;
	e_debug(authdb_event(request), "no account is made: %s",
		cm_account_verdict_text(verdict));
	if (cm_auth_may_warn(&relay->next_limit_warning)) {
		e_warning(cm_auth_event, "registration rejected: %s",
			  cm_account_verdict_text(verdict));
	}
	return FALSE;
}

static enum passdb_result create(struct cm_auth_relay *relay,
				 struct auth_request *request,
				 int mailboxes_fd, const char *password,
				 const char *hash)
{
	enum cm_dir_result result;
	const char *error = "";
	time_t now = time(NULL);
	uint64_t nonce;

	random_fill(&nonce, sizeof(nonce));
	result = cm_account_create(mailboxes_fd, request->fields.user, hash,
				   now, nonce, &error);
	cm_auth_log_trouble(result, error);
	switch (result) {
	case CM_DIR_OK:
		cm_auth_known_add(relay->known, request->fields.user, hash,
				  password);
		note_creation(relay, mailboxes_fd, request->fields.user, now);
		e_info(cm_auth_event, "account created");
		return reply(relay, request);
	case CM_DIR_EXISTS:
		return PASSDB_RESULT_NEXT;
	default:
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
}

/* For a name and password that may become an account. */
static enum passdb_result try_create(struct cm_auth_relay *relay,
				     struct auth_request *request,
				     const char *password, int mailboxes_fd)
{
	const char *hash;

	if (!check_limits(relay, request, mailboxes_fd))
		return PASSDB_RESULT_INTERNAL_FAILURE;
	hash = cm_authdb_hash(password, NEW_PASSWORD_SCHEME);
	if (hash == NULL || !cm_account_hash_valid(hash, strlen(hash))) {
		e_error(cm_auth_event, "hashing a password with "
			NEW_PASSWORD_SCHEME" failed");
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	return create(relay, request, mailboxes_fd, password, hash);
}

/* Returns PASSDB_RESULT_NEXT if somebody else was quicker. */
static enum passdb_result first_login(struct cm_auth_relay *relay,
				      struct auth_request *request,
				      const char *password)
{
	enum cm_dir_result dir_result;
	enum passdb_result result;
	const char *error;
	int fd;

	result = check_rules(relay, request, password);
	if (result != PASSDB_RESULT_OK)
		return result;
	dir_result = cm_mailboxes_open(relay->set.mailboxes_dir, &fd, &error);
	if (dir_result != CM_DIR_OK) {
		cm_auth_log_trouble(dir_result, error);
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	result = try_create(relay, request, password, fd);
	i_close_fd(&fd);
	return result;
}

/* Returns PASSDB_RESULT_NEXT if the account came into being meanwhile. */
static enum passdb_result login(struct cm_auth_relay *relay,
				struct auth_request *request,
				const char *password)
{
	struct cm_auth_account account;
	enum passdb_result result;

	switch (cm_auth_account_open(relay, request->fields.user, &account)) {
	case CM_DIR_OK:
		result = verify(relay, request, password, &account);
		cm_auth_account_close(&account);
		return result;
	case CM_DIR_UNKNOWN:
		return first_login(relay, request, password);
	default:
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
}

void cm_auth_verify_plain(void *instance, struct auth_request *request,
			  const char *password,
			  verify_plain_callback_t *callback)
{
	struct cm_auth_relay *relay = instance;
	enum passdb_result result;

	if (!cm_auth_relay_ready(relay))
		result = PASSDB_RESULT_INTERNAL_FAILURE;
	else if (strlen(password) > CM_ACCOUNT_MAX_PASSWORD) {
		/* no hash can match it, so none is computed */
		e_debug(authdb_event(request), "password is too long");
		result = PASSDB_RESULT_PASSWORD_MISMATCH;
	} else {
		result = login(relay, request, password);
		if (result == PASSDB_RESULT_NEXT)
			result = login(relay, request, password);
		/* made and removed again under our eyes */
		if (result == PASSDB_RESULT_NEXT)
			result = PASSDB_RESULT_INTERNAL_FAILURE;
	}
	callback(result, request);
}

static enum passdb_result credentials(struct cm_auth_relay *relay,
				      struct auth_request *request,
				      const char **hash_r,
				      const char **scheme_r)
{
	struct cm_auth_account account;
	int disabled;

	if (!cm_auth_relay_ready(relay))
		return PASSDB_RESULT_INTERNAL_FAILURE;
	switch (cm_auth_account_open(relay, request->fields.user, &account)) {
	case CM_DIR_OK:
		break;
	case CM_DIR_UNKNOWN:
		return PASSDB_RESULT_USER_UNKNOWN;
	default:
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	disabled = cm_auth_account_is_disabled(&account);
	cm_auth_account_close(&account);
	if (disabled != 0) {
		return disabled < 0 ? PASSDB_RESULT_INTERNAL_FAILURE :
			PASSDB_RESULT_USER_DISABLED;
	}
	*hash_r = t_strdup(account.hash);
	*scheme_r = password_get_scheme(hash_r);
	if (*scheme_r == NULL)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	return reply(relay, request);
}

void cm_auth_lookup_credentials(void *instance, struct auth_request *request,
				lookup_credentials_callback_t *callback)
{
	const char *hash = NULL, *scheme = NULL;
	enum passdb_result result;

	result = credentials(instance, request, &hash, &scheme);
	passdb_handle_credentials(result, hash, scheme, callback, request);
}
