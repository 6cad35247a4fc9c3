/* SPDX-License-Identifier: MIT */
#include "cm-policy-rules.h"
#include "cm-addr.h"
#include "cm-policy-log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static const char dunno[] = "DUNNO";
static const char defer[] = "451 4.3.0 Temporary failure, try again later";

/* What one request is answered by. */
struct answer {
	char *buf;
	const char *login, *sender;
};

void cm_policy_init(struct cm_policy *policy, const char *path, bool charge)
{
	memset(policy, 0, sizeof(*policy));
	policy->charge = charge;
	cm_policy_live_init(&policy->live, path, !charge);
}

void cm_policy_deinit(struct cm_policy *policy)
{
	cm_policy_live_deinit(&policy->live);
}

static void set_action(struct answer *answer, const char *action)
{
	memcpy(answer->buf, action, strlen(action) + 1);
}

/* True if the answer is given with that. */
static bool on_block_failure(const struct cm_policy *policy,
			     struct answer *answer)
{
	if (policy->live.have_set &&
	    strcmp(policy->live.set.policy_on_block_failure, "dunno") == 0)
		return false;
	set_action(answer, defer);
	return true;
}

static bool on_rate_failure(const struct cm_policy *policy,
			    struct answer *answer)
{
	if (!policy->live.have_set ||
	    strcmp(policy->live.set.policy_on_rate_failure, "defer") != 0)
		return false;
	set_action(answer, defer);
	return true;
}

/* The message that these requests are about; a new one has no recipients. */
static struct cm_policy_message *find_message(struct cm_policy *policy,
					      const char *instance)
{
	static const unsigned char zero[CM_SIPHASH_KEY_SIZE];
	/* Postfix makes these names, no stranger */
	uint64_t hash = cm_siphash(zero, instance, strlen(instance)) | 1;
	struct cm_policy_message *message;
	unsigned int i;

	for (i = 0; i < CM_POLICY_MESSAGES; i++) {
		if (policy->messages[i].instance == hash && *instance != '\0')
			return &policy->messages[i];
	}
	message = &policy->messages[policy->next];
	policy->next = (policy->next + 1) % CM_POLICY_MESSAGES;
	message->instance = hash;
	message->recipients = 0;
	message->denied_until = 0;
	return message;
}

static bool refuse_blocked(struct cm_policy *policy, struct answer *answer)
{
	switch (cm_policy_is_blocked(&policy->live, answer->login)) {
	case CM_POLICY_NO:
		return false;
	case CM_POLICY_YES:
		set_action(answer, "550 5.7.13 This account is blocked by the "
			   "operator of the relay");
		return true;
	case CM_POLICY_UNKNOWN:
		break;
	}
	return on_block_failure(policy, answer);
}

static bool refuse_sender(struct answer *answer)
{
	if (cm_ascii_equal(answer->sender, answer->login))
		return false;
	set_action(answer, "553 5.7.1 The sender address is not the one that "
		   "has logged in");
	return true;
}

static bool refuse_recipient(const struct cm_policy *policy,
			     unsigned long count, struct answer *answer)
{
	if (!policy->live.have_set ||
	    count <= policy->live.set.max_smtp_recipients)
		return false;
	(void)snprintf(answer->buf, CM_POLICY_MAX_ACTION + 1,
		       "452 4.5.3 Too many recipients: a message may have %u",
		       policy->live.set.max_smtp_recipients);
	return true;
}

/* A message has one answer. Postfix asks for each recipient; by the second one
 * time has gone on, and what was refused to the first would be let through to
 * it, so that half of a message arrives and the client sends all of it again. */
static enum cm_rate_result rate_once(struct cm_policy *policy,
				     struct cm_policy_message *message,
				     const char *login, uint64_t *wait_ms_r)
{
	uint64_t now = policy->live.now;
	enum cm_rate_result result;

	if (message->recipients > 0)
		return CM_RATE_ALLOWED;
	if (message->denied_until == 0) {
		result = cm_policy_count(&policy->live, login, policy->charge,
					 wait_ms_r);
		if (result == CM_RATE_DENIED)
			message->denied_until = now + *wait_ms_r * NS_PER_MS;
		return result;
	}
	*wait_ms_r = message->denied_until > now ?
		(message->denied_until - now) / NS_PER_MS + 1 : 1;
	return CM_RATE_DENIED;
}

