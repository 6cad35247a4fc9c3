/* SPDX-License-Identifier: MIT
 *
 * cm-cleanup: which header fields of a message stay, go or change on the way
 * through the relay. What a changed value becomes is the caller's.
 */
#ifndef CM_CLEANUP_H
#define CM_CLEANUP_H

#include <stdbool.h>
#include <stddef.h>

enum cm_cleanup {
	CM_CLEANUP_KEEP,
	CM_CLEANUP_DROP,
	CM_CLEANUP_SUBJECT,  /* becomes CM_CLEANUP_SUBJECT_TEXT */
	CM_CLEANUP_ADDRESSES, /* loses everything but its addresses */
	/* submission with strict headers: */
	CM_CLEANUP_DATE,    /* becomes the same time in UTC (cm-date) */
	CM_CLEANUP_VERSION, /* becomes CM_CLEANUP_VERSION_TEXT */
	CM_CLEANUP_KEY,	    /* goes unless cm-autocrypt finds From's key */
	CM_CLEANUP_VALUE,   /* goes unless cm_cleanup_value_valid() */
	CM_CLEANUP_CLEARTEXT /* goes if the message is encrypted */
};

/* What Delta Chat writes outside of encrypted mail itself. */
#define CM_CLEANUP_SUBJECT_TEXT "[...]"
/* MIME-Version */
#define CM_CLEANUP_VERSION_TEXT "1.0"

/* On submission. strict: only what mail between chat clients needs stays, with
 * values that say no more than they must, and address headers lose their
 * display names; otherwise only what tells where and with what the sender
 * wrote goes, and Bcc. */
enum cm_cleanup cm_cleanup_outgoing(const char *name, size_t len, bool strict);

/* May a field that is CM_CLEANUP_VALUE stay with this value, raw as
 * cm_header_value_check() lets it pass? */
bool cm_cleanup_value_valid(const char *name, size_t len, const char *value,
			    size_t value_len);

/* Before delivery of mail from elsewhere: what says which way it took and who
 * signed it has done its work. chatmail/relay drops the same. */
enum cm_cleanup cm_cleanup_incoming(const char *name, size_t len);

/* Is it a field that mail providers add to whatever is sent through them? */
bool cm_cleanup_by_provider(const char *name, size_t len);

/* In a SecureJoin request, on either way: the only places in it where its
 * sender could write something (cm-securejoin). */
enum cm_cleanup cm_cleanup_request(const char *name, size_t len);

#endif
