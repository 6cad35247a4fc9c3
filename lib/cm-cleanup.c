/* SPDX-License-Identifier: MIT */
#include "cm-cleanup.h"
#include "cm-addr.h"
#include "cm-header.h"
#include "cm-message-id.h"

#include <string.h>

/* Where the sender is, what he writes with, and whom he did not want seen;
 * what only servers write. */
static const char *const outgoing_drop[] = {
	"Received", "X-Originating-IP", "X-Mailer", "User-Agent", "Bcc",
	"Resent-Bcc", "Return-Path", "Delivered-To", NULL
};

static const char *const addresses[] = { "From", "To", "Cc",
						  "Reply-To", NULL };

static bool is_1_0(const char *value, size_t len)
{
	return cm_header_value_is(value, len, "1.0");
}

static bool is_1(const char *value, size_t len)
{
	return cm_header_value_is(value, len, "1");
}

static bool one_id(const char *value, size_t len)
{
	return cm_message_ids_valid(value, len, 1);
}

static bool ids(const char *value, size_t len)
{
	return cm_message_ids_valid(value, len, CM_MESSAGE_IDS_MAX);
}

/* RFC 3834 5, without parameters and comments */
static bool auto_submitted(const char *value, size_t len)
{
	return cm_header_value_is(value, len, "auto-generated") ||
	       cm_header_value_is(value, len, "auto-replied") ||
	       cm_header_value_is(value, len, "no");
}

/* RFC 5322, 2045, 3834, 2919; Autocrypt 1.1; Delta Chat. A name that ends in
 * '-' stands for all that begin with it and are not above. What core writes
 * outside of an encrypted message is in chatmail/core src/mimefactory.rs. */
static const struct {
	const char *name;
	enum cm_cleanup what;
	bool (*valid)(const char *value, size_t len); /* CM_CLEANUP_VALUE */
} outgoing_keep[] = {
	/* what the message is; cm-message judges the latter two */
	{ "Date", CM_CLEANUP_DATE, NULL },
	{ "Message-ID", CM_CLEANUP_VALUE, one_id },
	{ "MIME-Version", CM_CLEANUP_VERSION, NULL },
	{ "Content-Type", CM_CLEANUP_KEEP, NULL },
	{ "Content-Transfer-Encoding", CM_CLEANUP_KEEP, NULL },
	/* what it answers to */
	{ "In-Reply-To", CM_CLEANUP_VALUE, ids },
	{ "References", CM_CLEANUP_VALUE, ids },
	{ "Autocrypt", CM_CLEANUP_KEY, NULL },
	/* what chat clients sort it by before they decrypt it */
	{ "Chat-Version", CM_CLEANUP_VALUE, is_1_0 },
	{ "Chat-Is-Post-Message", CM_CLEANUP_VALUE, is_1 },
	{ "Auto-Submitted", CM_CLEANUP_VALUE, auto_submitted },
	/* what is inside where there is an inside */
	{ "Autocrypt-Setup-Message", CM_CLEANUP_CLEARTEXT, NULL },
	{ "Secure-Join", CM_CLEANUP_CLEARTEXT, NULL },
	{ "Secure-Join-", CM_CLEANUP_CLEARTEXT, NULL },
	{ "Chat-", CM_CLEANUP_CLEARTEXT, NULL },
	{ "Ephemeral-Timer", CM_CLEANUP_CLEARTEXT, NULL },
	{ "Precedence", CM_CLEANUP_CLEARTEXT, NULL },
	{ "List-ID", CM_CLEANUP_CLEARTEXT, NULL }
};

#define OUTGOING_KEEP (sizeof(outgoing_keep) / sizeof(*outgoing_keep))

static const char *const incoming_drop[] = {
	"Received", "DKIM-Signature", "Authentication-Results",
	"Return-Path", "Delivered-To", NULL
};

/* Gmail: X-Google-DKIM-Signature, X-Gm-*, X-Received; GMX and web.de:
 * X-Provags-ID, X-Spam-Flag, UI-OutboundReport; Fastmail: X-ME-*, Feedback-ID;
 * filters and forwarders: X-Spam-*, X-Virus-*, Received-SPF, ARC-*; OpenDKIM's
 * own name. */
static const char *const by_provider[] = {
	"X-", "ARC-", "Received-SPF", "UI-OutboundReport", "Feedback-ID",
	"DKIM-Filter", NULL
};

static bool is_name(const char *known, const char *name, size_t len)
{
	size_t n = strlen(known);

	return (n == len || (n < len && known[n - 1] == '-')) &&
	       cm_ascii_equal_n(known, name, n);
}

static bool listed(const char *const *list, const char *name, size_t len)
{
	for (; *list != NULL; list++) {
		if (is_name(*list, name, len))
			return true;
	}
	return false;
}

/* The row of outgoing_keep, or OUTGOING_KEEP. */
static size_t find_kept(const char *name, size_t len)
{
	size_t i = 0;

	while (i < OUTGOING_KEEP && !is_name(outgoing_keep[i].name, name, len))
		i++;
	return i;
}

static const char *const subject[] = { "Subject", NULL };

enum cm_cleanup cm_cleanup_outgoing(const char *name, size_t len, bool strict)
{
	size_t row;

	if (listed(subject, name, len))
		return CM_CLEANUP_SUBJECT;
	if (listed(outgoing_drop, name, len))
		return CM_CLEANUP_DROP;
	if (!strict)
		return CM_CLEANUP_KEEP;
	if (listed(addresses, name, len))
		return CM_CLEANUP_ADDRESSES;
	row = find_kept(name, len);
	return row < OUTGOING_KEEP ? outgoing_keep[row].what : CM_CLEANUP_DROP;
}

bool cm_cleanup_value_valid(const char *name, size_t len, const char *value,
			    size_t value_len)
{
	size_t row = find_kept(name, len);

	return row < OUTGOING_KEEP && outgoing_keep[row].valid != NULL &&
	       outgoing_keep[row].valid(value, value_len);
}

enum cm_cleanup cm_cleanup_incoming(const char *name, size_t len)
{
	return listed(incoming_drop, name, len) ? CM_CLEANUP_DROP :
						  CM_CLEANUP_KEEP;
}

bool cm_cleanup_by_provider(const char *name, size_t len)
{
	return listed(by_provider, name, len);
}

enum cm_cleanup cm_cleanup_request(const char *name, size_t len)
{
	if (listed(subject, name, len))
		return CM_CLEANUP_SUBJECT;
	if (listed(incoming_drop, name, len) ||
	    listed(by_provider, name, len))
		return CM_CLEANUP_DROP;
	return listed(addresses, name, len) ? CM_CLEANUP_ADDRESSES :
					      CM_CLEANUP_KEEP;
}
