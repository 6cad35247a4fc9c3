/* SPDX-License-Identifier: MIT */
#include "cm-inspect.h"
#include "cm-mime-gmime.h"

#include <stdlib.h>
#include <string.h>

#define SKELETON_FIRST_ALLOC 4096

static void skeleton_add(void *ctx, const void *data, size_t len)
{
	struct cm_inspect *inspect = ctx;
	size_t alloc = inspect->skeleton_alloc;

	/* cm-message keeps the sum within CM_MESSAGE_MAX_SKELETON */
	if (alloc == 0)
		alloc = SKELETON_FIRST_ALLOC;
	while (alloc - inspect->skeleton_size < len)
		alloc *= 2;
	if (alloc != inspect->skeleton_alloc) {
		char *bigger = realloc(inspect->skeleton, alloc);

		if (bigger == NULL) {
			inspect->out_of_memory = true;
			return;
		}
		inspect->skeleton = bigger;
		inspect->skeleton_alloc = alloc;
	}
	memcpy(inspect->skeleton + inspect->skeleton_size, data, len);
	inspect->skeleton_size += len;
}

/* An overlong address is no address: the gate refuses it as such. */
static void copy_address(char *dest, const char *src)
{
	size_t len = strlen(src);

	if (len > CM_ADDR_MAX) {
		strcpy(dest, "?");
		return;
	}
	memcpy(dest, src, len + 1);
}

void cm_inspect_begin(struct cm_inspect *inspect,
		      const struct cm_inspect_envelope *envelope)
{
	struct cm_gate_input *input = &inspect->input;

	memset(input, 0, sizeof(*input));
	copy_address(inspect->mail_from, envelope->mail_from);
	copy_address(inspect->login, envelope->login);
	copy_address(inspect->client_ip, envelope->client_ip);
	inspect->from[0] = '\0';
	inspect->from_len = 0;
	inspect->skeleton_size = 0;
	inspect->out_of_memory = false;
	inspect->exempt_asked = false;
	inspect->origin_asked = envelope->direction == CM_INCOMING &&
		envelope->authserv_id != NULL;
	if (inspect->origin_asked)
		cm_origin_begin(&inspect->origin, envelope->authserv_id,
				envelope->authserv_secret);
	inspect->exempt = envelope->exempt;
	inspect->may_send = envelope->may_send;
	inspect->ctx = envelope->ctx;
	input->direction = envelope->direction;
	input->mail_from = envelope->mail_from_is_from ? inspect->from :
							 inspect->mail_from;
	input->login = inspect->login;
	input->client_ip = inspect->client_ip;
	input->from = inspect->from;
	input->max_size = envelope->max_size;
	input->msg = &inspect->msg;
	cm_message_init(&inspect->msg, envelope->direction == CM_INCOMING,
			skeleton_add, inspect);
}

void cm_inspect_header(struct cm_inspect *inspect, const char *name,
		       size_t name_len, const char *value, size_t value_len)
{
	bool first_from = inspect->msg.from_count == 0;
	enum cm_rule rule;

	/* ": " and CR LF; folds may come as LF from the milter protocol */
	inspect->input.size += name_len + 2 + value_len + 2;
	rule = cm_message_header(&inspect->msg, name, name_len, value,
				 value_len);
	if (inspect->origin_asked)
		cm_origin_header(&inspect->origin, name, name_len, value,
				 value_len);
	if (rule == CM_RULE_NONE && first_from &&
	    inspect->msg.from_count == 1) {
		inspect->from_len = value_len <= CM_INSPECT_MAX_FROM ?
			value_len : 0;
		memcpy(inspect->from_value, value, inspect->from_len);
	}
}

/* Encrypted mail costs no look at exceptions. */
static int ask_exempt(struct cm_inspect *inspect)
{
	const char *reason;
	int ret;

	if (inspect->exempt_asked || inspect->msg.rule == CM_RULE_NONE)
		return 0;
	ret = inspect->exempt(inspect->ctx, &inspect->msg, &reason);
	if (ret < 0)
		return -1;
	inspect->exempt_asked = true;
	if (ret > 0)
		inspect->input.cleartext_reason = reason;
	return 0;
}

static int ask_may_send(struct cm_inspect *inspect,
			struct cm_verdict *verdict)
{
	int ret = inspect->may_send == NULL ? 1 :
		inspect->may_send(inspect->ctx, inspect->from);

	if (ret == 0) {
		inspect->input.from_kept_out = true;
		*verdict = cm_gate_final(&inspect->input);
	}
	return ret < 0 ? -1 : 0;
}

int cm_inspect_eoh(struct cm_inspect *inspect, struct cm_verdict *verdict_r)
{
	(void)cm_message_eoh(&inspect->msg);
	if (inspect->from_len > 0)
		cm_gmime_from(inspect->from_value, inspect->from_len,
			      &inspect->input.from_addresses, inspect->from);
	if (inspect->out_of_memory || ask_exempt(inspect) < 0)
		return -1;
	*verdict_r = cm_gate_header(&inspect->input);
	return 0;
}

void cm_inspect_body(struct cm_inspect *inspect, const void *data, size_t size)
{
	inspect->input.size += size;
	(void)cm_message_body(&inspect->msg, data, size);
}

int cm_inspect_end(struct cm_inspect *inspect, const char *queue_id,
		   struct cm_verdict *verdict_r)
{
	if (inspect->out_of_memory)
		return -1;
	if (cm_message_finish(&inspect->msg) == CM_RULE_NONE &&
	    !cm_gmime_agrees(inspect->skeleton, inspect->skeleton_size,
			     inspect->msg.kind))
		inspect->msg.rule = CM_RULE_MIME_DISAGREEMENT;
	if (ask_exempt(inspect) < 0)
		return -1;
	if (inspect->origin_asked)
		inspect->input.origin = cm_origin_rule(&inspect->origin,
						       queue_id,
						       inspect->from);
	*verdict_r = cm_gate_final(&inspect->input);
	return verdict_r->action == CM_GATE_ACCEPT &&
		inspect->input.direction == CM_INCOMING ?
		ask_may_send(inspect, verdict_r) : 0;
}

bool cm_inspect_sender_differs(const struct cm_inspect *inspect)
{
	return *inspect->input.mail_from != '\0' &&
	       !cm_ascii_equal(inspect->input.mail_from, inspect->from);
}

enum cm_message_kind cm_inspect_kind(const struct cm_inspect *inspect)
{
	return inspect->msg.kind;
}

const char *cm_inspect_from(const struct cm_inspect *inspect)
{
	return inspect->from;
}

void cm_inspect_deinit(struct cm_inspect *inspect)
{
	free(inspect->skeleton);
	memset(inspect, 0, sizeof(*inspect));
}
