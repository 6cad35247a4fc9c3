/* SPDX-License-Identifier: MIT
 *
 * milter/cm-mime-gmime: addresses, and the second opinion behind the rule
 * mime-disagreement.
 */
#include "cm-unit.h"
#include "cm-milter-service.h"
#include "cm-mime-gmime.h"

#include <pthread.h>

#define HEAD                                                                   \
	"Content-Type: multipart/encrypted; boundary=\"b\"; "                  \
	"protocol=\"application/pgp-encrypted\"\r\n\r\n"
#define ONE "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
#define TWO "--b\r\nContent-Type: application/octet-stream\r\n\r\nX\r\n"
#define END "--b--\r\n"

static const struct agree_row {
	const char *name, *text;
	enum cm_message_kind kind;
	bool expect;
} agrees[] = {
	{ "whole", HEAD ONE TWO END, CM_MESSAGE_ENCRYPTED, true },
	{ "empty lines around", HEAD "\r\n" ONE TWO END "\r\n\r\n",
	  CM_MESSAGE_ENCRYPTED, true },
	{ "known preamble", HEAD "This is a multi-part message in MIME "
	  "format.\r\n" ONE TWO END, CM_MESSAGE_ENCRYPTED, true },
	{ "preamble", HEAD "hello\r\n" ONE TWO END, CM_MESSAGE_ENCRYPTED,
	  false },
	{ "epilogue", HEAD ONE TWO END "hello\r\n", CM_MESSAGE_ENCRYPTED,
	  false },
	{ "one part", HEAD ONE END, CM_MESSAGE_ENCRYPTED, false },
	{ "three parts", HEAD ONE TWO TWO END, CM_MESSAGE_ENCRYPTED, false },
	{ "other order", HEAD TWO ONE END, CM_MESSAGE_ENCRYPTED, false },
	{ "nested", HEAD ONE "--b\r\nContent-Type: multipart/mixed; "
	  "boundary=c\r\n\r\n--c\r\n\r\nX\r\n--c--\r\n" END,
	  CM_MESSAGE_ENCRYPTED, false },
	{ "no mail", "", CM_MESSAGE_ENCRYPTED, false },
	{ "SecureJoin", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	  "--b\r\nContent-Type: text/plain\r\n\r\nX\r\n" END,
	  CM_MESSAGE_SECUREJOIN, true },
	{ "SecureJoin of two parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	  "--b\r\n\r\nX\r\n--b\r\n\r\nY\r\n" END,
	  CM_MESSAGE_SECUREJOIN, false },
	{ "SecureJoin of HTML", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	  "--b\r\nContent-Type: text/html\r\n\r\nX\r\n" END,
	  CM_MESSAGE_SECUREJOIN, false },
};

static void agree(void **state)
{
	const struct agree_row *row = *state;

	assert_int_equal(cm_gmime_agrees(row->text, strlen(row->text),
					 row->kind),
			 row->expect);
}

