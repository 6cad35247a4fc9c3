/* SPDX-License-Identifier: MIT
 *
 * cm-part: the MIME parts that the gate knows, and every header that real
 * mail clients put on them.
 *
 * A part header is a place where cleartext could travel, so nothing free is
 * let through: each name with each value stands in a table with the client
 * that writes it. To let a new client in, add its exact value there.
 */
#ifndef CM_PART_H
#define CM_PART_H

#include "cm-header.h"

enum cm_part_kind {
	CM_PART_PGP_VERSION, /* application/pgp-encrypted, "Version: 1" */
	CM_PART_PGP_DATA,    /* application/octet-stream, the armor */
	CM_PART_SECUREJOIN   /* text/plain, "Secure-Join: vc-request" */
};

enum cm_encoding {
	CM_ENCODING_IDENTITY, /* 7bit, 8bit, binary or nothing said */
	CM_ENCODING_BASE64,
	CM_ENCODING_QUOTED_PRINTABLE,
	CM_ENCODING_UNKNOWN
};

/* A part has no use for more fields than this. */
#define CM_PART_MAX_FIELDS 6
/* A Message-ID that is compared at all. Delta Chat's have 48 characters. */
#define CM_PART_MAX_MESSAGE_ID 128
/* What stands before the '@' of a Content-ID: time, process, thread and chance
 * as hexadecimal numbers, some 40 digits. */
#define CM_PART_MAX_CONTENT_ID_LOCAL 64
/* And behind it: the name of a host, of Linux' 64 letters, and ".mail". */
#define CM_PART_MAX_CONTENT_ID_DOMAIN (64 + 5)

struct cm_part {
	enum cm_part_kind kind;
	bool from_outside;
	enum cm_encoding encoding;
	/* bits of enum, private: which fields were there */
	unsigned int seen;
	unsigned int fields;
	/* The message's own Message-ID, or "": Delta Chat repeats it on the
	 * only part of a SecureJoin request. Not copied. */
	const char *message_id;
};

/* from_outside: mail of another server. */
void cm_part_init(struct cm_part *part, enum cm_part_kind kind,
		  bool from_outside, const char *message_id);

/* One header field of the part, folded lines and all. */
enum cm_rule cm_part_field(struct cm_part *part, const char *field,
			   size_t len);

/* At the empty line: is everything there that must be? */
enum cm_rule cm_part_headers_end(struct cm_part *part);

/* A Content-Transfer-Encoding value. */
enum cm_encoding cm_encoding_parse(const char *value, size_t len);

/* May this line stand before the first boundary of an encrypted message?
 * Some clients greet readers without MIME with a fixed sentence. */
bool cm_part_preamble_known(const char *line, size_t len);

#endif
