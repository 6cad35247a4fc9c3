/* SPDX-License-Identifier: MIT
 *
 * cm-policy-rules: the answer to one request of Postfix.
 *
 * With a login (submission), at RCPT, in this order: blocked account, sender
 * that is not the login, too many recipients, sending rate. At END-OF-MESSAGE:
 * blocked account, too many recipients. Without a login, at RCPT: federation
 * rules. Everything else is DUNNO. Whether a recipient exists, and whether
 * his mailbox is full, is never looked at.
 */
#ifndef CM_POLICY_RULES_H
#define CM_POLICY_RULES_H

#include "cm-policy-live.h"
#include "cm-policy-proto.h"

/* Messages that a process remembers: smtpd works on one at a time, so even
 * one would do. */
#define CM_POLICY_MESSAGES 8

struct cm_policy_message {
	uint64_t instance; /* its hash; 0 = unused */
	unsigned int recipients; /* let through so far */
	uint64_t denied_until; /* by the rate; 0 = not denied */
};

struct cm_policy {
	struct cm_policy_live live;
	bool charge; /* false: say what would be answered, count nothing */
	unsigned int next; /* of messages, to be overwritten */
	struct cm_policy_message messages[CM_POLICY_MESSAGES];
};

void cm_policy_init(struct cm_policy *policy, const char *path, bool charge);
void cm_policy_deinit(struct cm_policy *policy);

/* Writes the action, without "action=", into buf. */
void cm_policy_answer(struct cm_policy *policy,
		      const struct cm_policy_proto *proto,
		      char buf[CM_POLICY_MAX_ACTION + 1]);

/* The same for a request that cannot be understood. */
void cm_policy_answer_bad(struct cm_policy *policy,
			  char buf[CM_POLICY_MAX_ACTION + 1]);

#endif
