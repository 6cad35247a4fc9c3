/* SPDX-License-Identifier: MIT
 *
 * cm-cleanup: which header fields of a message stay, go or change on the way
 * through the relay. Names only; what a changed value becomes is the
 * caller's.
 */
#ifndef CM_CLEANUP_H
#define CM_CLEANUP_H

#include <stdbool.h>
#include <stddef.h>

enum cm_cleanup {
	CM_CLEANUP_KEEP,
	CM_CLEANUP_DROP,
	CM_CLEANUP_SUBJECT,  /* becomes CM_CLEANUP_SUBJECT_TEXT */
	CM_CLEANUP_ADDRESSES /* loses everything but its addresses */
};

/* What Delta Chat writes outside of encrypted mail itself. */
#define CM_CLEANUP_SUBJECT_TEXT "[...]"

/* On submission. strict: only what mail between chat clients needs stays, and
 * address headers lose their display names; otherwise only what tells where
 * and with what the sender wrote goes, and Bcc. */
enum cm_cleanup cm_cleanup_outgoing(const char *name, size_t len, bool strict);

/* Before delivery of mail from elsewhere: what says which way it took and who
 * signed it has done its work (PROTOCOL.md 4). */
enum cm_cleanup cm_cleanup_incoming(const char *name, size_t len);

/* In a SecureJoin request, on either way: the only places in it where its
 * sender could write something (cm-securejoin). */
enum cm_cleanup cm_cleanup_request(const char *name, size_t len);

#endif
