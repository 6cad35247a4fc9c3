/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-cleanup.h"

static const struct row {
	const char *name;
	enum cm_cleanup basic, strict, incoming;
} rows[] = {
#define K CM_CLEANUP_KEEP
#define D CM_CLEANUP_DROP
#define S CM_CLEANUP_SUBJECT
#define A CM_CLEANUP_ADDRESSES
	{ "From", K, A, K }, { "To", K, A, K }, { "cc", K, A, K },
	{ "Reply-To", K, A, K }, { "Subject", S, S, K },
	{ "sUBJECT", S, S, K }, { "Received", D, D, D },
	{ "X-Originating-IP", D, D, K }, { "X-Mailer", D, D, K },
	{ "User-Agent", D, D, K }, { "Bcc", D, D, K },
	{ "Resent-Bcc", D, D, K }, { "Return-Path", D, D, D },
	{ "Delivered-To", D, D, D }, { "delivered-TO", D, D, D }, { "Date", K, K, K },
	{ "Message-ID", K, K, K }, { "Content-Type", K, K, K },
	{ "Autocrypt", K, K, K }, { "Chat-Version", K, K, K },
	{ "chat-is-post-message", K, K, K }, { "Chat-", K, K, K },
	{ "Chat", K, D, K }, { "Secure-Join", K, K, K },
	{ "Secure-Join-Invitenumber", K, K, K }, { "Secure-Joint", K, D, K },
	{ "Sender", K, D, K }, { "X-Text", K, D, K },
	{ "Comments", K, D, K }, { "Organization", K, D, K },
	{ "DKIM-Signature", K, D, D }, { "Authentication-Results", K, D, D },
	{ "Date-X", K, D, K }, { "Dat", K, D, K },
};

static void decides(void **state)
{
	const struct row *row = *state;
	size_t len = strlen(row->name);
	char *name = malloc(len);

	/* no NUL behind it, as in a message */
	assert_non_null(name);
	memcpy(name, row->name, len);
	assert_int_equal(cm_cleanup_outgoing(name, len, false), row->basic);
	assert_int_equal(cm_cleanup_outgoing(name, len, true), row->strict);
	assert_int_equal(cm_cleanup_incoming(name, len), row->incoming);
	/* the same words as on submission, what servers write as before
	 * delivery, and nothing else */
	assert_int_equal(cm_cleanup_request(name, len),
			 row->strict == A || row->strict == S ? row->strict :
								row->incoming);
	free(name);
}

int main(void)
{
	cm_unit_rows(decides, rows);
	return cm_unit_run();
}
