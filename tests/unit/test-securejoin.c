/* SPDX-License-Identifier: MIT
 *
 * cm-securejoin: which header fields a request to join may have.
 */
#include "cm-unit.h"
#include "cm-securejoin.h"

#define UUID "c0ffee00-0000-4000-8000-000000000002"
#define ID "<" UUID "@localhost>"
#define OLD "Mr.UVy-_WZahG1.0123456789a@"

static void feed(struct cm_securejoin *join, const char *name,
		 const char *value)
{
	/* on the heap, so that reading beyond the end is seen */
	size_t len = strlen(value);
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, value, len);
	cm_securejoin_field(join, name, strlen(name), copy, len);
	free(copy);
}

static bool valid(const char *name, const char *value)
{
	struct cm_securejoin join;

	memset(&join, 0, sizeof(join));
	feed(&join, "From", "<a@b.test>");
	feed(&join, name, value);
	return cm_securejoin_valid(&join);
}

static const struct row {
	const char *name;
	const char *field, *value;
	bool valid;
} rows[] = {
	{ "unknown field", "X-Note", " 1", false },
	{ "any case", "mime-VERSION", " 1.0", true },
	{ "prefix of a field", "MIME", " 1.0", false },
	{ "subject", "Subject", " Message from a@b.test", true },
	{ "version", "Chat-Version", " 1.0", true },
	{ "version and more", "Chat-Version", " 1.0 x", false },
	{ "date", "Date", " Sat, 21 Nov 2026 07:55:33 +0000", true },
	{ "date, GMT", "Date", " Sat, 21 Nov 2026 07:55:33 GMT", true },
	{ "date, comment", "Date", " Sat, 21 Nov 2026 (now)", false },
	{ "date, word", "Date", " Read 21 Nov 2026", false },
	{ "date, zone", "Date", " 21 Nov 2026 07:55:33 -0800", true },
	{ "id", "Message-ID", " " ID, true },
	{ "id, of old", "Message-ID", " <" OLD "localhost>", true },
	{ "id, of the sender's domain", "Message-ID", " <" OLD "B.test>", true },
	{ "id, of another domain", "Message-ID", " <" OLD "c.test>", false },
	{ "id, words", "Message-ID", " <Hello.Bob@localhost>", false },
	{ "id, empty", "Message-ID", "", false },
	{ "ids where one stands", "Message-ID", ID " " ID, false },
	{ "ids in reply", "In-Reply-To", ID " " ID, false },
	{ "ids, folded", "References", " " ID "\r\n\t" ID " ", true },
	{ "ids, three", "References", ID ID ID, true },
	{ "ids, four", "References", ID ID ID ID, false },
	{ "ids, words", "References", "<Hello.Bob@x> <Meet.me@x>", false },
	{ "id, open", "Message-ID", " <" UUID "@localhost", false },
	{ "id, bare", "Message-ID", " " UUID "@localhost", false },
	{ "ids, text between", "References", ID " x " ID, false },
	{ "to", "To", "<c@d.test>", true },
	{ "to, with a name", "To", "\"C\" <c@d.test>", true },
	{ "to, hidden", "To", "\"hidden-recipients\": ;", true },
	{ "to, hidden, of old", "To", "hidden-recipients:;", true },
	{ "to, two", "To", "<c@d.test>, <e@f.test>", false },
	{ "to, text", "To", "read this: ;", false },
	{ "bot", "Auto-Submitted", " auto-generated", true },
	{ "bot that replies", "Auto-Submitted", " auto-replied", false },
	{ "bot that talks", "Auto-Submitted", " auto-generated; x", false },
	{ "timer", "Ephemeral-Timer", " 604800", true },
	{ "timer, 10 digits", "Ephemeral-Timer", " 4294967295", true },
	{ "timer, 11 digits", "Ephemeral-Timer", " 42949672950", false },
	{ "timer, text", "Ephemeral-Timer", " 6 days", false },
	{ "timer, empty", "Ephemeral-Timer", " ", false },
	{ "delivered to", "Delivered-To", "c@d.test", true },
	{ "delivered to text", "Delivered-To", "read this", false },
	{ "return path", "Return-Path", "<>", true },
	{ "return path, text", "Return-Path", "read this", false },
	{ "token", "Secure-Join-Invitenumber", " VX8P-2_9aBc", true },
	{ "token, empty", "Secure-Join-Group", " ", false },
	{ "token, space", "Secure-Join-Group", " a b", false },
	{ "token, 8 bit", "Secure-Join-Group", " \xc3\xa4", false },
	/* keys: test-autocrypt, tests/data/gate/attacks_join.py */
	{ "autocrypt, no key", "Autocrypt", " addr=a@b.test", false }
};

static void judges(void **state)
{
	const struct row *row = *state;

	assert_int_equal(valid(row->field, row->value), row->valid);
}

/* What providers add, once or often, whatever it says; from outside only. */
static void providers(void **state)
{
	struct cm_securejoin join;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		memset(&join, 0, sizeof(join));
		join.from_outside = i > 0;
		feed(&join, "X-Received", " by b.test");
		feed(&join, "X-Received", " read this");
		feed(&join, "ARC-Seal", " i=1");
		assert_int_equal(cm_securejoin_valid(&join), i > 0);
		feed(&join, "Comments", " read this");
		assert_false(cm_securejoin_valid(&join));
	}
}

static void once(void **state)
{
	struct cm_securejoin join;

	(void)state;
	memset(&join, 0, sizeof(join));
	feed(&join, "Subject", " a");
	feed(&join, "To", " <a@b>");
	feed(&join, "Received", " a");
	feed(&join, "Received", " b");
	assert_true(cm_securejoin_valid(&join));
	feed(&join, "subject", " b");
	assert_false(cm_securejoin_valid(&join));
}

/* The domains of Message-IDs are the sender's and the recipient's, in
 * whatever order the fields come. */
static void domains(void **state)
{
	struct cm_securejoin join;

	(void)state;
	memset(&join, 0, sizeof(join));
	feed(&join, "References", "<" OLD "d.test> <" OLD "b.test>");
	assert_false(cm_securejoin_valid(&join));
	feed(&join, "From", "<a@b.test>");
	assert_false(cm_securejoin_valid(&join));
	feed(&join, "To", "<c@d.test>");
	assert_true(cm_securejoin_valid(&join));
	feed(&join, "In-Reply-To", "<" OLD "e.test>");
	assert_false(cm_securejoin_valid(&join));
}

/* Longest value that passes, of `unit` repeated. */
static void limits(void **state)
{
	static const struct {
		const char *field, *before, *after;
		size_t max; /* x's */
	} cases[] = {
		{ "Secure-Join-Group", " ", "", CM_SECUREJOIN_MAX_TOKEN },
		{ "Subject", " ", "", CM_SECUREJOIN_MAX_SUBJECT }
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (n = cases[i].max - 1; n <= cases[i].max + 1; n++) {
			char value[1024];
			size_t used = strlen(cases[i].before);

			memcpy(value, cases[i].before, used);
			memset(value + used, 'x', n);
			strcpy(value + used + n, cases[i].after);
			assert_int_equal(valid(cases[i].field, value),
					 n <= cases[i].max);
		}
	}
}

int main(void)
{
	cm_unit_rows(judges, rows);
	cm_unit_test(providers);
	cm_unit_test(once);
	cm_unit_test(limits);
	cm_unit_test(domains);
	return cm_unit_run();
}
