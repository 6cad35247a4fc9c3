/* SPDX-License-Identifier: MIT
 *
 * cm-armor: strict reader of one ASCII-armored OpenPGP message (RFC 9580 6.2),
 * line by line, handing the decoded bytes to cm-openpgp.
 *
 *	-----BEGIN PGP MESSAGE-----
 *	[Version: ... / Comment: ...]	only where allowed, see below
 *	<empty line>
 *	base64, at most 76 characters a line, padding only at the very end
 *	[=XXXX]				any value: RFC 9580 6.1 forbids to refuse
 *	-----END PGP MESSAGE-----
 *
 * Empty lines may stand before BEGIN, before the data and behind END, up to
 * CM_ARMOR_MAX_BLANK each. Nothing else may stand anywhere.
 */
#ifndef CM_ARMOR_H
#define CM_ARMOR_H

#include "cm-base64.h"
#include "cm-openpgp.h"

#define CM_ARMOR_MAX_LINE 76
#define CM_ARMOR_MAX_HEADERS 4
#define CM_ARMOR_MAX_HEADER_LINE 100
#define CM_ARMOR_MAX_BLANK 8

struct cm_armor {
	int state;
	enum cm_rule rule;
	bool allow_headers;
	unsigned int headers, blank;
	struct cm_base64 base64;
	struct cm_openpgp pgp;
};

/* allow_headers: Version: and Comment: lines are let through (mail from
 * elsewhere; our own clients write none). */
void cm_armor_init(struct cm_armor *armor, bool allow_headers);

/* One line without its CR LF. *is_data_r: the line is base64 of the message,
 * nothing that a person could read. */
enum cm_rule cm_armor_line(struct cm_armor *armor, const unsigned char *line,
			   size_t len, bool *is_data_r);

/* At the end of the part: CM_RULE_NONE if the armor and the message in it
 * are whole. */
enum cm_rule cm_armor_finish(struct cm_armor *armor);

#endif
