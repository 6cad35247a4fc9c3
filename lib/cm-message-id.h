/* SPDX-License-Identifier: MIT
 *
 * cm-message-id: the values of Message-ID, In-Reply-To and References.
 */
#ifndef CM_MESSAGE_ID_H
#define CM_MESSAGE_ID_H

#include <stdbool.h>
#include <stddef.h>

/* One ID without its brackets. */
#define CM_MESSAGE_ID_MAX 250
/* IDs of one References header; clients leave some out of longer threads
 * (RFC 5322 3.6.4 lets them grow without end). */
#define CM_MESSAGE_IDS_MAX 100

/* Finds the next ID in *p up to end, as "<left@right>" with white space
 * before and behind it. 1 with *id_r and *len_r set, without the brackets; 0
 * at the end; -1 if there is anything else. */
int cm_message_id_next(const char **p, const char *end, const char **id_r,
		       size_t *len_r);

/* Is the value (raw, as cm_header_value_check() lets it pass) 1 to max IDs and
 * nothing else? */
bool cm_message_ids_valid(const char *value, size_t len, unsigned int max);

/* One of those that chatmail/core makes (src/tools.rs, dc_tools.rs before):
 *
 *	UUID@localhost			since 1.151
 *	Mr.R.R@localhost		since 1.142
 *	Mr.R.R@DOMAIN, Gr.GROUP.R@DOMAIN	before, the sender's domain
 *
 * with R of 11 random base64url characters and GROUP of 11 to 24. Returns the
 * domain, which ends with the ID, or NULL if it is none of them. */
const char *cm_message_id_core_domain(const char *id, size_t len);

#endif
