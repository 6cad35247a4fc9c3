/* SPDX-License-Identifier: MIT
 *
 * cm-mime-gmime: what GMime says of a message. The only file that sees GMime.
 *
 * lib/cm-message judges by a strict grammar of its own. GMime is a lenient
 * parser such as mail clients have; where the two do not see the same
 * message, somebody is being shown something else than we checked.
 *
 * Safe to use from several threads at once after the init.
 */
#ifndef CM_MIME_GMIME_H
#define CM_MIME_GMIME_H

#include "cm-addr.h"
#include "cm-message.h"

/* Once per process, before threads. */
void cm_gmime_init(void);

/* Parses the value of a From header. *count_r: how many addresses it names, 0
 * also if that is a matter of opinion (groups, routes, several brackets). addr
 * (CM_ADDR_MAX + 1 bytes): the only one if there is one, else "". */
void cm_gmime_from(const char *value, size_t len, unsigned int *count_r,
		   char *addr);

/* The addresses of a From, To, Cc or Reply-To value without anything else:
 * "<a@b>, <c@d>", folded with LF and tab. 0 if the value is that already (or
 * an empty group of hidden recipients), 1 with *plain_r set (to be freed), -1
 * if there is no address in it. */
int cm_gmime_plain_addresses(const char *value, size_t len, char **plain_r);

/* Does GMime see in the skeleton the message that cm-message accepted: kind,
 * number and types of the parts, nothing around them? */
bool cm_gmime_agrees(const void *skeleton, size_t size,
		     enum cm_message_kind kind);

#endif
