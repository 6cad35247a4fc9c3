/* SPDX-License-Identifier: MIT
 *
 * cm-authres: what a DKIM verifier in front of us found, as it wrote it into
 * an Authentication-Results header (RFC 8601).
 *
 * Strict: a value that is not entirely of the grammar below says nothing, for
 * a stranger may have had a hand in it. Against RFC 8601 2.2: no nested
 * comments, and an authserv-id may have a "/" (OpenDKIM's AuthservIDWithJobID
 * writes "id/QUEUEID").
 *
 *	id [1]; dkim=pass reason="..." (comment) header.d=a.example ...; ...
 *
 * No memory but the caller's, no state.
 */
#ifndef CM_AUTHRES_H
#define CM_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

/* One value, raw. OpenDKIM's buffer has 4096 bytes and is cut off silently
 * there: a value that long could end inside a domain. */
#define CM_AUTHRES_MAX_VALUE 3072
/* Results in one value, of whatever method. */
#define CM_AUTHRES_MAX_RESULTS 16
/* Properties of one result. */
#define CM_AUTHRES_MAX_PROPERTIES 16
/* One word: an id, a method, a property, a value. */
#define CM_AUTHRES_MAX_WORD 320

enum cm_authres {
	CM_AUTHRES_PASS,      /* a valid signature of exactly this domain */
	CM_AUTHRES_FAIL,      /* none */
	CM_AUTHRES_TEMPERROR, /* none, but one could not be checked now */
	CM_AUTHRES_OTHER,     /* written by somebody else, or as if */
	CM_AUTHRES_MALFORMED
};

/* Reads value[0..len), raw: folded by CR LF or LF plus space or tab.
 *
 * id: our authserv-id; letters in any case. queue_id: what stands behind it
 * and a "/", exactly; NULL if the verifier writes none (id must stand alone).
 * Use "*" for any or none, where it is not known.
 * domain: counts are only results with header.d equal to it, in any case.
 * An unusual header.a (not rsa-sha256 or ed25519-sha256, RFC 8301) does not
 * count; a header.i outside header.d, or a property that stands twice, is
 * malformed. */
enum cm_authres cm_authres_read(const char *value, size_t len, const char *id,
				const char *queue_id, const char *domain);

/* Does the value name our authserv-id, with or without a queue id, version or
 * sense behind it? */
bool cm_authres_is_ours(const char *value, size_t len, const char *id);

/* May this be an authserv-id in our settings: letters, digits, '.', '-', '_',
 * up to 255? */
bool cm_authres_id_valid(const char *id, size_t len);

#endif