/* "COUNT ADDRESS" */
static const struct from_row {
	const char *name, *value, *expect;
} froms[] = {
	{ "bare", " a@x.test", "1 a@x.test" },
	{ "brackets", "<a@x.test>", "1 a@x.test" },
	{ "blank and brackets", " <a@x.test>", "1 a@x.test" },
	{ "brackets and a comment", " <a@x.test> (b@y.test)", "1 a@x.test" },
	{ "brackets around two", "<a@x.test>, <b@x.test>", "0 " },
	{ "another behind a semicolon", "a@x.test;b@y.test", "0 " },
	{ "the same, in brackets", "<a@[192.0.2.1]>; <b@y.test>", "0 " },
	{ "the same, a blank", "a@x.test; b", "0 " },
	{ "semicolon at the end", "a@x.test;", "0 " },
	{ "semicolon in quotes", "\"A; B\" <a@x.test>", "1 a@x.test" },
	{ "semicolon in a comment", "<a@x.test> (A; B)", "1 a@x.test" },
	{ "smile in quotes", "\"A :-) <3 :\" <a@x.test>", "1 a@x.test" },
	{ "quote in quotes", "\"A\\\"; B\" <a@x.test>", "1 a@x.test" },
	{ "quotes end before it", "\"A\\\\\"; B\" <a@x.test>\"", "0 " },
	{ "two pairs of brackets", "<<a@x.test>>", "0 " },
	{ "two that open", "<<a@x.test>", "0 " },
	{ "two that close", "A <a@x.test>>", "0 " },
	{ "route", "<@y.test:a@x.test>", "0 " },
	{ "IPv6 literal", "A <a@[IPv6:2001:db8::1]>",
	  "1 a@[IPv6:2001:db8::1]" },
	{ "IPv6 literal, open", "A <a@[IPv6:2001:db8::1>", "0 " },
	{ "IDN", "<a@xn--bcher-kva.test>", "1 a@xn--bcher-kva.test" },
	{ "IDN with a name", "A <a@xn--bcher-kva.test>",
	  "1 a@xn--bcher-kva.test" },
	{ "IDN in UTF-8", "A <a@b\303\274cher.test>",
	  "1 a@xn--bcher-kva.test" },
	{ "name", " \"A, B\" <a@x.test>", "1 a@x.test" },
	{ "folded", " A\r\n <a@x.test>\r\n", "1 a@x.test" },
	{ "two", "a@x.test, b@x.test", "2 " },
	{ "group", "g: a@x.test;", "0 " },
	{ "empty group", "g: ;", "0 " },
	{ "nothing", "", "0 " },
	{ "blanks", " \r\n ", "0 " },
	{ "literal", " A <a@[192.0.2.1]>", "1 a@[192.0.2.1]" },
	{ "literal, open in quotes", "\":-(\" <a@[192.0.2.1]>",
	  "1 a@[192.0.2.1]" },
	{ "literal, comment", "A <a@[192.0.2.1]> (b (c))", "1 a@[192.0.2.1]" },
	/* not given to GMime, because 3.2.13 leaks what it has read of some */
	{ "open comment", "a@x.test (A", "0 " },
	{ "open comment behind a literal", "a@[192.0.2.1](", "0 " },
	{ "the same, one of two", "a@[192.0.2.1] ((b)", "0 " },
	{ "the same, an odd quote", "a@[\"](\"", "0 " },
	{ "the same, escaped", "a@[192.0.2.1](\\)", "0 " },
	{ "open quote", "\"A <a@x.test>", "0 " },
};

static void from(void **state)
{
	const struct from_row *row = *state;
	char addr[CM_ADDR_MAX + 1], text[CM_ADDR_MAX + 20];
	unsigned int count;

	cm_gmime_from(row->value, strlen(row->value), &count, addr);
	(void)snprintf(text, sizeof(text), "%u %s", count,
		       count == 1 ? addr : "");
	assert_string_equal(text, row->expect);
}

static void from_too_long(void **state)
{
	char value[CM_ADDR_MAX + 20], addr[CM_ADDR_MAX + 1];
	unsigned int count;

	(void)state;
	memset(value, 'x', sizeof(value));
	value[64] = '@';
	cm_gmime_from(value, CM_ADDR_MAX, &count, addr);
	assert_int_equal(count, 1);
	assert_int_equal(strlen(addr), CM_ADDR_MAX);
	cm_gmime_from(value, CM_ADDR_MAX + 1, &count, addr);
	assert_int_equal(count, 0);
	assert_string_equal(addr, "");
}

/* "=" unchanged, "!" nothing left, else what it becomes. */
static const struct plain_row {
	const char *name, *value, *expect;
} plains[] = {
	{ "brackets", " <a@x.test>", "=" },
	{ "bare", " a@x.test", "=" },
	{ "two, folded", " <a@x.test>,\r\n <b@x.test>", "=" },
	{ "two, bare", "a@x.test,b@x.test", "=" },
	{ "hidden", " \"hidden-recipients\": ;", "=" },
	{ "undisclosed", " undisclosed-recipients:;", "=" },
	{ "name", " A B <a@x.test>", "<a@x.test>" },
	{ "name of one", "A <a@x.test>, b@x.test",
	  "<a@x.test>,\n\t<b@x.test>" },
	{ "comment", "a@x.test (A B)", "<a@x.test>" },
	{ "comment first", "(A B) a@x.test", "<a@x.test>" },
	{ "empty name", "\"\" <a@x.test>", "<a@x.test>" },
	{ "IDN", "A <a@xn--bcher-kva.test>", "<a@xn--bcher-kva.test>" },
	{ "group", "secret: a@x.test, b@x.test;",
	  "<a@x.test>,\n\t<b@x.test>" },
	{ "empty group", "secret: ;", "!" },
	{ "text", "some text", "!" },
	{ "text as address", "\"some text\"@x.test", "!" },
	{ "nothing", "", "!" },
};

