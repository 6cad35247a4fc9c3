/* SPDX-License-Identifier: MIT
 *
 * cm-rule: every rule of the gate that can refuse a message, by name.
 *
 * The parsers (cm-armor, cm-openpgp, cm-header, cm-message) and the verdict
 * (cm-gate) name the first rule that a message broke; the table here gives
 * it the words and the SMTP reply. No text ever quotes the message.
 */
#ifndef CM_RULE_H
#define CM_RULE_H

enum cm_rule {
	CM_RULE_NONE = 0, /* nothing broken */

	/* line structure */
	CM_RULE_LINE_ENDING,
	CM_RULE_LINE_LENGTH,
	CM_RULE_CONTROL_CHARACTER,

	/* header */
	CM_RULE_HEADER_SYNTAX,
	CM_RULE_HEADER_SIZE,
	CM_RULE_HEADER_COUNT,
	CM_RULE_HEADER_DUPLICATE,
	CM_RULE_CONTENT_TYPE_SYNTAX,
	CM_RULE_CONTENT_TYPE_PARAMETER,
	CM_RULE_TRANSFER_ENCODING,
	CM_RULE_NOT_ENCRYPTED,

	/* MIME structure */
	CM_RULE_BOUNDARY,
	CM_RULE_PREAMBLE,
	CM_RULE_EPILOGUE,
	CM_RULE_PART_HEADER,
	CM_RULE_PART_TYPE,
	CM_RULE_PART_COUNT,
	CM_RULE_PART_BODY,
	CM_RULE_CLOSE_DELIMITER,
	CM_RULE_MIME_DISAGREEMENT,

	/* ASCII armor */
	CM_RULE_ARMOR_BEGIN,
	CM_RULE_ARMOR_HEADER,
	CM_RULE_ARMOR_BASE64,
	CM_RULE_ARMOR_CHECKSUM,
	CM_RULE_ARMOR_END,
	CM_RULE_ARMOR_TRAILING,

	/* OpenPGP packets */
	CM_RULE_OPENPGP_SYNTAX,
	CM_RULE_OPENPGP_PACKET,
	CM_RULE_OPENPGP_LENGTH,
	CM_RULE_OPENPGP_SESSION_KEY,
	CM_RULE_OPENPGP_TOO_MANY,
	CM_RULE_OPENPGP_DATA,
	CM_RULE_OPENPGP_TRAILING,

	/* legacy SecureJoin requests */
	CM_RULE_SECUREJOIN,

	/* envelope and sender */
	CM_RULE_MESSAGE_SIZE,
	CM_RULE_FROM_MISSING,
	CM_RULE_FROM_SYNTAX,
	CM_RULE_FROM_MISMATCH,
	CM_RULE_LOGIN_MISMATCH,
	CM_RULE_ENVELOPE_SENDER,

	/* incoming authenticity */
	CM_RULE_DKIM_MISSING,
	CM_RULE_DKIM_INVALID,
	CM_RULE_DKIM_SIGNATURE,
	CM_RULE_DKIM_FORGED,
	CM_RULE_DKIM_TEMPORARY,
	CM_RULE_DKIM_UNVERIFIED,
	CM_RULE_FEDERATION,

	CM_RULE_COUNT
};

struct cm_rule_info {
	const char *name;  /* "armor-checksum": stable, for logs and counters */
	int code;	   /* SMTP reply code; 4xx: for now only */
	const char *xcode; /* RFC 3463 status */
	/* What the client sees first. Delta Chat looks for "Invalid
	 * Unencrypted Mail" in any case (chatmail/core). */
	const char *summary;
	const char *detail; /* what is wrong, in one line */
};

/* Never NULL; rule must be below CM_RULE_COUNT. */
const struct cm_rule_info *cm_rule_info(enum cm_rule rule);

#endif
