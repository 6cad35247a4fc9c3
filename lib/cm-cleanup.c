/* SPDX-License-Identifier: MIT */
#include "cm-cleanup.h"
#include "cm-addr.h"

#include <string.h>

/* Where the sender is, what he writes with, and whom he did not want seen;
 * what only servers write. */
static const char *const outgoing_drop[] = {
	"Received", "X-Originating-IP", "X-Mailer", "User-Agent", "Bcc",
	"Resent-Bcc", "Return-Path", "Delivered-To", NULL
};

static const char *const addresses[] = { "From", "To", "Cc",
						  "Reply-To", NULL };

/* RFC 5322, 2045, 3834, 2919; Autocrypt 1.1; Delta Chat. A name that ends in
 * '-' stands for all that begin with it. */
static const char *const outgoing_keep[] = {
	/* what the message is */
	"Date", "Message-ID", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding",
	/* what it answers to */
	"In-Reply-To", "References",
	/* keys, and how contacts are made */
	"Autocrypt", "Autocrypt-Gossip", "Autocrypt-Setup-Message",
	"Secure-Join", "Secure-Join-",
	/* what chat clients sort it by before they decrypt it */
	"Chat-", "Auto-Submitted", "Precedence", "List-ID", NULL
};

static const char *const incoming_drop[] = {
	"Received", "DKIM-Signature", "Authentication-Results",
	"Return-Path", "Delivered-To", NULL
};

static bool listed(const char *const *list, const char *name, size_t len)
{
	for (; *list != NULL; list++) {
		size_t n = strlen(*list);

		if ((n == len || (n < len && (*list)[n - 1] == '-')) &&
		    cm_ascii_equal_n(*list, name, n))
			return true;
	}
	return false;
}

static const char *const subject[] = { "Subject", NULL };

enum cm_cleanup cm_cleanup_outgoing(const char *name, size_t len, bool strict)
{
	if (listed(subject, name, len))
		return CM_CLEANUP_SUBJECT;
	if (listed(outgoing_drop, name, len))
		return CM_CLEANUP_DROP;
	if (!strict)
		return CM_CLEANUP_KEEP;
	if (listed(addresses, name, len))
		return CM_CLEANUP_ADDRESSES;
	return listed(outgoing_keep, name, len) ? CM_CLEANUP_KEEP :
						  CM_CLEANUP_DROP;
}

enum cm_cleanup cm_cleanup_incoming(const char *name, size_t len)
{
	return listed(incoming_drop, name, len) ? CM_CLEANUP_DROP :
						  CM_CLEANUP_KEEP;
}

enum cm_cleanup cm_cleanup_request(const char *name, size_t len)
{
	if (listed(subject, name, len))
		return CM_CLEANUP_SUBJECT;
	if (listed(incoming_drop, name, len))
		return CM_CLEANUP_DROP;
	return listed(addresses, name, len) ? CM_CLEANUP_ADDRESSES :
					      CM_CLEANUP_KEEP;
}
