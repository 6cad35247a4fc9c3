/* SPDX-License-Identifier: MIT
 *
 * cm-policy-proto: Postfix's policy delegation protocol (Postfix,
 * SMTPD_POLICY_README): lines NAME=VALUE in any order, an empty line ends the
 * request; the answer is one line action=... and an empty line.
 *
 * A push parser: bytes come in any pieces, the result is the same. Attributes
 * that nobody here asks for are skipped, however long. Of one that comes twice
 * the last counts. No allocation; all limits are below.
 *
 *	cm_policy_proto_init(&proto);
 *	while (size > 0) {
 *		size_t n = cm_policy_proto_feed(&proto, data, size, &event);
 *		data += n; size -= n;
 *		if (event == CM_POLICY_REQUEST)
 *			... answer cm_policy_get(&proto, ...)
 *	}
 */
#ifndef CM_POLICY_PROTO_H
#define CM_POLICY_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest NAME=VALUE of an attribute that we use, without the line end.
 * Postfix cuts SMTP command lines at 2048. */
#define CM_POLICY_MAX_LINE 2048
/* Longest request, all line ends included. */
#define CM_POLICY_MAX_REQUEST 65536
/* Room for the values that we use, with a NUL each. */
#define CM_POLICY_MAX_VALUES 8192
/* Longest action, without "action=" and line ends. */
#define CM_POLICY_MAX_ACTION 900

enum cm_policy_attr {
	CM_POLICY_ATTR_REQUEST, /* smtpd_access_policy */
	CM_POLICY_ATTR_STATE,	/* protocol_state: RCPT, END-OF-MESSAGE ... */
	CM_POLICY_ATTR_INSTANCE, /* the same for all requests of a message */
	CM_POLICY_ATTR_SENDER,	/* "" for the null sender */
	CM_POLICY_ATTR_RECIPIENT,
	CM_POLICY_ATTR_RECIPIENT_COUNT, /* 0 before DATA */
	CM_POLICY_ATTR_LOGIN,	/* sasl_username; "" if there is none */
	CM_POLICY_ATTR_COUNT
};

enum cm_policy_event {
	CM_POLICY_MORE,	   /* all was taken, the request goes on */
	CM_POLICY_REQUEST, /* a request is complete */
	CM_POLICY_BAD,	   /* a request is complete, but broke a limit, has a line
			      without '=', or a NUL in a value that we use */
	CM_POLICY_TOO_BIG  /* over CM_POLICY_MAX_REQUEST: where it ends is
			      unknown; only _init() helps */
};

struct cm_policy_proto {
	uint16_t value[CM_POLICY_ATTR_COUNT]; /* 1 + offset; 0 = absent */
	uint16_t used;	      /* of values */
	uint16_t line_used;
	uint32_t request_used;
	bool bad, done, skip;
	char line[CM_POLICY_MAX_LINE + 1];
	char values[CM_POLICY_MAX_VALUES];
};

void cm_policy_proto_init(struct cm_policy_proto *proto);

/* Takes bytes up to the end of a request at most and returns how many. After
 * any event but CM_POLICY_MORE the next call begins a new request. */
size_t cm_policy_proto_feed(struct cm_policy_proto *proto, const char *data,
			    size_t size, enum cm_policy_event *event_r);

/* Of the request that the last feed completed: never NULL, "" if absent; valid
 * until the next feed. */
const char *cm_policy_get(const struct cm_policy_proto *proto,
			  enum cm_policy_attr attr);

/* For chatmail-policy test: sets one NAME=VALUE. 0; -1 if it has no '=' or is
 * too long. */
int cm_policy_proto_set(struct cm_policy_proto *proto, const char *line);

/* "action=ACTION\n\n" into buf: its length, without a NUL behind it. Control
 * characters become '?', what is over CM_POLICY_MAX_ACTION is cut. */
#define CM_POLICY_REPLY_SIZE (CM_POLICY_MAX_ACTION + 16)
size_t cm_policy_reply(char buf[CM_POLICY_REPLY_SIZE], const char *action);

#endif
