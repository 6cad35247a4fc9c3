/* SPDX-License-Identifier: MIT
 *
 * cm-securejoin: which header fields a request to join may have.
 */
#include "cm-unit.h"
#include "cm-securejoin.h"

static bool valid(unsigned int *seen, const char *name, const char *value)
{
	/* on the heap, so that reading beyond the end is seen */
	size_t len = strlen(value);
	char *copy = malloc(len + 1);
	bool ret;

	assert_non_null(copy);
	memcpy(copy, value, len + 1);
	ret = cm_securejoin_field_valid(seen, name, strlen(name), copy, len);
	free(copy);
	return ret;
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
	{ "id", "Message-ID", " <Mr.UVy-_WZ.hG@c2.testrun.org>", true },
	{ "id, empty", "Message-ID", "", true },
	{ "ids, folded", "References", " <a@b>\r\n\t<c@d> ", true },
	{ "id, open", "Message-ID", " <a@b", false },
	{ "id, bare", "Message-ID", " a@b", false },
	{ "id, space", "Message-ID", " <a b@c>", false },
	{ "ids, text between", "References", " <a@b> x <c@d>", false },
	{ "token", "Secure-Join-Invitenumber", " VX8P-2_9aBc", true },
	{ "token, empty", "Secure-Join-Group", " ", false },
	{ "token, space", "Secure-Join-Group", " a b", false },
	{ "token, 8 bit", "Secure-Join-Group", " \xc3\xa4", false },
	{ "autocrypt", "Autocrypt", " addr=a@b.test; prefer-encrypt=mutual;"
	  " keydata=xjME\r\n\t a+/=", true },
	{ "autocrypt, no preference", "Autocrypt",
	  " addr=a@b.test; prefer-encrypt=nopreference; keydata=x", true },
	{ "autocrypt, other preference", "Autocrypt",
	  " addr=a@b.test; prefer-encrypt=maybe", false },
	{ "autocrypt, other attribute", "Autocrypt",
	  " addr=a@b.test; _x=1", false },
	{ "autocrypt, text", "Autocrypt", " read this", false },
	{ "autocrypt, text in the key", "Autocrypt", " keydata=a,b", false },
	{ "autocrypt, text in the address", "Autocrypt", " addr=a b", false },
	{ "autocrypt, empty", "Autocrypt", "", false }
};

static void judges(void **state)
{
	const struct row *row = *state;
	unsigned int seen = 0;

	assert_int_equal(valid(&seen, row->field, row->value), row->valid);
}

static void once(void **state)
{
	unsigned int seen = 0;

	(void)state;
	assert_true(valid(&seen, "Subject", " a"));
	assert_true(valid(&seen, "To", " <a@b>"));
	assert_false(valid(&seen, "subject", " b"));
	assert_true(valid(&seen, "Received", " a"));
	assert_true(valid(&seen, "Received", " b"));
}

/* Longest value that passes, of `unit` repeated. */
static void limits(void **state)
{
	static const struct {
		const char *field, *before, *after;
		size_t max; /* x's */
	} cases[] = {
		{ "Secure-Join-Group", " ", "", CM_SECUREJOIN_MAX_TOKEN },
		{ "Subject", " ", "", CM_SECUREJOIN_MAX_SUBJECT },
		{ "Message-ID", "<", ">", CM_SECUREJOIN_MAX_ID - 1 }
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (n = cases[i].max - 1; n <= cases[i].max + 1; n++) {
			char value[1024];
			unsigned int seen = 0;
			size_t used = strlen(cases[i].before);

			memcpy(value, cases[i].before, used);
			memset(value + used, 'x', n);
			strcpy(value + used + n, cases[i].after);
			assert_int_equal(valid(&seen, cases[i].field, value),
					 n <= cases[i].max);
		}
	}
}

static void ids_limit(void **state)
{
	char value[CM_SECUREJOIN_MAX_IDS + 2];
	size_t n;

	(void)state;
	for (n = CM_SECUREJOIN_MAX_IDS - 1; n <= CM_SECUREJOIN_MAX_IDS + 1;
	     n++) {
		unsigned int seen = 0;

		memset(value, ' ', n);
		memcpy(value, "<a@b>", 5);
		assert_int_equal(cm_securejoin_field_valid(
					 &seen, "References", 10, value, n),
				 n <= CM_SECUREJOIN_MAX_IDS);
	}
}

int main(void)
{
	cm_unit_rows(judges, rows);
	cm_unit_test(once);
	cm_unit_test(limits);
	cm_unit_test(ids_limit);
	return cm_unit_run();
}
