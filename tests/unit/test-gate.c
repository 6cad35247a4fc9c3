/* SPDX-License-Identifier: MIT
 *
 * cm-gate: the verdict, given what is known of a message.
 */
#include "cm-unit.h"
#include "cm-gate.h"

static const struct gate_row {
	const char *name;
	enum cm_direction direction;
	const char *mail_from, *login, *from;
	unsigned int from_headers, from_addresses;
	enum cm_message_kind kind;
	enum cm_rule rule;
	bool auto_submitted, cleartext_allowed;
	uint64_t size;
	const char *expect;
} gate_rows[] = {
	{ "encrypted", CM_OUTGOING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0, "encrypted" },
	{ "case does not count", CM_OUTGOING, "A@x", "a@X", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0, "encrypted" },
	{ "other login", CM_OUTGOING, "a@x", "b@x", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "login-mismatch" },
	{ "other From", CM_OUTGOING, "a@x", "a@x", "b@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-mismatch" },
	{ "no From", CM_OUTGOING, "a@x", "a@x", "", 0, 0,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-missing" },
	{ "two From headers", CM_OUTGOING, "a@x", "a@x", "a@x", 2, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-missing" },
	{ "two From addresses", CM_OUTGOING, "a@x", "a@x", "a@x", 1, 2,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-syntax" },
	{ "null sender out", CM_OUTGOING, "", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "envelope-sender" },
	{ "no address as sender", CM_OUTGOING, "a@x@y", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "envelope-sender" },
	{ "cleartext out", CM_OUTGOING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, false, 0,
	  "not-encrypted" },
	{ "cleartext out, allowed", CM_OUTGOING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, true, 0,
	  "cleartext-allowed" },
	{ "cleartext out, allowed, other From", CM_OUTGOING, "a@x", "",
	  "b@x", 1, 1, CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, true,
	  0, "from-mismatch" },
	{ "bounce out", CM_OUTGOING, "mailer-daemon@x", "",
	  "mailer-daemon@x", 1, 1, CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED,
	  true, false, 0, "not-encrypted" },
	{ "too large", CM_OUTGOING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 1000001,
	  "message-size" },
	{ "as large as may be", CM_OUTGOING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 1000000,
	  "encrypted" },
	{ "encrypted in, other sender", CM_INCOMING, "b@y", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0, "encrypted" },
	{ "cleartext in", CM_INCOMING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, false, 0,
	  "not-encrypted" },
	{ "cleartext in, allowed", CM_INCOMING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, true, 0,
	  "cleartext-allowed" },
	{ "broken in, allowed", CM_INCOMING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_PREAMBLE, false, true, 0,
	  "cleartext-allowed" },
	{ "header too large, allowed", CM_INCOMING, "a@x", "", "a@x", 1, 1,
	  CM_MESSAGE_OTHER, CM_RULE_HEADER_SIZE, false, true, 0,
	  "header-size" },
	{ "two From headers in, allowed", CM_INCOMING, "a@x", "", "a@x", 2, 1,
	  CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, false, true, 0,
	  "from-missing" },
	{ "bounce", CM_INCOMING, "", "", "Mailer-Daemon@y", 1, 1,
	  CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED, true, false, 0,
	  "bounce" },
	{ "bounce from the client's own address", CM_INCOMING, "", "",
	  "mailer-daemon@[192.0.2.1]", 1, 1, CM_MESSAGE_REPORT,
	  CM_RULE_NOT_ENCRYPTED, true, false, 0, "bounce" },
	{ "bounce from another address", CM_INCOMING, "", "",
	  "mailer-daemon@[192.0.2.2]", 1, 1, CM_MESSAGE_REPORT,
	  CM_RULE_NOT_ENCRYPTED, true, false, 0, "not-encrypted" },
	{ "bounce from an IPv6 address", CM_INCOMING, "", "",
	  "mailer-daemon@[IPv6:2001:db8::1]", 1, 1, CM_MESSAGE_REPORT,
	  CM_RULE_NOT_ENCRYPTED, true, false, 0, "not-encrypted" },
	{ "bounce from a literal that is none", CM_INCOMING, "", "",
	  "mailer-daemon@[192.0.2.1", 1, 1, CM_MESSAGE_REPORT,
	  CM_RULE_NOT_ENCRYPTED, true, false, 0, "from-syntax" },
	{ "encrypted from another address", CM_INCOMING, "", "",
	  "a@[192.0.2.2]", 1, 1, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false,
	  false, 0, "encrypted" },
	{ "text as address", CM_INCOMING, "", "", "\"Hello Bob\"@[192.0.2.1]",
	  1, 1, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-syntax" },
	{ "text as literal", CM_INCOMING, "", "", "a@[HelloBob]", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0,
	  "from-syntax" },
	{ "letters beyond ASCII", CM_INCOMING, "", "", "j\303\274@y", 1, 1,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, false, false, 0, "encrypted" },
	{ "bounce, largest", CM_INCOMING, "", "", "mailer-daemon@y", 1, 1,
	  CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED, true, false,
	  CM_GATE_MAX_BOUNCE, "bounce" },
	{ "bounce, too large", CM_INCOMING, "", "", "mailer-daemon@y", 1, 1,
	  CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED, true, false,
	  CM_GATE_MAX_BOUNCE + 1, "not-encrypted" },
	{ "bounce with a sender", CM_INCOMING, "mailer-daemon@y", "",
	  "mailer-daemon@y", 1, 1, CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED,
	  true, false, 0, "not-encrypted" },
	{ "bounce of somebody else", CM_INCOMING, "", "", "a@y", 1, 1,
	  CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED, true, false, 0,
	  "not-encrypted" },
	{ "bounce not automatic", CM_INCOMING, "", "", "mailer-daemon@y", 1,
	  1, CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED, false, false, 0,
	  "not-encrypted" },
	{ "bounce without report", CM_INCOMING, "", "", "mailer-daemon@y", 1,
	  1, CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED, true, false, 0,
	  "not-encrypted" },
};

static void gate(void **state)
{
	const struct gate_row *row = *state;
	struct cm_message *msg = calloc(1, sizeof(*msg));
	struct cm_gate_input input = {
		.direction = row->direction,
		.mail_from = row->mail_from,
		.login = row->login,
		.client_ip = "192.0.2.1",
		.from = row->from,
		.from_addresses = row->from_addresses,
		.cleartext_reason = row->cleartext_allowed ?
				    "cleartext-allowed" : NULL,
		.size = row->size,
		.max_size = 1000000,
		.msg = msg
	};
	struct cm_verdict verdict;

	assert_non_null(msg);
	msg->kind = row->kind;
	msg->rule = row->rule;
	msg->too_large = row->rule == CM_RULE_HEADER_SIZE;
	msg->from_count = row->from_headers;
	msg->auto_submitted = row->auto_submitted;
	verdict = cm_gate_final(&input);
	assert_int_not_equal(verdict.action, CM_GATE_PENDING);
	assert_string_equal(verdict.action == CM_GATE_ACCEPT ? verdict.reason :
			    cm_rule_info(verdict.rule)->name, row->expect);
	free(msg);
}

/* No exception for a header that cannot be relied on, whatever broke first. */
static void unreliable(void **state)
{
	static const struct {
		enum cm_rule field_rule;
		bool too_large;
		const char *expect;
	} rows[] = {
		{ CM_RULE_CONTROL_CHARACTER, false, "control-character" },
		{ CM_RULE_HEADER_SYNTAX, false, "header-syntax" },
		{ CM_RULE_NONE, true, "header-size" },
		{ CM_RULE_CONTROL_CHARACTER, true, "header-size" },
	};
	static struct cm_message msg;
	struct cm_gate_input input = {
		.direction = CM_INCOMING,
		.mail_from = "",
		.login = "",
		.client_ip = "",
		.from = "mailer-daemon@x",
		.from_addresses = 1,
		.max_size = 1000000,
		.msg = &msg
	};
	struct cm_verdict verdict;
	size_t i;

	(void)state;
	msg.kind = CM_MESSAGE_REPORT;
	msg.rule = CM_RULE_HEADER_DUPLICATE;
	msg.from_count = 1;
	msg.auto_submitted = true;
	assert_string_equal(cm_gate_final(&input).reason, "bounce");
	for (i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		msg.field_rule = rows[i / 2].field_rule;
		msg.too_large = rows[i / 2].too_large;
		input.cleartext_reason = i % 2 == 0 ? NULL : "cleartext";
		verdict = cm_gate_final(&input);
		assert_int_equal(verdict.action, CM_GATE_REJECT);
		assert_string_equal(cm_rule_info(verdict.rule)->name,
				    rows[i / 2].expect);
	}
}

/* Where a message comes from is asked last, and only of incoming mail; behind
 * that, whether federation rules keep its From out, but not of what a user's
 * own mail has brought about. */
static const struct origin_row {
	const char *name;
	enum cm_direction direction;
	enum cm_message_kind kind;
	enum cm_rule rule, origin;
	bool cleartext_allowed;
	const char *expect;
	bool kept_out, no_auto_submitted;
} origin_rows[] = {
	{ "proven", CM_INCOMING, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE,
	  CM_RULE_NONE, false, "encrypted", false, false },
	{ "encrypted", CM_INCOMING, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE,
	  CM_RULE_DKIM_MISSING, false, "dkim-missing", false, false },
	{ "for now", CM_INCOMING, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE,
	  CM_RULE_DKIM_UNVERIFIED, false, "dkim-unverified", false, false },
	{ "SecureJoin request", CM_INCOMING, CM_MESSAGE_SECUREJOIN,
	  CM_RULE_NONE, CM_RULE_DKIM_INVALID, false, "dkim-invalid", false,
	  false },
	{ "bounce", CM_INCOMING, CM_MESSAGE_REPORT, CM_RULE_NOT_ENCRYPTED,
	  CM_RULE_DKIM_INVALID, false, "dkim-invalid", false, false },
	{ "cleartext", CM_INCOMING, CM_MESSAGE_OTHER, CM_RULE_NOT_ENCRYPTED,
	  CM_RULE_DKIM_MISSING, false, "not-encrypted", false, false },
	{ "cleartext, allowed", CM_INCOMING, CM_MESSAGE_OTHER,
	  CM_RULE_NOT_ENCRYPTED, CM_RULE_DKIM_MISSING, true,
	  "dkim-missing", false, false },
	{ "outgoing", CM_OUTGOING, CM_MESSAGE_ENCRYPTED, CM_RULE_NONE,
	  CM_RULE_DKIM_MISSING, false, "encrypted", false, false },
	{ "kept out: encrypted", CM_INCOMING, CM_MESSAGE_ENCRYPTED,
	  CM_RULE_NONE, CM_RULE_NONE, false, "federation", true, true },
	{ "kept out: SecureJoin request", CM_INCOMING, CM_MESSAGE_SECUREJOIN,
	  CM_RULE_NONE, CM_RULE_NONE, false, "federation", true, true },
	{ "kept out: encrypted, by the name of a bounce", CM_INCOMING,
	  CM_MESSAGE_ENCRYPTED, CM_RULE_NONE, CM_RULE_NONE, false,
	  "federation", true, false },
	{ "kept out: not proven", CM_INCOMING, CM_MESSAGE_ENCRYPTED,
	  CM_RULE_NONE, CM_RULE_DKIM_MISSING, false, "dkim-missing", true,
	  true },
	{ "kept out: cleartext", CM_INCOMING, CM_MESSAGE_OTHER,
	  CM_RULE_NOT_ENCRYPTED, CM_RULE_NONE, false, "not-encrypted", true,
	  true },
	{ "kept out: bounce", CM_INCOMING, CM_MESSAGE_REPORT,
	  CM_RULE_NOT_ENCRYPTED, CM_RULE_NONE, false, "bounce", true, false },
	{ "kept out: outgoing", CM_OUTGOING, CM_MESSAGE_ENCRYPTED,
	  CM_RULE_NONE, CM_RULE_NONE, false, "encrypted", true, true },
};

static void origin(void **state)
{
	const struct origin_row *row = *state;
	struct cm_message *msg = calloc(1, sizeof(*msg));
	struct cm_gate_input input = {
		.direction = row->direction,
		.mail_from = row->direction == CM_OUTGOING ?
			     "mailer-daemon@x" : "",
		.login = "",
		.client_ip = "",
		.from = "mailer-daemon@x",
		.from_addresses = 1,
		.cleartext_reason = row->cleartext_allowed ?
				    "cleartext-allowed" : NULL,
		.origin = row->origin,
		.from_kept_out = row->kept_out,
		.max_size = 1000000,
		.msg = msg
	};
	struct cm_verdict verdict;

	assert_non_null(msg);
	msg->kind = row->kind;
	msg->rule = row->rule;
	msg->from_count = 1;
	msg->auto_submitted = !row->no_auto_submitted;
	/* nobody knows it yet */
	verdict = cm_gate_header(&input);
	if (verdict.action == CM_GATE_REJECT)
		assert_int_not_equal(verdict.rule, row->origin);
	verdict = cm_gate_final(&input);
	assert_string_equal(verdict.action == CM_GATE_ACCEPT ? verdict.reason :
			    cm_rule_info(verdict.rule)->name, row->expect);
	free(msg);
}

int main(void)
{
	cm_unit_rows(gate, gate_rows);
	cm_unit_rows(origin, origin_rows);
	cm_unit_test(unreliable);
	return cm_unit_run();
}
