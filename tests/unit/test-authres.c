/* SPDX-License-Identifier: MIT
 *
 * cm-authres: what OpenDKIM 2.11 of Debian 12 and others write, and what only
 * looks like it.
 */
#include "cm-unit.h"
#include "cm-authres.h"
#include "cm-addr.h"

static const char *const answers[] = {
	[CM_AUTHRES_PASS] = "pass",
	[CM_AUTHRES_FAIL] = "fail",
	[CM_AUTHRES_TEMPERROR] = "temperror",
	[CM_AUTHRES_OTHER] = "other",
	[CM_AUTHRES_MALFORMED] = "malformed"
};

/* Read for id mx.test, queue id Q1, domain a.test. */
#define ID "mx.test/Q1;"
#define KEY " (2048-bit key; unprotected)"
#define REST " header.i=@a.test header.a=rsa-sha256 header.s=s header.b=Ab/+12"

static const struct row {
	const char *name, *value, *expect;
} rows[] = {
	/* seen from OpenDKIM */
	{ "one pass", " " ID "\n\tdkim=pass (2048-bit key) header.d=a.test "
	  "header.i=@a.test header.a=rsa-sha256 header.s=s header.b=hVihwq6R;"
	  "\n\tdkim-atps=neutral", "pass" },
	{ "DNSSEC comment", ID "dkim=pass" KEY " header.d=a.test" REST,
	  "pass" },
	{ "none", " " ID " dkim=none;\n\tdkim-atps=neutral", "fail" },
	{ "broken", ID "\n\tdkim=fail reason=\"signature verification failed\""
	  " (2048-bit key) header.d=a.test" REST ";\n\tdkim-atps=neutral",
	  "fail" },
	{ "no key", ID "dkim=fail reason=\"key not found in DNS\" "
	  "header.d=a.test" REST, "fail" },
	{ "two", ID "dkim=pass" KEY " header.d=b.test header.i=@b.test;"
	  "dkim=pass" KEY " header.d=a.test" REST, "pass" },
	{ "DNS gone and a pass", ID "dkim=temperror header.d=b.test;"
	  "dkim=pass header.d=a.test", "pass" },
	{ "a pass and DNS gone", ID "dkim=pass header.d=a.test;"
	  "dkim=temperror header.d=b.test", "pass" },
	{ "DNS gone", ID "dkim=temperror header.d=a.test" REST, "temperror" },
	{ "malformed From", "mx.test; dkim=permerror (bad format)", "other" },
	/* other writers, and all that the grammar allows */
	{ "quoted values", ID "dkim=pass header.d=\"a.test\" header.b=\"x y\"",
	  "pass" },
	{ "in capitals", "MX.TEST/Q1; DKIM=PASS HEADER.D=A.TEST", "pass" },
	{ "no spaces", "mx.test/Q1;dkim=pass header.d=a.test", "pass" },
	{ "spaces everywhere", "\r\n mx.test/Q1 1 ; dkim = pass\r\n\t"
	  "header.d = a.test ", "pass" },
	{ "comments everywhere", "(a)mx.test/Q1(b)1(c);(d)dkim(e)=(f)pass(g)"
	  "header.d(h)=(i)a.test(j)", "pass" },
	{ "comment with what it is not", ID "dkim=fail (; dkim=pass "
	  "header.d=a.test) header.d=a.test", "fail" },
	{ "quotes with what it is not", ID "dkim=fail "
	  "reason=\"; dkim=pass header.d=a.test\" header.d=a.test", "fail" },
	{ "method version", ID "dkim/1=pass header.d=a.test", "pass" },
	{ "other method version", ID "dkim/2=pass header.d=a.test", "fail" },
	{ "other methods", ID "spf=pass smtp.mailfrom=a.test; dkim=pass "
	  "header.d=a.test; dmarc=pass header.from=a.test", "pass" },
	{ "no result", ID " none", "fail" },
	/* not for this domain */
	{ "other domain", ID "dkim=pass header.d=b.test", "fail" },
	{ "parent", ID "dkim=pass header.d=test", "fail" },
	{ "child", ID "dkim=pass header.d=x.a.test", "fail" },
	{ "longer", ID "dkim=pass header.d=a.testx", "fail" },
	{ "dot behind", ID "dkim=pass header.d=a.test.", "fail" },
	{ "no domain", ID "dkim=pass", "fail" },
	{ "empty domain", ID "dkim=pass header.d=\"\"", "fail" },
	{ "domain in another property", ID "dkim=pass header.from=a.test",
	  "fail" },
	{ "policy", ID "dkim=policy header.d=a.test", "fail" },
	{ "passed", ID "dkim=passed header.d=a.test", "fail" },
	{ "other method passed", ID "spf=pass header.d=a.test", "fail" },
	{ "sha1", ID "dkim=pass header.d=a.test header.a=rsa-sha1", "fail" },
	{ "ed25519", ID "dkim=pass header.d=a.test header.a=ed25519-sha256",
	  "pass" },
	/* not ours */
	{ "other id", "mx.testx/Q1; dkim=pass header.d=a.test", "other" },
	{ "no queue id", "mx.test; dkim=pass header.d=a.test", "other" },
	{ "empty queue id", "mx.test/; dkim=pass header.d=a.test", "other" },
	{ "other queue id", "mx.test/Q2; dkim=pass header.d=a.test", "other" },
	{ "queue id in another case", "mx.test/q1; dkim=pass header.d=a.test",
	  "other" },
	{ "longer queue id", "mx.test/Q12; dkim=pass header.d=a.test",
	  "other" },
	{ "two slashes", "mx.test/x/Q1; dkim=pass header.d=a.test", "other" },
	/* nothing at all */
	{ "empty", "", "malformed" },
	{ "blank", " \r\n ", "malformed" },
	{ "id only", "mx.test/Q1", "malformed" },
	{ "semicolon only", ID, "malformed" },
	{ "semicolon at the end", ID "dkim=pass header.d=a.test;",
	  "malformed" },
	{ "none and more", ID "none; dkim=pass header.d=a.test",
	  "malformed" },
	{ "version 2", "mx.test/Q1 2; dkim=pass header.d=a.test",
	  "malformed" },
	{ "text behind the version", "mx.test/Q1 1 x; dkim=pass "
	  "header.d=a.test", "malformed" },
	{ "no =", ID "dkim pass header.d=a.test", "malformed" },
	{ "no result word", ID "dkim= header.d=a.test", "malformed" },
	{ "property without value", ID "dkim=pass header.d=", "malformed" },
	{ "value without property", ID "dkim=pass a.test", "malformed" },
	{ "property without a dot", ID "dkim=pass d=a.test", "malformed" },
	{ "domain twice", ID "dkim=pass header.d=a.test header.d=b.test",
	  "malformed" },
	{ "domain twice in capitals", ID "dkim=pass header.d=b.test "
	  "HEADER.D=a.test", "malformed" },
	{ "identity elsewhere", ID "dkim=pass header.d=a.test "
	  "header.i=@b.test", "malformed" },
	{ "identity below", ID "dkim=pass header.d=a.test "
	  "header.i=x@y.a.test", "pass" },
	{ "identity ending alike", ID "dkim=pass header.d=a.test "
	  "header.i=@ba.test", "malformed" },
	{ "cut within the domain", ID "dkim=pass header.d=a.test header.i",
	  "malformed" },
	{ "comment open", ID "dkim=pass header.d=a.test (x", "malformed" },
	{ "comment in a comment", ID "dkim=pass ((x)) header.d=a.test",
	  "malformed" },
	{ "comment closed twice", ID "dkim=pass (x)) header.d=a.test",
	  "malformed" },
	{ "escape in a comment", ID "dkim=pass (\\) ) header.d=a.test",
	  "malformed" },
	{ "quote open", ID "dkim=pass header.d=\"a.test", "malformed" },
	{ "escape in quotes", ID "dkim=pass header.d=\"a\\.test\"",
	  "malformed" },
	{ "text behind quotes", ID "dkim=pass header.d=\"a.test\".b",
	  "malformed" },
	{ "control character", ID "dkim=pass header.d=a.test\x01",
	  "malformed" },
	{ "8 bits", ID "dkim=pass header.d=a.t\xc3\xa9st", "malformed" },
	/* what OpenDKIM makes of i= in a signature; see cm-dkim-tags */
	{ "blank identity", ID "dkim=pass header.d=b.test header.i=; "
	  "dkim=pass header.d=a.test @b.test header.a=rsa-sha256",
	  "malformed" },
};

