/* SPDX-License-Identifier: MIT
 *
 * cm-message: what kind of message is this, and is it exactly that?
 *
 * Header fields and body are pushed in as they come, in any pieces; memory
 * is constant. A message that calls itself encrypted is held against the
 * strict shape that clients write:
 *
 *	multipart/encrypted; protocol="application/pgp-encrypted"
 *	  application/pgp-encrypted	"Version: 1"
 *	  application/octet-stream	one armored OpenPGP message
 *
 * with nothing readable beside it: see cm-part for the headers that parts may
 * have and cm-armor, cm-openpgp for the data. A legacy SecureJoin request
 * (Delta Chat, QR codes without v=3) is held against its own shape.
 *
 * What is left of the message without the armor's base64 lines is its
 * skeleton: small, and handed to the caller as it goes by, so that a second
 * MIME parser can be asked whether it sees the same.
 */
#ifndef CM_MESSAGE_H
#define CM_MESSAGE_H

#include "cm-armor.h"
#include "cm-lines.h"
#include "cm-part.h"
#include "cm-securejoin.h"

/* Headers, part headers, boundaries and everything else but the base64 of
 * the armor, in bytes. */
#define CM_MESSAGE_MAX_SKELETON (64 * 1024)
/* One part header field with its folded lines. */
#define CM_MESSAGE_MAX_PART_FIELD 512
/* Empty lines around parts, each place. */
#define CM_MESSAGE_MAX_BLANK 8

enum cm_message_kind {
	CM_MESSAGE_OTHER,     /* cleartext, whatever it is */
	CM_MESSAGE_ENCRYPTED, /* multipart/encrypted */
	CM_MESSAGE_SECUREJOIN,/* multipart/mixed with Secure-Join: v?-request */
	CM_MESSAGE_REPORT     /* multipart/report of delivery: maybe a bounce */
};

/* Gets the skeleton piece by piece, as bytes in their order: the header fields
 * that shape it (Content-*, MIME-*, and what has no plain name) as they were,
 * folds and all, then the body lines, each with CR LF. */
typedef void cm_message_skeleton_fn(void *ctx, const void *data, size_t len);

struct cm_message {
	/* for the caller to read, after cm_message_eoh() */
	enum cm_message_kind kind;
	/* The first rule that it broke as an encrypted message or SecureJoin
	 * request; for the other kinds CM_RULE_NOT_ENCRYPTED, unless the
	 * header was broken before that. */
	enum cm_rule rule;
	/* What is wrong with the first header field that is malformed or has
	 * control characters. It may be another one for others who read it,
	 * so that nothing which the header says can be relied on. */
	enum cm_rule field_rule;
	/* Over CM_MESSAGE_MAX_SKELETON: what came after was only counted. */
	bool too_large;
	unsigned int from_count; /* broken ones, too */
	bool auto_submitted; /* Auto-Submitted, and not "no" */
	/* An Autocrypt Setup Message by its header (Autocrypt 1.1, 4.4): its
	 * Subject, Autocrypt-Setup-Message: v1, multipart/mixed. */
	bool setup_message;

	/* private */
	int state;
	bool from_outside;
	cm_message_skeleton_fn *skeleton;
	void *skeleton_ctx;
	size_t skeleton_size;
	unsigned int type_count, encoding_count, mime_version_count;
	enum cm_encoding encoding;
	enum cm_rule type_rule; /* what is wrong with Content-Type */
	enum { CM_SECUREJOIN_NONE, CM_SECUREJOIN_VC, CM_SECUREJOIN_VG,
	       CM_SECUREJOIN_OTHER } securejoin;
	bool setup_subject, setup_header;
	struct cm_securejoin join; /* could it be a request by its header */
	char message_id[CM_PART_MAX_MESSAGE_ID + 1];
	struct cm_header_value type;
	char boundary[CM_HEADER_MAX_BOUNDARY + 3]; /* "--" and boundary */
	size_t boundary_len;
	unsigned int part_index, blank;
	unsigned int field_count;
	uint64_t line_count;
	bool content_seen, preamble_seen, armor_begun;
	struct cm_part part;
	size_t field_len;
	char field[CM_MESSAGE_MAX_PART_FIELD];
	struct cm_lines lines;	 /* of the body */
	struct cm_lines decoded; /* of part 2, transfer encoding undone */
	struct cm_base64 base64;
	struct cm_armor armor;
};

/* from_outside: mail from another server, where a little more is let through
 * in the armor's headers. skeleton may be NULL. */
void cm_message_init(struct cm_message *msg, bool from_outside,
		     cm_message_skeleton_fn *skeleton, void *ctx);

/* One header field: name without colon, value as it was (folded with CR LF
 * or LF, a leading space kept or not). Returns why it was not read, or
 * CM_RULE_NONE. */
enum cm_rule cm_message_header(struct cm_message *msg, const char *name,
			       size_t name_len, const char *value,
			       size_t value_len);

/* The end of the header: kind is known now. If rule is set, the body changes
 * nothing any more and need not be fed. */
enum cm_rule cm_message_eoh(struct cm_message *msg);

/* Body, with CR LF line ends. Returns the rule broken so far. */
enum cm_rule cm_message_body(struct cm_message *msg, const void *data,
			     size_t size);

enum cm_rule cm_message_finish(struct cm_message *msg);

/* What was seen, for people who ask why. */
struct cm_message_seen {
	unsigned int header_fields;
	const char *type; /* of the message, lower case; "" = none or broken */
	uint64_t body_lines; /* up to the one that broke the rule, if any */
	unsigned int parts;
	bool armor;
	enum cm_encoding armor_encoding;
	unsigned int session_keys, data_version;
	uint64_t data_size;
	size_t skeleton_size;
};

/* After cm_message_eoh(); pointers are valid as long as msg is. */
void cm_message_get_seen(const struct cm_message *msg,
			 struct cm_message_seen *seen_r);

#endif
