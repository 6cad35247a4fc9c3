/* SPDX-License-Identifier: MIT
 *
 * cm-edits: the changes to a message's header that follow from lib/cm-cleanup,
 * collected while the fields go by and told to Postfix at the end. A message
 * that needs none (what Delta Chat sends) costs next to nothing.
 */
#ifndef CM_EDITS_H
#define CM_EDITS_H

#include "cm-gate.h"

#include <libmilter/mfapi.h>

/* Fields of one message that are removed, changed or looked at for that. Delta
 * Chat has eight of them, mail clients at their worst two dozen, forwarded mail
 * from elsewhere some 40. */
#define CM_EDITS_MAX 200
/* Those that matter in a SecureJoin request only. Of other messages these are
 * not counted as anything. */
#define CM_EDITS_MAX_REQUEST 200
/* Names and values of these. A message with more of that has a header over its
 * own limit and is refused for it; what it costs until then is bounded here. */
#define CM_EDITS_MAX_SIZE CM_MESSAGE_MAX_SKELETON
/* Address header whose display names are removed; a longer one becomes
 * "hidden-recipients". Its text counts towards CM_MESSAGE_MAX_SKELETON. */
#define CM_EDITS_MAX_ADDRESSES (32 * 1024)

/* All zero is the empty list. */
struct cm_edits {
	struct cm_edit *edits;
	unsigned int count, alloc;
	unsigned int request_count; /* of them in a request only */
	size_t size;
	bool request_overflow; /* over a limit, if it is a request */
	bool overflow; /* over a limit: the message is to be refused */
	bool failed;   /* out of memory: it is to be deferred */
};

/* Looks at the next field of the header (all of them must pass by here).
 * strict as in cm_cleanup_outgoing(). */
void cm_edits_header(struct cm_edits *edits, enum cm_direction direction,
		     bool strict, const char *name, const char *value);

/* The message is of this kind, and its From (an address) is this: settles what
 * depends on that, such as cm_cleanup_request(), and then the flags above. Once,
 * before the next. */
void cm_edits_finish(struct cm_edits *edits, enum cm_message_kind kind,
		     const char *from);

/* Tells them to Postfix: only in the end-of-message callback. lead_space:
 * SMFIP_HDR_LEADSPC was agreed on. 0, or -1 if libmilter refused. */
int cm_edits_apply(const struct cm_edits *edits, SMFICTX *ctx,
		   bool lead_space);

/* For the next message. */
void cm_edits_reset(struct cm_edits *edits);
void cm_edits_deinit(struct cm_edits *edits);

#endif