/* In memory of exactly its size, for sanitizers. */
static enum cm_authres read_copy(const char *value, size_t len,
				 const char *queue_id)
{
	char *copy = malloc(len + 1);
	enum cm_authres answer;

	assert_non_null(copy);
	memcpy(copy, value, len);
	answer = cm_authres_read(copy, len, "mx.test", queue_id, "a.test");
	free(copy);
	return answer;
}

static void reads(void **state)
{
	const struct row *row = *state;

	assert_string_equal(answers[read_copy(row->value, strlen(row->value),
					      "Q1")], row->expect);
}

static void queue_id_as_asked(void **state)
{
	static const char with[] = "mx.test/Q1; dkim=pass header.d=a.test";
	static const char without[] = "mx.test; dkim=pass header.d=a.test";
	static const char odd[] = "mx.test/; dkim=pass header.d=a.test";

	(void)state;
	assert_int_equal(read_copy(with, strlen(with), "*"), CM_AUTHRES_PASS);
	assert_int_equal(read_copy(without, strlen(without), "*"),
			 CM_AUTHRES_PASS);
	assert_int_equal(read_copy(without, strlen(without), NULL),
			 CM_AUTHRES_PASS);
	assert_int_equal(read_copy(with, strlen(with), NULL),
			 CM_AUTHRES_OTHER);
	/* where Postfix told no queue id, nothing fits */
	assert_int_equal(read_copy(odd, strlen(odd), ""), CM_AUTHRES_OTHER);
	assert_int_equal(read_copy(without, strlen(without), ""),
			 CM_AUTHRES_OTHER);
}