static void plain(void **state)
{
	const struct plain_row *row = *state;
	char *text = NULL;
	int ret = cm_gmime_plain_addresses(row->value, strlen(row->value),
					   &text);

	if (*row->expect == '=')
		assert_int_equal(ret, 0);
	else if (*row->expect == '!')
		assert_int_equal(ret, -1);
	else {
		assert_int_equal(ret, 1);
		assert_string_equal(text, row->expect);
	}
	free(text);
}

/* Each repeated up to the longest header that is looked into: GMime recurses
 * for some of them, and a thread of the milter has a small stack. */
#define LONGEST (32 * 1024)

static const struct deep_row {
	const char *name, *text;
} deep[] = {
	{ "groups", "a:" },
	{ "groups behind a blank", "a: " },
	{ "nameless groups", ":," },
	{ "groups of one", "a:b@c," },
	{ "groups with quotes", "\"a\":" },
	{ "groups behind half a literal", "@[:,a:" },
	{ "groups behind a literal", "a@[b],a:" },
	{ "routes", "<@a:" },
	{ "route, long", "<@a,@" },
	{ "groups behind routes", "<@a:b@c>,a:" },
	{ "comments", "((a))" },
	{ "nested comments", "(" },
	{ "brackets", "<" },
	{ "closed brackets", "<a@b>>" },
	{ "dots", "a." },
	{ "words", "a " },
	{ "quoted words", "\"a\" " },
	{ "encoded words", "=?utf-8?q?a?= " },
	{ "literals", "a@[b]," },
	{ "literals with colons", "a@[IPv6:::1],a:" },
};

static void *read_deep(void *arg)
{
	const struct deep_row *row = arg;
	char *value = malloc(LONGEST), *plain, addr[CM_ADDR_MAX + 1];
	size_t len = strlen(row->text), size = LONGEST - LONGEST % len, i;
	unsigned int count;

	if (value == NULL)
		return NULL;
	for (i = 0; i < size; i += len)
		memcpy(value + i, row->text, len);
	(void)cm_gmime_plain_addresses(value, size, &plain);
	free(plain);
	cm_gmime_from(value, size, &count, addr);
	free(value);
	return arg;
}

static void deep_in_a_thread(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *done;

	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr,
						   CM_MILTER_THREAD_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, read_deep, *state), 0);
	assert_int_equal(pthread_join(thread, &done), 0);
	assert_ptr_equal(done, *state);
	(void)pthread_attr_destroy(&attr);
}

/* What stands in front of it decides whether one more address is read. */
static const struct colons_row {
	const char *name, *text;
	unsigned int count;
	bool expect;
} colons[] = {
	{ "15 groups", "g:;,", 15, true },
	{ "16 groups", "g:;,", 16, true },
	{ "17 groups", "g:;,", 17, false },
	{ "16 in quotes", "\":\" <b@x.test>,", 16, true },
	{ "17 in quotes", "\":\" <b@x.test>,", 17, false },
	{ "100 IPv6 literals", "b@[IPv6:2001:db8::1],", 100, true },
	{ "literals not closed", "b@[IPv6:2001:db8::1,", 5, false },
};

static void too_many_colons(void **state)
{
	const struct colons_row *row = *state;
	char text[4096] = "", *got;
	unsigned int i;
	int ret;

	for (i = 0; i < row->count; i++)
		strcat(text, row->text);
	strcat(text, "A <a@x.test>");
	ret = cm_gmime_plain_addresses(text, strlen(text), &got);
	assert_int_equal(ret, row->expect ? 1 : -1);
	if (row->expect)
		assert_non_null(strstr(got, "<a@x.test>"));
	free(got);
}

int main(void)
{
	cm_gmime_init();
	cm_unit_rows(agree, agrees);
	cm_unit_rows(from, froms);
	cm_unit_test(from_too_long);
	cm_unit_rows(plain, plains);
	cm_unit_rows(deep_in_a_thread, deep);
	cm_unit_rows(too_many_colons, colons);
	return cm_unit_run();
}
