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
#define T CM_CLEANUP_DATE
#define N CM_CLEANUP_VERSION
#define P CM_CLEANUP_KEY
#define V CM_CLEANUP_VALUE
#define C CM_CLEANUP_CLEARTEXT
	{ "From", K, A, K }, { "To", K, A, K }, { "cc", K, A, K },
	{ "Reply-To", K, A, K }, { "Subject", S, S, K },
	{ "sUBJECT", S, S, K }, { "Received", D, D, D },
	{ "X-Originating-IP", D, D, K }, { "X-Mailer", D, D, K },
	{ "User-Agent", D, D, K }, { "Bcc", D, D, K },
	{ "Resent-Bcc", D, D, K }, { "Return-Path", D, D, D },
	{ "Delivered-To", D, D, D }, { "delivered-TO", D, D, D }, { "Date", K, T, K },
	{ "Message-ID", K, V, K }, { "Content-Type", K, K, K },
	{ "mime-version", K, N, K }, { "In-Reply-To", K, V, K },
	{ "References", K, V, K }, { "Auto-Submitted", K, V, K },
	{ "Autocrypt", K, P, K }, { "Autocrypt-Gossip", K, D, K },
	{ "Autocrypt-Setup-Message", K, C, K }, { "Chat-Version", K, V, K },
	{ "chat-is-post-message", K, V, K }, { "Chat-", K, C, K },
	{ "Chat-Content", K, C, K }, { "Chat-Group-Name", K, C, K },
	{ "Precedence", K, C, K }, { "List-ID", K, C, K },
	{ "List-Post", K, D, K }, { "Ephemeral-Timer", K, C, K },
	{ "Chat", K, D, K }, { "Secure-Join", K, C, K },
	{ "Secure-Join-Invitenumber", K, C, K }, { "Secure-Joint", K, D, K },
	{ "Sender", K, D, K }, { "X-Text", K, D, K },
	{ "Comments", K, D, K }, { "Organization", K, D, K },
	{ "DKIM-Signature", K, D, D }, { "Authentication-Results", K, D, D },
	{ "ARC-Seal", K, D, K }, { "Received-SPF", K, D, K },
	{ "Feedback-ID", K, D, K }, { "Date-X", K, D, K }, { "Dat", K, D, K },
};

static void by_provider(void **state)
{
	static const char *const names[] = {
		"X-Received", "x-gm-message-state", "X-", "ARC-Seal",
		"Received-SPF", "UI-OutboundReport", "feedback-id",
		"DKIM-Filter"
	};
	static const char *const others[] = {
		"X", "XX-Note", "ARC", "Received", "Received-SPF-2", "Comments",
		"Subject", "From", "Feedback", "Content-X", "Secure-Join"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(cm_cleanup_by_provider(names[i],
						   strlen(names[i])));
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(cm_cleanup_by_provider(others[i],
						    strlen(others[i])));
}

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
	 * delivery, what providers add, and nothing else */
	assert_int_equal(cm_cleanup_request(name, len),
			 cm_cleanup_by_provider(name, len) ? D :
			 row->strict == A || row->strict == S ? row->strict :
								row->incoming);
	free(name);
}

#define ID "<c0ffee00-0000-4000-8000-000000000002@localhost>"

static const struct value_row {
	const char *name, *value;
	bool valid;
} values[] = {
	{ "Message-ID", " " ID, true },
	{ "Message-ID", "<87abc.fsf@laptop.example>", true },
	{ "Message-ID", ID " " ID, false },
	{ "Message-ID", "Hello Bob", false },
	{ "References", ID "\r\n\t" ID, true },
	{ "References", ID " Hello Bob", false },
	{ "In-Reply-To", ID, true },
	{ "In-Reply-To", "Your message of yesterday", false },
	{ "Chat-Version", " 1.0", true },
	{ "Chat-Version", "1.0 (hello)", false },
	{ "Chat-Is-Post-Message", "1", true },
	{ "Chat-Is-Post-Message", "Hello", false },
	{ "Auto-Submitted", "auto-replied", true },
	{ "Auto-Submitted", "auto-generated", true },
	{ "Auto-Submitted", "auto-generated (hello)", false },
	{ "Chat-Content", "1", false },
	{ "X-Text", "1", false }
};

static void judges(void **state)
{
	const struct value_row *row = *state;

	assert_int_equal(cm_cleanup_value_valid(row->name, strlen(row->name),
						row->value,
						strlen(row->value)),
			 row->valid);
}

/* CM_MESSAGE_IDS_MAX of them */
static void references_limit(void **state)
{
	char value[3 * 5 * 100];
	size_t n;

	(void)state;
	for (n = 0; n < 101; n++)
		memcpy(value + n * 5, "<a@b>", 5);
	for (n = 99; n <= 101; n++)
		assert_int_equal(cm_cleanup_value_valid("References", 10,
							value, n * 5),
				 n <= 100);
}

int main(void)
{
	cm_unit_rows(judges, values);
	cm_unit_test(references_limit);
	cm_unit_rows(decides, rows);
	cm_unit_test(by_provider);
	return cm_unit_run();
}
