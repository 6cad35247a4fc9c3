/* SPDX-License-Identifier: MIT */
#include "cm-rule.h"

#define UNENCRYPTED "Encryption Needed: Invalid Unencrypted Mail"
#define BAD_FROM "Invalid FROM header"
/* upstream's words, which its tests look for */
#define NO_DKIM "No DKIM signature found"
#define NO_VALID_DKIM "No valid DKIM signature found"
#define DKIM_LATER "DKIM could not be checked, try again later"

static const struct cm_rule_info rules[CM_RULE_COUNT] = {
	[CM_RULE_NONE] = { "none", 250, "2.0.0", "OK", "nothing is wrong" },

	[CM_RULE_LINE_ENDING] = { "line-ending", 523, "5.7.1", UNENCRYPTED,
		"a line does not end in CR LF" },
	[CM_RULE_LINE_LENGTH] = { "line-length", 523, "5.7.1", UNENCRYPTED,
		"a line is longer than 998 characters" },
	[CM_RULE_CONTROL_CHARACTER] = { "control-character", 523, "5.7.1",
		UNENCRYPTED, "a NUL, lone CR or other control character" },

	[CM_RULE_HEADER_SYNTAX] = { "header-syntax", 523, "5.7.1", UNENCRYPTED,
		"a header line is malformed" },
	[CM_RULE_HEADER_SIZE] = { "header-size", 552, "5.3.4",
		"Message header too large",
		"headers and MIME structure exceed 64 KB" },
	[CM_RULE_HEADER_COUNT] = { "header-count", 552, "5.3.4",
		"Message header too large",
		"more than 200 headers that do not belong there" },
	[CM_RULE_HEADER_DUPLICATE] = { "header-duplicate", 523, "5.7.1",
		UNENCRYPTED, "a header that may stand once stands twice" },
	[CM_RULE_CONTENT_TYPE_SYNTAX] = { "content-type-syntax", 523, "5.7.1",
		UNENCRYPTED, "Content-Type is malformed or has comments, "
		"escapes, continuations or repeated parameters" },
	[CM_RULE_CONTENT_TYPE_PARAMETER] = { "content-type-parameter", 523,
		"5.7.1", UNENCRYPTED,
		"a Content-Type parameter is missing, unknown or wrong" },
	[CM_RULE_TRANSFER_ENCODING] = { "transfer-encoding", 523, "5.7.1",
		UNENCRYPTED, "this Content-Transfer-Encoding is not accepted "
		"here" },
	[CM_RULE_NOT_ENCRYPTED] = { "not-encrypted", 523, "5.7.1", UNENCRYPTED,
		"the message is not OpenPGP/MIME encrypted" },

	[CM_RULE_BOUNDARY] = { "boundary", 523, "5.7.1", UNENCRYPTED,
		"a line that only resembles the MIME boundary" },
	[CM_RULE_PREAMBLE] = { "preamble", 523, "5.7.1", UNENCRYPTED,
		"text before the first MIME part" },
	[CM_RULE_EPILOGUE] = { "epilogue", 523, "5.7.1", UNENCRYPTED,
		"text after the last MIME part" },
	[CM_RULE_PART_HEADER] = { "part-header", 523, "5.7.1", UNENCRYPTED,
		"a MIME part has a header that encrypted mail does not need" },
	[CM_RULE_PART_TYPE] = { "part-type", 523, "5.7.1", UNENCRYPTED,
		"a MIME part is not of the type that belongs there" },
	[CM_RULE_PART_COUNT] = { "part-count", 523, "5.7.1", UNENCRYPTED,
		"not the right number of MIME parts" },
	[CM_RULE_PART_BODY] = { "part-body", 523, "5.7.1", UNENCRYPTED,
		"the control part is not exactly \"Version: 1\"" },
	[CM_RULE_CLOSE_DELIMITER] = { "close-delimiter", 523, "5.7.1",
		UNENCRYPTED, "the closing MIME boundary is missing" },
	[CM_RULE_MIME_DISAGREEMENT] = { "mime-disagreement", 523, "5.7.1",
		UNENCRYPTED, "MIME parsers see different messages in this" },

	[CM_RULE_ARMOR_BEGIN] = { "armor-begin", 523, "5.7.1", UNENCRYPTED,
		"the encrypted part does not begin with the armor line" },
	[CM_RULE_ARMOR_HEADER] = { "armor-header", 523, "5.7.1", UNENCRYPTED,
		"an armor header that is not allowed here" },
	[CM_RULE_ARMOR_BASE64] = { "armor-base64", 523, "5.7.1", UNENCRYPTED,
		"the armor is not clean base64" },
	[CM_RULE_ARMOR_CHECKSUM] = { "armor-checksum", 523, "5.7.1",
		UNENCRYPTED, "the armor checksum line is malformed" },
	[CM_RULE_ARMOR_END] = { "armor-end", 523, "5.7.1", UNENCRYPTED,
		"the armor does not end with its END line" },
	[CM_RULE_ARMOR_TRAILING] = { "armor-trailing", 523, "5.7.1",
		UNENCRYPTED, "text behind the end of the armor" },

	[CM_RULE_OPENPGP_SYNTAX] = { "openpgp-syntax", 523, "5.7.1",
		UNENCRYPTED, "the OpenPGP data is cut off or malformed" },
	[CM_RULE_OPENPGP_PACKET] = { "openpgp-packet", 523, "5.7.1",
		UNENCRYPTED, "an OpenPGP packet that is not encryption" },
	[CM_RULE_OPENPGP_LENGTH] = { "openpgp-length", 523, "5.7.1",
		UNENCRYPTED, "an OpenPGP packet length is not allowed" },
	[CM_RULE_OPENPGP_SESSION_KEY] = { "openpgp-session-key", 523, "5.7.1",
		UNENCRYPTED, "an OpenPGP session key packet is missing or "
		"malformed" },
	[CM_RULE_OPENPGP_TOO_MANY] = { "openpgp-too-many", 523, "5.7.1",
		UNENCRYPTED, "too many OpenPGP session key packets" },
	[CM_RULE_OPENPGP_DATA] = { "openpgp-data", 523, "5.7.1", UNENCRYPTED,
		"the OpenPGP encrypted data is not plausible" },
	[CM_RULE_OPENPGP_TRAILING] = { "openpgp-trailing", 523, "5.7.1",
		UNENCRYPTED, "data behind the OpenPGP encrypted data" },

	[CM_RULE_SECUREJOIN] = { "securejoin", 523, "5.7.1", UNENCRYPTED,
		"a SecureJoin request with more in it than the request" },

	[CM_RULE_MESSAGE_SIZE] = { "message-size", 552, "5.3.4",
		"Message exceeds maximum size",
		"the message is larger than max_message_size" },
	[CM_RULE_FROM_MISSING] = { "from-missing", 500, "5.7.1", BAD_FROM,
		"there is not exactly one From header" },
	[CM_RULE_FROM_SYNTAX] = { "from-syntax", 500, "5.7.1", BAD_FROM,
		"the From header is not one plain address" },
	[CM_RULE_FROM_MISMATCH] = { "from-mismatch", 500, "5.7.1", BAD_FROM,
		"the From header differs from the envelope sender" },
	[CM_RULE_LOGIN_MISMATCH] = { "login-mismatch", 500, "5.7.1", BAD_FROM,
		"the envelope sender differs from the login" },
	[CM_RULE_ENVELOPE_SENDER] = { "envelope-sender", 500, "5.1.7",
		"Invalid from address",
		"the envelope sender is not one plain address" },

	[CM_RULE_DKIM_MISSING] = { "dkim-missing", 554, "5.7.1", NO_DKIM,
		"there is no DKIM-Signature header" },
	[CM_RULE_DKIM_INVALID] = { "dkim-invalid", 554, "5.7.1",
		NO_VALID_DKIM,
		"there is no valid signature of the From header's domain" },
	[CM_RULE_DKIM_SIGNATURE] = { "dkim-signature", 554, "5.7.1",
		NO_VALID_DKIM, "a DKIM-Signature has malformed or encoded "
		"tags, or covers only a part of the body" },
	[CM_RULE_DKIM_FORGED] = { "dkim-forged", 554, "5.7.1", NO_VALID_DKIM,
		"the message came with Authentication-Results in our name" },
	[CM_RULE_DKIM_TEMPORARY] = { "dkim-temporary", 451, "4.7.5",
		DKIM_LATER, "the key of a signature could not be looked up" },
	[CM_RULE_DKIM_UNVERIFIED] = { "dkim-unverified", 451, "4.3.5",
		DKIM_LATER, "no result of the DKIM verifier of this server" },
	[CM_RULE_FEDERATION] = { "federation", 550, "5.7.1",
		"This relay does not accept mail from there",
		"the domain or address of the From header is not let in" },
};

const struct cm_rule_info *cm_rule_info(enum cm_rule rule)
{
	return &rules[rule];
}
