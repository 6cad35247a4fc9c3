/* SPDX-License-Identifier: MIT
 *
 * cm-gate: the verdict over a message, in the order and with the
 * codes of chatmail/filtermail.
 *
 * It is asked twice: after the header, when most refusals are certain, and
 * at the end. It decides by what its input says and nothing else; replying
 * and logging is the caller's.
 */
#ifndef CM_GATE_H
#define CM_GATE_H

#include "cm-message.h"

/* A bounce carries at most this much: Postfix cuts the returned message at
 * bounce_size_limit, 50000 by default. */
#define CM_GATE_MAX_BOUNCE (128 * 1024)

enum cm_direction {
	CM_OUTGOING, /* submission: somebody of ours sends */
	CM_INCOMING  /* from another server */
};

enum cm_gate_action {
	CM_GATE_PENDING, /* go on reading */
	CM_GATE_ACCEPT,
	CM_GATE_REJECT /* by the rule's code, for good or for now */
};

struct cm_gate_input {
	enum cm_direction direction;
	/* Envelope sender without brackets, "" for the null sender. */
	const char *mail_from;
	/* SASL login, "" if there is none or it is not known. */
	const char *login;
	/* IP address of the client, as cm_addr_literal_is() takes it, "" if it
	 * is not known. */
	const char *client_ip;
	/* The addresses of the From header: how many, and the first one
	 * ("" if there is none). */
	unsigned int from_addresses;
	const char *from;
	/* Why this message may be cleartext, a word, or NULL: every single
	 * recipient lets it in, or the admin made an exception. */
	const char *cleartext_reason;
	/* What cm-origin says about an incoming message, for
	 * cm_gate_final(); CM_RULE_NONE also where nobody asks. */
	enum cm_rule origin;
	/* Is the From of an incoming message one that federation rules keep
	 * out? For cm_gate_final(). */
	bool from_kept_out;
	/* Header and body as seen so far, and the limit, in bytes. */
	uint64_t size, max_size;
	const struct cm_message *msg;
};

struct cm_verdict {
	enum cm_gate_action action;
	enum cm_rule rule;  /* why rejected, else CM_RULE_NONE */
	const char *reason; /* why accepted, a word: "encrypted" */
};

/* After cm_message_eoh(). */
struct cm_verdict cm_gate_header(const struct cm_gate_input *input);

/* After cm_message_finish(); never CM_GATE_PENDING. */
struct cm_verdict cm_gate_final(const struct cm_gate_input *input);

#endif