/* The code stands twice because Postfix puts its own words between "450 4.7.1"
 * and the text, and chatmail/relay's tests look for "4.7.1: Too much mail". */
static bool refuse_rate(struct cm_policy *policy,
			struct cm_policy_message *message,
			struct answer *answer)
{
	uint64_t wait_ms;

	if (policy->live.have_set &&
	    cm_settings_list_matches(policy->live.set.rate_exempt_senders,
				     answer->login))
		return false;
	switch (rate_once(policy, message, answer->login, &wait_ms)) {
	case CM_RATE_ALLOWED:
		return false;
	case CM_RATE_DENIED:
		(void)snprintf(answer->buf, CM_POLICY_MAX_ACTION + 1,
			       "450 4.7.1 4.7.1: Too much mail from %.320s, "
			       "try again in %llu seconds", answer->sender,
			       (unsigned long long)((wait_ms + 999) / 1000));
		return true;
	case CM_RATE_FAILED:
		break;
	}
	return on_rate_failure(policy, answer);
}

/* A message counts once, with its first recipient. */
static void answer_rcpt(struct cm_policy *policy, const char *instance,
			struct answer *answer)
{
	struct cm_policy_message *message = find_message(policy, instance);

	if (refuse_blocked(policy, answer) || refuse_sender(answer) ||
	    refuse_recipient(policy, message->recipients + 1UL, answer) ||
	    refuse_rate(policy, message, answer))
		return;
	message->recipients++;
}

static void answer_end(struct cm_policy *policy,
		       const struct cm_policy_proto *proto,
		       struct answer *answer)
{
	const char *count = cm_policy_get(proto,
					  CM_POLICY_ATTR_RECIPIENT_COUNT);

	if (refuse_blocked(policy, answer))
		return;
	(void)refuse_recipient(policy, strtoul(count, NULL, 10), answer);
}

static void answer_incoming(struct cm_policy *policy, struct answer *answer)
{
	const char *domain = strrchr(answer->sender, '@');

	switch (cm_policy_may_federate(&policy->live, answer->sender)) {
	case CM_POLICY_YES:
		break;
	case CM_POLICY_NO:
		(void)snprintf(answer->buf, CM_POLICY_MAX_ACTION + 1,
			       "550 5.7.1 This relay does not accept mail from "
			       "%.320s", domain != NULL ? domain + 1 :
			       answer->sender);
		break;
	case CM_POLICY_UNKNOWN:
		(void)on_block_failure(policy, answer);
		break;
	}
}

void cm_policy_answer(struct cm_policy *policy,
		      const struct cm_policy_proto *proto,
		      char buf[CM_POLICY_MAX_ACTION + 1])
{
	const char *state = cm_policy_get(proto, CM_POLICY_ATTR_STATE);
	struct answer answer = {
		.buf = buf,
		.login = cm_policy_get(proto, CM_POLICY_ATTR_LOGIN),
		.sender = cm_policy_get(proto, CM_POLICY_ATTR_SENDER)
	};

	cm_policy_live_refresh(&policy->live);
	set_action(&answer, dunno);
	if (strcmp(cm_policy_get(proto, CM_POLICY_ATTR_REQUEST),
		   "smtpd_access_policy") != 0)
		return;
	if (strcmp(state, "RCPT") == 0 && *answer.login != '\0')
		answer_rcpt(policy, cm_policy_get(proto,
						  CM_POLICY_ATTR_INSTANCE),
			    &answer);
	else if (strcmp(state, "RCPT") == 0)
		answer_incoming(policy, &answer);
	else if (strcmp(state, "END-OF-MESSAGE") == 0 && *answer.login != '\0')
		answer_end(policy, proto, &answer);
}

void cm_policy_answer_bad(struct cm_policy *policy,
			  char buf[CM_POLICY_MAX_ACTION + 1])
{
	struct answer answer = { .buf = buf };

	cm_policy_live_refresh(&policy->live);
	cm_policy_warn(CM_POLICY_TROUBLE_REQUEST,
		       policy->live.now / NS_PER_SECOND,
		       "a request that is not of Postfix's form, or too long");
	set_action(&answer, dunno);
	(void)on_block_failure(policy, &answer);
}
