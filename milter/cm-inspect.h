/* SPDX-License-Identifier: MIT
 *
 * cm-inspect: one message on its way through the gate. Ties lib/cm-message,
 * lib/cm-gate and GMime together; the milter and `chatmail-milter check`
 * both push their message through here, so they cannot differ.
 *
 *	cm_inspect_begin();	(envelope known)
 *	cm_inspect_header() ...
 *	cm_inspect_eoh();	may refuse already
 *	cm_inspect_body() ...
 *	cm_inspect_end();	the verdict
 *
 * Memory: the struct, and a buffer for the skeleton that grows up to
 * CM_MESSAGE_MAX_SKELETON and is kept for the next message.
 */
#ifndef CM_INSPECT_H
#define CM_INSPECT_H

#include "cm-gate.h"
#include "cm-addr.h"
#include "cm-origin.h"

/* A From header longer than this is no single address. */
#define CM_INSPECT_MAX_FROM 1024

typedef int cm_inspect_exempt_fn(void *ctx, const struct cm_message *msg,
				 const char **reason_r);
typedef int cm_inspect_may_send_fn(void *ctx, const char *from);

struct cm_inspect {
	/* private */
	struct cm_gate_input input;
	struct cm_message msg;
	bool origin_asked;
	struct cm_origin origin;
	char mail_from[CM_ADDR_MAX + 1];
	char login[CM_ADDR_MAX + 1];
	char client_ip[CM_ADDR_MAX + 1];
	char from[CM_ADDR_MAX + 1];
	size_t from_len;
	char from_value[CM_INSPECT_MAX_FROM];
	char *skeleton;
	size_t skeleton_size, skeleton_alloc;
	bool out_of_memory;
	bool exempt_asked;
	cm_inspect_exempt_fn *exempt;
	cm_inspect_may_send_fn *may_send;
	void *ctx;
};

/* What is known before the header. Strings are copied. */
struct cm_inspect_envelope {
	enum cm_direction direction;
	const char *mail_from; /* no brackets; "" = null sender */
	/* Take the From header for the envelope sender (command line). */
	bool mail_from_is_from;
	const char *login; /* "" = unknown */
	const char *client_ip; /* as cm_gate_input has it */
	uint64_t max_size;
	/* The DKIM verifier in front of us, both as cm_origin_begin() takes it;
	 * NULL if where incoming mail comes from does not matter. */
	const char *authserv_id;
	const char *authserv_secret; /* "" = none; with authserv_id */
	/* May this message, which is not encrypted, pass nevertheless? 1 with
	 * a word that says why, 0, or -1 if that cannot be found out now.
	 * Asked at most once a message, and only if it matters. */
	cm_inspect_exempt_fn *exempt;
	/* May this From send to us? 1, 0, or -1 if that cannot be found out
	 * now. Asked once, of incoming messages that are good otherwise. NULL:
	 * everybody may. */
	cm_inspect_may_send_fn *may_send;
	void *ctx;
};

/* All zero is a valid struct to begin with. */
void cm_inspect_begin(struct cm_inspect *inspect,
		      const struct cm_inspect_envelope *envelope);
void cm_inspect_header(struct cm_inspect *inspect, const char *name,
		       size_t name_len, const char *value, size_t value_len);

/* 0 with the verdict (maybe CM_GATE_PENDING), or -1 when we are at fault (out
 * of memory, mailboxes or rules not readable): the mail must be deferred. */
int cm_inspect_eoh(struct cm_inspect *inspect, struct cm_verdict *verdict_r);
void cm_inspect_body(struct cm_inspect *inspect, const void *data,
		     size_t size);

/* As above, never CM_GATE_PENDING. queue_id as in cm_origin_rule(). */
int cm_inspect_end(struct cm_inspect *inspect, const char *queue_id,
		   struct cm_verdict *verdict_r);

/* Of an accepted message: does its envelope sender differ from its From, so
 * that bounces would go to somebody who may not have sent it? Such mail of
 * other servers goes on with the null sender, as at chatmail/filtermail. */
bool cm_inspect_sender_differs(const struct cm_inspect *inspect);

/* Of an accepted message: what it is, and the address in its From. */
enum cm_message_kind cm_inspect_kind(const struct cm_inspect *inspect);
const char *cm_inspect_from(const struct cm_inspect *inspect);

void cm_inspect_deinit(struct cm_inspect *inspect);

#endif
