/* SPDX-License-Identifier: MIT */
#include "cm-gate.h"
#include "cm-addr.h"

#include <string.h>

static struct cm_verdict reject(enum cm_rule rule)
{
	struct cm_verdict verdict = { CM_GATE_REJECT, rule, NULL };

	return verdict;
}

static struct cm_verdict accept_for(const char *reason)
{
	struct cm_verdict verdict = { CM_GATE_ACCEPT, CM_RULE_NONE, reason };

	return verdict;
}

static struct cm_verdict pending(void)
{
	struct cm_verdict verdict = { CM_GATE_PENDING, CM_RULE_NONE, NULL };

	return verdict;
}

static enum cm_rule check_from(const struct cm_gate_input *input)
{
	if (input->msg->from_count != 1)
		return CM_RULE_FROM_MISSING;
	if (input->from_addresses != 1 || !cm_addr_is_plain(input->from))
		return CM_RULE_FROM_SYNTAX;
	return CM_RULE_NONE;
}

/* On submission all three names of the sender are one. */
static enum cm_rule check_sender(const struct cm_gate_input *input)
{
	struct cm_addr addr;
	enum cm_rule rule;

	if (cm_addr_parse(&addr, input->mail_from,
			  strlen(input->mail_from)) < 0)
		return CM_RULE_ENVELOPE_SENDER;
	if (*input->login != '\0' &&
	    !cm_ascii_equal(input->login, input->mail_from))
		return CM_RULE_LOGIN_MISMATCH;
	rule = check_from(input);
	if (rule != CM_RULE_NONE)
		return rule;
	return cm_ascii_equal(input->from, input->mail_from) ?
		CM_RULE_NONE : CM_RULE_FROM_MISMATCH;
}

/* An address literal has no key to sign with: anybody may claim one. Mail that
 * says no word need not care, and may well come from another address of the
 * same server; a report's text does. */
static bool is_foreign_literal(const struct cm_gate_input *input)
{
	const char *domain = strrchr(input->from, '@');

	return domain != NULL && domain[1] == '[' &&
	       !cm_addr_literal_is(domain + 1, input->client_ip);
}

/* A delivery report of another server. They are never encrypted, and users
 * would not learn of a failure without them. */
static bool is_bounce(const struct cm_gate_input *input)
{
	static const char daemon[] = "mailer-daemon@";

	return input->direction == CM_INCOMING && *input->mail_from == '\0' &&
	       input->msg->kind == CM_MESSAGE_REPORT &&
	       input->msg->auto_submitted &&
	       strlen(input->from) >= sizeof(daemon) - 1 &&
	       cm_ascii_equal_n(input->from, daemon, sizeof(daemon) - 1) &&
	       !is_foreign_literal(input) &&
	       input->size <= CM_GATE_MAX_BOUNCE;
}

/* The message broke a rule of encrypted mail: does that matter? */
static struct cm_verdict unencrypted(const struct cm_gate_input *input)
{
	/* What is not the same for everybody who reads it cannot be judged by
	 * its content. */
	if (input->msg->field_rule != CM_RULE_NONE)
		return reject(input->msg->field_rule);
	if (is_bounce(input))
		return accept_for("bounce");
	if (input->cleartext_reason != NULL)
		return accept_for(input->cleartext_reason);
	return reject(input->msg->rule);
}

struct cm_verdict cm_gate_header(const struct cm_gate_input *input)
{
	enum cm_rule rule = input->direction == CM_OUTGOING ?
		check_sender(input) : check_from(input);

	if (input->size > input->max_size)
		return reject(CM_RULE_MESSAGE_SIZE);
	/* Not all of it was read: neither From nor content is known. */
	if (input->msg->too_large)
		return reject(CM_RULE_HEADER_SIZE);
	if (rule != CM_RULE_NONE)
		return reject(rule);
	if (input->msg->rule != CM_RULE_NONE) {
		struct cm_verdict verdict = unencrypted(input);

		/* how long it gets is not known yet */
		return verdict.action == CM_GATE_REJECT ? verdict : pending();
	}
	return pending();
}

static struct cm_verdict judge_content(const struct cm_gate_input *input)
{
	struct cm_verdict verdict = cm_gate_header(input);

	if (verdict.action == CM_GATE_REJECT)
		return verdict;
	if (input->msg->rule != CM_RULE_NONE)
		return unencrypted(input);
	return accept_for(input->msg->kind == CM_MESSAGE_SECUREJOIN ?
			  "securejoin-request" : "encrypted");
}

struct cm_verdict cm_gate_final(const struct cm_gate_input *input)
{
	struct cm_verdict verdict = judge_content(input);

	/* Whoever sends cleartext learns that first: it is what he can change.
	 * chatmail/filtermail does so since 0.5.2. */
	if (verdict.action != CM_GATE_ACCEPT ||
	    input->direction != CM_INCOMING)
		return verdict;
	if (input->origin != CM_RULE_NONE)
		return reject(input->origin);
	/* Who may send to a server that may not send to us has to learn what
	 * became of it. */
	if (input->from_kept_out && !is_bounce(input))
		return reject(CM_RULE_FEDERATION);
	return verdict;
}