/* A value of n results, or properties, or bytes; the last result counts. */
static enum cm_authres read_many(unsigned int results, unsigned int props,
				 size_t size)
{
	static char buf[CM_AUTHRES_MAX_VALUE * 2];
	char *p = buf;
	unsigned int i;

	p += sprintf(p, "mx.test/Q1");
	for (i = 1; i < results; i++)
		p += sprintf(p, ";x=y");
	p += sprintf(p, ";dkim=pass header.d=a.test");
	for (i = 1; i < props; i++)
		p += sprintf(p, " x.p%u=1", i);
	while ((size_t)(p - buf) < size)
		*p++ = ' ';
	return read_copy(buf, (size_t)(p - buf), "Q1");
}

static void limits(void **state)
{
	int i;

	(void)state;
	for (i = -1; i <= 1; i++) {
		enum cm_authres expect = i <= 0 ? CM_AUTHRES_PASS :
						  CM_AUTHRES_MALFORMED;

		assert_int_equal(read_many((unsigned int)
			(CM_AUTHRES_MAX_RESULTS + i), 1, 0), expect);
		assert_int_equal(read_many(1, (unsigned int)
			(CM_AUTHRES_MAX_PROPERTIES + i), 0), expect);
		assert_int_equal(read_many(1, 1, (size_t)
			(CM_AUTHRES_MAX_VALUE + i)), expect);
	}
}

static void word_limit(void **state)
{
	char buf[CM_AUTHRES_MAX_WORD * 2];
	int i;

	(void)state;
	for (i = -1; i <= 1; i++) {
		int n = sprintf(buf, ID "dkim=pass header.d=a.test x.y=%0*d",
				CM_AUTHRES_MAX_WORD + i, 0);

		assert_int_equal(read_copy(buf, (size_t)n, "Q1"), i <= 0 ?
				 CM_AUTHRES_PASS : CM_AUTHRES_MALFORMED);
		n = sprintf(buf, ID "dkim=pass header.d=a.test x.y=\"%0*d\"",
			    CM_AUTHRES_MAX_WORD + i, 0);
		assert_int_equal(read_copy(buf, (size_t)n, "Q1"), i <= 0 ?
				 CM_AUTHRES_PASS : CM_AUTHRES_MALFORMED);
	}
}

static void says_whose_it_is(void **state)
{
	static const struct {
		const char *value;
		bool ours;
	} ids[] = {
		{ "mx.test", true }, { " MX.test ; x", true },
		{ "mx.test/Q; x", true }, { "mx.test/", true },
		{ "\"mx.test\"; x", true }, { "(a) mx.test 1; x", true },
		{ "mx.test\r\n\t; x", true }, { "mx.test; \x01", true },
		{ "mx.testx; x", false }, { "mx; x", false }, { "", false },
		{ "\"mx.test", false }, { "x mx.test", false }
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(cm_authres_is_ours(ids[i].value,
						    strlen(ids[i].value),
						    "mx.test"), ids[i].ours);
}

static void knows_a_good_id(void **state)
{
	char name[CM_ADDR_MAX_DOMAIN + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_true(cm_authres_id_valid("Mx-1.test_x", 11));
	assert_true(cm_authres_id_valid(name, CM_ADDR_MAX_DOMAIN - 1));
	assert_true(cm_authres_id_valid(name, CM_ADDR_MAX_DOMAIN));
	assert_false(cm_authres_id_valid(name, CM_ADDR_MAX_DOMAIN + 1));
	assert_false(cm_authres_id_valid("", 0));
	assert_false(cm_authres_id_valid("a b", 3));
	assert_false(cm_authres_id_valid("a/b", 3));
	assert_false(cm_authres_id_valid("a;b", 3));
	assert_false(cm_authres_id_valid("\"a\"", 3));
	assert_false(cm_authres_id_valid("*", 1));
}

int main(void)
{
	cm_unit_rows(reads, rows);
	cm_unit_test(queue_id_as_asked);
	cm_unit_test(limits);
	cm_unit_test(word_limit);
	cm_unit_test(says_whose_it_is);
	cm_unit_test(knows_a_good_id);
	return cm_unit_run();
}
