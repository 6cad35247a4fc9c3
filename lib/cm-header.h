/* SPDX-License-Identifier: MIT
 *
 * cm-header: strict reading of the few header fields that the gate decides
 * by. Everything that parsers are known to disagree about is an error here
 * (comments, RFC 2231 parameters, escapes, repeated parameters), since what
 * one parser skips another shows.
 *
 * Addresses of mail in general are not parsed here: GMime does that. The one
 * mailbox that a machine writes is.
 */
#ifndef CM_HEADER_H
#define CM_HEADER_H

#include "cm-addr.h"
#include "cm-rule.h"

#include <stdbool.h>
#include <stddef.h>

/* One unfolded value that this module reads. */
#define CM_HEADER_MAX_VALUE 512
/* Parameters of one Content-Type or Content-Disposition. */
#define CM_HEADER_MAX_PARAMS 4
/* RFC 2046 5.1.1 */
#define CM_HEADER_MAX_BOUNDARY 70
/* Of texts that values are compared with, and their NUL. */
#define CM_HEADER_MAX_WORD 32

struct cm_header_param {
	const char *name; /* lower case */
	const char *value; /* unquoted, case kept */
};

/* "value; name=value; name="value"". All strings point into buf. */
struct cm_header_value {
	char buf[CM_HEADER_MAX_VALUE + 1];
	const char *value; /* lower case: "multipart/encrypted", "inline" */
	unsigned int param_count;
	struct cm_header_param params[CM_HEADER_MAX_PARAMS];
};

/* May this be a field name: 1 to 76 printable ASCII characters, no space or
 * colon (RFC 5322 2.2). */
bool cm_header_name_valid(const char *name, size_t len);

/* Checks a raw field value, folded by CR LF or LF plus space or tab: no NUL,
 * no CR or LF that does not fold, no control character but tab. */
enum cm_rule cm_header_value_check(const char *value, size_t len);

/* Unfolds value[0..len) into dest (size >= 1), dropping spaces at both ends;
 * a fold becomes the space or tab that follows it. Returns 0, or -1 if it
 * does not fit. */
int cm_header_unfold(const char *value, size_t len, char *dest, size_t size);

/* Is it, unfolded, exactly this text of less than CM_HEADER_MAX_WORD bytes? */
bool cm_header_value_is(const char *value, size_t len, const char *text);

/* Reads a Content-Type or Content-Disposition value, raw as above.
 * is_type: a "type/subtype" is expected, else a single token. */
enum cm_rule cm_header_parse(struct cm_header_value *result,
			     const char *value, size_t len, bool is_type);

/* The value of parameter `name`, or NULL. */
const char *cm_header_param(const struct cm_header_value *value,
			    const char *name);

/* Reads a raw value that is one mailbox: "a@b", "<a@b>" or "name <a@b>", the
 * name as words or one quoted string; no comment, group or route, and no more
 * than CM_HEADER_MAX_VALUE. 0, or -1. */
int cm_header_mailbox(const char *value, size_t len, struct cm_addr *addr_r);

/* RFC 2046 5.1.1 bchars, 1 to CM_HEADER_MAX_BOUNDARY, without the space: no
 * client uses it, and with it a boundary could be a sentence. */
bool cm_header_boundary_valid(const char *boundary);

#endif
