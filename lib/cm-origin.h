/* SPDX-License-Identifier: MIT
 *
 * cm-origin: does a message come from the domain that its From names? Decided
 * by what a DKIM verifier in front of us wrote (cm-authres), never by what
 * may have come with the message:
 *
 * - Only the topmost Authentication-Results counts. A verifier puts its own
 *   on top; whatever a stranger sent is below it.
 * - It must carry the queue id of this very message (OpenDKIM's
 *   AuthservIDWithJobID). A queue id is made when the message comes in and
 *   told to the client after the message, so a header that names it was
 *   written here. Without that, a verifier that passes a message by without
 *   writing anything would leave the stranger's header on top.
 * - It carries a secret that only that verifier and we know, behind our name.
 *   The time and the inode that a short queue id is made of can be guessed in
 *   some thousand tries, and a try costs a 451.
 * - No second one may name our authserv-id.
 * - No DKIM-Signature may contain what could become a result of its own when
 *   the verifier quotes it (cm-dkim-tags).
 *
 *	cm_origin_begin(&origin, "chat.example.org/QUEUE_ID", secret);
 *	cm_origin_header() ...				each header field
 *	rule = cm_origin_rule(&origin, queue_id, from);
 *
 * Memory: the struct.
 */
#ifndef CM_ORIGIN_H
#define CM_ORIGIN_H

#include "cm-authres.h"
#include "cm-rule.h"

/* Ends an authserv-id of our settings that a "/" and the queue id follow. */
#define CM_ORIGIN_QUEUE_ID "/QUEUE_ID"

/* Letters and digits of a secret. No longer, or with the longest name and queue
 * id it would not fit into a word of cm-authres. */
#define CM_ORIGIN_MIN_SECRET 16
#define CM_ORIGIN_MAX_SECRET 40

struct cm_origin {
	/* private */
	char id[256 + 1 + CM_ORIGIN_MAX_SECRET];
	bool with_queue_id;
	unsigned int signatures, ours;
	bool odd_signature;
	bool have_top;
	size_t top_len;
	char top[CM_AUTHRES_MAX_VALUE];
};

/* Is it a name, alone or with CM_ORIGIN_QUEUE_ID behind it? */
bool cm_origin_id_valid(const char *authserv_id);

bool cm_origin_secret_valid(const char *secret, size_t len);

/* Both as above, copied. The verifier calls itself "NAME-SECRET", or "NAME" if
 * secret is "". */
void cm_origin_begin(struct cm_origin *origin, const char *authserv_id,
		     const char *secret);

/* name without colon; value raw, checked by cm_header_value_check(). */
void cm_origin_header(struct cm_origin *origin, const char *name,
		      size_t name_len, const char *value, size_t value_len);

/* After the last field. queue_id: of this message, "" if it is not known,
 * "*" to take any or none (a file on the command line). from: the one address
 * of the From header. CM_RULE_NONE if the message is from there, or is from
 * an address literal, which has no key to sign with. */
enum cm_rule cm_origin_rule(const struct cm_origin *origin,
			    const char *queue_id, const char *from);

#endif
