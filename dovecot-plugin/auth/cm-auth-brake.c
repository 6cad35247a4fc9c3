/* SPDX-License-Identifier: MIT */
#include "cm-auth-brake.h"

#include "hmac.h"
#include "randgen.h"

#include "cm-auth-known.h"
#include "cm-auth-relay.h"
#include "cm-brake.h"

#include <time.h>

struct cm_auth_brake {
	struct cm_brake *brake;
	struct cm_auth_known *known;
	unsigned char key[SHA256_RESULTLEN];
};

struct cm_auth_brake *cm_auth_brake_new(const struct cm_settings *set)
{
	struct cm_auth_brake *brake;

	if (set->login_brake_after == 0)
		return NULL;
	brake = i_new(struct cm_auth_brake, 1);
	brake->brake = cm_brake_new(set->login_brake_after);
	if (brake->brake == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "chatmail: out of memory");
	brake->known = cm_auth_known_new(set->login_cache_size);
	random_fill(brake->key, sizeof(brake->key));
	return brake;
}

void cm_auth_brake_free(struct cm_auth_brake **_brake)
{
	struct cm_auth_brake *brake = *_brake;

	*_brake = NULL;
	if (brake == NULL)
		return;
	cm_brake_free(&brake->brake);
	cm_auth_known_free(&brake->known);
	i_free(brake);
}

static uint64_t account_number(const struct cm_auth_brake *brake,
			       const char *name)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct hmac_context hmac;
	uint64_t number;

	hmac_init(&hmac, brake->key, sizeof(brake->key), &hash_method_sha256);
	hmac_update(&hmac, name, strlen(name));
	hmac_final(&hmac, digest);
	memcpy(&number, digest, sizeof(number));
	return number;
}

static int64_t now_msecs(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		i_fatal("clock_gettime(CLOCK_MONOTONIC) failed: %m");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int cm_auth_before_verify(void *instance, struct auth_request *request,
			  const char *password, bool *counted_r)
{
	struct cm_auth_relay *relay = instance;
	const char *name = request->fields.user;
	int msecs;

	/* a file that was broken may be right now; the worker refuses else */
	(void)cm_auth_relay_ready(relay);
	/* the hash is not known here; "" stands for it */
	if (relay->brake == NULL ||
	    cm_auth_known_has(relay->brake->known, name, "", password))
		return 0;
	msecs = cm_brake_wait(relay->brake->brake,
			      account_number(relay->brake, name),
			      now_msecs());
	*counted_r = msecs >= 0;
	if (msecs < 0)
		e_debug(authdb_event(request), "too many wrong passwords");
	else if (msecs > 0)
		e_debug(authdb_event(request), "waits for %d ms", msecs);
	if (msecs != 0 && cm_auth_may_warn(&relay->next_brake_warning)) {
		e_warning(cm_auth_event, "too many wrong passwords, or too "
			  "many logins at once, for an account; logins to it "
			  "are slowed down");
	}
	return msecs;
}

void cm_auth_after_verify(void *instance, struct auth_request *request,
			  const char *password, bool counted,
			  enum passdb_result result)
{
	struct cm_auth_relay *relay = instance;
	const char *name = request->fields.user;
	bool wrong = result == PASSDB_RESULT_PASSWORD_MISMATCH;
	uint64_t account;
	int64_t now;

	if (relay->brake == NULL)
		return;
	if (result == PASSDB_RESULT_OK)
		cm_auth_known_add(relay->brake->known, name, "", password);
	if (!counted && !wrong)
		return;
	account = account_number(relay->brake, name);
	now = now_msecs();
	if (counted)
		cm_brake_answered(relay->brake->brake, account, now);
	if (wrong)
		cm_brake_failed(relay->brake->brake, account, now);
}
