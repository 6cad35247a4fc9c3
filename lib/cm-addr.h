/* SPDX-License-Identifier: MIT
 *
 * cm-addr: mail addresses as they stand in an envelope or a login.
 *
 * Not RFC 5322: no quoting, comments, display names or groups (GMime parses
 * those). Case never counts: two addresses are the same if they are after
 * cm_ascii_lower(); bytes above 127 are refused.
 */
#ifndef CM_ADDR_H
#define CM_ADDR_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 5321, 4.5.3.1: without angle brackets. */
#define CM_ADDR_MAX_LOCAL 64
#define CM_ADDR_MAX_DOMAIN 255
#define CM_ADDR_MAX (CM_ADDR_MAX_LOCAL + 1 + CM_ADDR_MAX_DOMAIN)

struct cm_addr {
	/* lower case, NUL-terminated */
	char text[CM_ADDR_MAX + 1];
	size_t local_len;
	const char *domain; /* into text, behind the @ */
};

/* A to Z become a to z in place. No locale. */
void cm_ascii_lower(char *s);

/* The same ASCII letters in any case. */
bool cm_ascii_equal(const char *a, const char *b);
bool cm_ascii_equal_n(const char *a, const char *b, size_t len);
/* An order in which those are the same: less than, equal to or above 0. */
int cm_ascii_compare_n(const char *a, const char *b, size_t len);

/* A letter or digit of ASCII, whatever the locale says. */
bool cm_ascii_is_alnum(char c);

/* Splits and lower-cases text[0..len): exactly one @, something on both
 * sides, dot-atom characters (RFC 5322 3.2.3) before it, a domain by
 * cm_addr_domain_valid() behind it, within the limits above. 0, or -1. */
int cm_addr_parse(struct cm_addr *addr, const char *text, size_t len);

/* A host name (labels of letters, digits, '-', and '_' for the test domains
 * of chatmail/relay; no empty label, no leading or trailing '-'), or a
 * literal in brackets: [1.2.3.4] or [IPv6:...] (RFC 5321 4.1.3). */
bool cm_addr_domain_valid(const char *domain, size_t len);

/* Is domain the literal, as above, of the IP address ip: "1.2.3.4",
 * "2001:db8::1" or "IPv6:2001:db8::1"? Compares addresses, not texts. */
bool cm_addr_literal_is(const char *domain, const char *ip);

/* An address out of a header that says nothing but where mail goes: local part
 * and domain, neither quoted nor a sentence, and a literal that is valid.
 * Unlike in cm_addr_parse(), bytes above 127 (RFC 6531) may stand in both. */
bool cm_addr_is_plain(const char *addr);

#endif
