/* SPDX-License-Identifier: MIT
 *
 * Between cm-message.c (the header, and what a message is) and
 * cm-message-body.c (whether its body is exactly that).
 */
#ifndef CM_MESSAGE_PRIVATE_H
#define CM_MESSAGE_PRIVATE_H

#include "cm-message.h"

enum {
	CM_MESSAGE_STATE_HEADER,
	CM_MESSAGE_STATE_PREAMBLE,
	CM_MESSAGE_STATE_PART_HEADER,
	CM_MESSAGE_STATE_PART_BODY,
	CM_MESSAGE_STATE_EPILOGUE,
	/* the verdict does not depend on the body any more */
	CM_MESSAGE_STATE_IGNORE
};

/* Notes the first rule broken; returns it. */
enum cm_rule cm_message_set_rule(struct cm_message *msg, enum cm_rule rule);

/* Hands on one line, counting it. */
enum cm_rule cm_message_skeleton_line(struct cm_message *msg,
				      const void *line, size_t len);

#endif
