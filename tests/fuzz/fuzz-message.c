/* SPDX-License-Identifier: MIT
 *
 * cm-message and cm-gate on a whole message, both directions: however its
 * body is cut, rule and skeleton are the same. And as cleartext that may pass:
 * then it has one From and a header that everybody reads alike.
 */
#include "fuzz.h"
#include "fuzz-mail.h"
#include "cm-gate.h"

struct run {
	struct cm_message msg;
	enum cm_direction direction;
	uint64_t size;
	uint64_t skeleton_hash;
	size_t skeleton_size;
	enum cm_rule rule;
	/* of the header, seen without the gate's help */
	unsigned int from_count, control_count;
	size_t header_size;
};

static void add_skeleton(void *ctx, const void *data, size_t len)
{
	struct run *run = ctx;
	const unsigned char *p = data;

	run->skeleton_size += len;
	for (; len > 0; len--, p++)
		run->skeleton_hash = run->skeleton_hash * 31 + *p;
}

static void add_field(void *ctx, const char *name, size_t name_len,
		      const char *value, size_t value_len)
{
	struct run *run = ctx;

	size_t i;

	run->size += name_len + value_len;
	run->header_size += name_len + value_len + 3;
	run->from_count += name_len == 4 && cm_ascii_equal_n(name, "From", 4);
	for (i = 0; i < value_len; i++)
		run->control_count += (unsigned char)value[i] < ' ' &&
			memchr("\t\r\n", value[i], 3) == NULL;
	cm_message_header(&run->msg, name, name_len, value, value_len);
}

static struct cm_gate_input gate_input(const struct run *run)
{
	struct cm_gate_input input = {
		.direction = run->direction,
		.mail_from = "a@x",
		.login = "",
		.from_addresses = run->msg.from_count,
		.from = "a@x",
		.cleartext_reason = NULL,
		.size = run->size,
		.max_size = 1024 * 1024,
		.msg = &run->msg
	};

	return input;
}

static void judge_cleartext(const struct run *run)
{
	struct cm_gate_input input = gate_input(run);
	struct cm_verdict verdict;

	input.cleartext_reason = "allowed";
	verdict = cm_gate_final(&input);
	if (verdict.action == CM_GATE_ACCEPT)
		cm_fuzz_assert(run->from_count == 1 &&
			       run->control_count == 0 &&
			       run->header_size <= CM_MESSAGE_MAX_SKELETON);
}

static struct cm_verdict judge(struct run *run, const uint8_t *data,
			       size_t size, enum cm_direction direction,
			       uint64_t cut)
{
	struct cm_gate_input input;
	struct cm_verdict early, verdict;
	size_t body;

	memset(run, 0, sizeof(*run));
	run->direction = direction;
	cm_message_init(&run->msg, direction == CM_INCOMING, add_skeleton,
			run);
	body = cm_fuzz_mail_header(data, size, add_field, run);
	(void)cm_message_eoh(&run->msg);
	input = gate_input(run);
	early = cm_gate_header(&input);
	cm_fuzz_assert(early.action != CM_GATE_ACCEPT);
	while (body < size) {
		size_t n = cut == 0 ? size - body :
				      cm_fuzz_piece(&cut, size - body);
		void *piece = cm_fuzz_copy(data + body, n);

		(void)cm_message_body(&run->msg, piece, n);
		free(piece);
		body += n;
		run->size += n;
	}
	run->rule = cm_message_finish(&run->msg);
	cm_fuzz_assert(run->skeleton_size <= CM_MESSAGE_MAX_SKELETON);
	cm_fuzz_assert(run->rule >= CM_RULE_NONE && run->rule < CM_RULE_COUNT);
	input = gate_input(run);
	verdict = cm_gate_final(&input);
	cm_fuzz_assert(verdict.action != CM_GATE_PENDING);
	if (early.action == CM_GATE_REJECT)
		cm_fuzz_assert(verdict.action == CM_GATE_REJECT);
	if (verdict.action == CM_GATE_ACCEPT)
		cm_fuzz_assert(run->rule == CM_RULE_NONE &&
			       (run->msg.kind == CM_MESSAGE_ENCRYPTED ||
				run->msg.kind == CM_MESSAGE_SECUREJOIN));
	judge_cleartext(run);
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum cm_direction directions[] = { CM_OUTGOING,
							CM_INCOMING };
	struct run *whole = malloc(sizeof(*whole));
	struct run *cut = malloc(sizeof(*cut));
	uint64_t hash = cm_fuzz_hash(data, size) | 1;
	size_t i;

	if (whole == NULL || cut == NULL)
		abort();
	for (i = 0; i < 2; i++) {
		struct cm_verdict a = judge(whole, data, size, directions[i],
					    0);
		struct cm_verdict b = judge(cut, data, size, directions[i],
					    hash);

		cm_fuzz_assert(a.action == b.action && a.rule == b.rule);
		cm_fuzz_assert(whole->rule == cut->rule);
		/* once refused, the rest is not looked at */
		if (whole->rule == CM_RULE_NONE)
			cm_fuzz_assert(whole->skeleton_size ==
				       cut->skeleton_size &&
				       whole->skeleton_hash ==
				       cut->skeleton_hash);
	}
	free(cut);
	free(whole);
	return 0;
}
