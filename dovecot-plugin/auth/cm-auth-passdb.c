/* SPDX-License-Identifier: MIT */
#include "cm-auth-passdb.h"

#include "randgen.h"

#include "cm-account-info.h"
#include "cm-account-rules.h"
#include "cm-auth-account.h"
#include "cm-auth-create.h"
#include "cm-auth-known.h"
#include "cm-auth-relay.h"

#include <time.h>

static void note_login(struct cm_auth_relay *relay,
		       const struct cm_auth_account *account)
{
	enum cm_dir_result result;
	const char *error = "";
	uint64_t nonce;

	random_fill(&nonce, sizeof(nonce));
	result = cm_account_note_login(account->fd, time(NULL), nonce, &error);
	cm_auth_warn_about_note(relay, result, error);
}

static enum passdb_result check_password(struct cm_auth_relay *relay,
					 struct auth_request *request,
					 const char *password,
					 const struct cm_auth_account *account)
{
	enum passdb_result result;
	const char *error;

	if (cm_auth_is_plain_login(request) &&
	    cm_auth_known_has(relay->known, account->name, account->hash,
			      password)) {
		e_debug(authdb_event(request), "password is known");
		return PASSDB_RESULT_OK;
	}
	result = cm_authdb_verify(request, password, account->hash, &error);
	if (result == PASSDB_RESULT_INTERNAL_FAILURE)
		e_error(cm_auth_event, "%s; the account is refused", error);
	else if (result == PASSDB_RESULT_OK && cm_auth_is_plain_login(request))
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
	if (cm_auth_is_plain_login(request))
		note_login(relay, account);
	return cm_auth_reply(relay, request);
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
		return cm_auth_first_login(relay, request, password);
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
	return cm_auth_reply(relay, request);
}

void cm_auth_lookup_credentials(void *instance, struct auth_request *request,
				lookup_credentials_callback_t *callback)
{
	const char *hash = NULL, *scheme = NULL;
	enum passdb_result result;

	result = credentials(instance, request, &hash, &scheme);
	passdb_handle_credentials(result, hash, scheme, callback, request);
}
