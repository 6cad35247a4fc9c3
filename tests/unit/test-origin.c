/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-origin.h"

#define SECRET "0123456789abcdef"
#define SIG "DKIM-Signature:v=1;a=rsa-sha256;d=b.test;s=x;h=from;bh=A;b=B\n"
#define ODD "DKIM-Signature:d=a.test\n"
#define AR "Authentication-Results:"
#define GOOD AR "mx.test/Q1; dkim=pass header.d=a.test\n"

/* Fields, one a line; read with authserv_id mx.test/QUEUE_ID, queue id Q1 and
 * a From of x@a.test where a row says nothing else. */
static const struct row {
	const char *name, *fields, *expect, *id, *queue_id, *from;
} rows[] = {
	{ "the secret where none is set", AR "mx.test-" SECRET "/Q1; "
	  "dkim=pass header.d=a.test\n" SIG, "dkim-unverified", 0, 0, 0 },
	{ "signed", GOOD SIG, "none", 0, 0, 0 },
	{ "in any order", SIG GOOD, "none", 0, 0, 0 },
	{ "in any case", "dkim-signature" "" ":v=1;a=b;d=c;s=d;h=e;bh=f;b=g\n"
	  "AUTHENTICATION-RESULTS:MX.TEST/Q1;dkim=pass header.d=A.TEST\n",
	  "none", 0, 0, 0 },
	{ "From in capitals", GOOD SIG, "none", 0, 0, "X@A.TEST" },
	{ "no header", "", "dkim-missing", 0, 0, 0 },
	{ "not signed, a result all the same", GOOD, "dkim-missing", 0, 0, 0 },
	{ "odd signature", GOOD SIG ODD, "dkim-signature", 0, 0, 0 },
	{ "odd signature first", GOOD ODD SIG, "dkim-signature", 0, 0, 0 },
	{ "no result", SIG, "dkim-unverified", 0, 0, 0 },
	{ "result of somebody else", AR "x; dkim=pass header.d=a.test\n" SIG,
	  "dkim-unverified", 0, 0, 0 },
	{ "of somebody else on top", AR "x; dkim=pass header.d=a.test\n"
	  GOOD SIG, "dkim-unverified", 0, 0, 0 },
	{ "of somebody else below", GOOD AR "x; dkim=fail\n" SIG, "none",
	  0, 0, 0 },
	{ "junk on top", AR "(\n" GOOD SIG, "dkim-unverified", 0, 0, 0 },
	{ "empty on top", AR "\n" GOOD SIG, "dkim-unverified", 0, 0, 0 },
	{ "twice in our name", GOOD GOOD SIG, "dkim-forged", 0, 0, 0 },
	{ "in our name below", GOOD AR "\"MX.test\" 1; x\n" SIG,
	  "dkim-forged", 0, 0, 0 },
	{ "with a queue id below", GOOD AR "mx.test/Q2; x\n" SIG,
	  "dkim-forged", 0, 0, 0 },
	{ "other domain", AR "mx.test/Q1; dkim=pass header.d=b.test\n" SIG,
	  "dkim-invalid", 0, 0, 0 },
	{ "other domain, forged below", AR "mx.test/Q1; dkim=pass "
	  "header.d=b.test\n" GOOD SIG, "dkim-invalid", 0, 0, 0 },
	{ "no valid signature", AR "mx.test/Q1; dkim=fail\n" SIG,
	  "dkim-invalid", 0, 0, 0 },
	{ "DNS gone", AR "mx.test/Q1; dkim=temperror header.d=a.test\n" SIG,
	  "dkim-temporary", 0, 0, 0 },
	{ "other queue id", GOOD SIG, "dkim-unverified", 0, "Q2", 0 },
	{ "queue id not known", GOOD SIG, "dkim-unverified", 0, "", 0 },
	{ "any queue id", GOOD SIG, "none", 0, "*", 0 },
	{ "queue id that is the setting's", AR "mx.test/QUEUE_ID; dkim=pass "
	  "header.d=a.test\n" SIG, "dkim-unverified", 0, 0, 0 },
	{ "no queue id wanted", AR "mx.test; dkim=pass header.d=a.test\n" SIG,
	  "none", "mx.test", 0, 0 },
	{ "no queue id wanted, one there", GOOD SIG, "dkim-unverified",
	  "mx.test", 0, 0 },
	{ "child of the domain", GOOD SIG, "dkim-invalid", 0, 0,
	  "x@b.a.test" },
	{ "address literal", "", "none", 0, 0, "x@[192.0.2.1]" },
	{ "IPv6 literal", ODD, "none", 0, 0, "x@[IPv6:::1]" },
	{ "no From", GOOD SIG, "dkim-invalid", 0, 0, "" },
};

/* The same, where the name ends in SECRET. */
static const struct row secret_rows[] = {
	{ "with the secret", AR "mx.test-" SECRET "/Q1; dkim=pass "
	  "header.d=a.test\n" SIG, "none", 0, 0, 0 },
	{ "right queue id, but no secret", GOOD SIG, "dkim-unverified",
	  0, 0, 0 },
	{ "the same below", AR "mx.test-" SECRET "/Q1; dkim=pass "
	  "header.d=a.test\n" GOOD SIG, "none", 0, 0, 0 },
	{ "another secret", AR "mx.test-" SECRET "0/Q1; dkim=pass "
	  "header.d=a.test\n" SIG, "dkim-unverified", 0, 0, 0 },
	{ "the secret, but another queue id", AR "mx.test-" SECRET "/Q2; "
	  "dkim=pass header.d=a.test\n" SIG, "dkim-unverified",
	  0, 0, 0 },
	{ "the secret twice", AR "mx.test-" SECRET "/Q1; dkim=pass "
	  "header.d=a.test\n" AR "mx.test-" SECRET "; x\n" SIG,
	  "dkim-forged", 0, 0, 0 },
};

static void feed(struct cm_origin *origin, const char *fields)
{
	while (*fields != '\0') {
		const char *colon = strchr(fields, ':');
		const char *end = strchr(fields, '\n');

		cm_origin_header(origin, fields, (size_t)(colon - fields),
				 colon + 1, (size_t)(end - colon - 1));
		fields = end + 1;
	}
}

static void decide(const struct row *row, const char *secret)
{
	struct cm_origin origin;
	enum cm_rule rule;

	memset(&origin, 0xff, sizeof(origin));
	cm_origin_begin(&origin, row->id != NULL ? row->id :
						   "mx.test/QUEUE_ID",
			secret);
	feed(&origin, row->fields);
	rule = cm_origin_rule(&origin, row->queue_id != NULL ?
			      row->queue_id : "Q1",
			      row->from != NULL ? row->from : "x@a.test");
	assert_string_equal(cm_rule_info(rule)->name, row->expect);
}

static void decides(void **state)
{
	decide(*state, "");
}

static void decides_by_a_secret(void **state)
{
	decide(*state, SECRET);
}

static void a_long_result_is_none(void **state)
{
	char value[CM_AUTHRES_MAX_VALUE + 1];
	struct cm_origin origin;
	int i;

	(void)state;
	for (i = -1; i <= 1; i++) {
		memset(value, ' ', sizeof(value));
		memcpy(value, "mx.test/Q1;dkim=pass header.d=a.test", 36);
		cm_origin_begin(&origin, "mx.test/QUEUE_ID", "");
		feed(&origin, SIG);
		cm_origin_header(&origin, "Authentication-Results", 22, value,
				 (size_t)(CM_AUTHRES_MAX_VALUE + i));
		assert_int_equal(cm_origin_rule(&origin, "Q1", "x@a.test"),
				 i <= 0 ? CM_RULE_NONE :
					  CM_RULE_DKIM_UNVERIFIED);
	}
}

static void knows_good_settings(void **state)
{
	char name[300];

	(void)state;
	assert_true(cm_origin_id_valid("mx.test"));
	assert_true(cm_origin_id_valid("mx.test/QUEUE_ID"));
	assert_false(cm_origin_id_valid(""));
	assert_false(cm_origin_id_valid("/QUEUE_ID"));
	assert_false(cm_origin_id_valid("mx.test/"));
	assert_false(cm_origin_id_valid("mx.test/queue_id"));
	assert_false(cm_origin_id_valid("mx.test/QUEUE_ID/QUEUE_ID"));
	memset(name, 'x', 255);
	strcpy(name + 255, "/QUEUE_ID");
	assert_true(cm_origin_id_valid(name));
	memset(name, 'x', 256);
	strcpy(name + 256, "/QUEUE_ID");
	assert_false(cm_origin_id_valid(name));
}

static void knows_good_secrets(void **state)
{
	static const char text[] = "0123456789abcdefABCDEFghijklmnopqrstuvwxyz";
	struct cm_origin origin;
	char id[300], secret[CM_ORIGIN_MAX_SECRET + 1] = "", value[400];

	(void)state;
	assert_false(cm_origin_secret_valid(text, 15));
	assert_true(cm_origin_secret_valid(text, 16));
	assert_true(cm_origin_secret_valid(text, 40));
	assert_false(cm_origin_secret_valid(text, 41));
	assert_false(cm_origin_secret_valid("0123456789abcdef\n", 17));
	assert_false(cm_origin_secret_valid("0123456789-abcdef", 17));
	/* the longest of everything */
	memset(id, 'x', 255);
	strcpy(id + 255, "/QUEUE_ID");
	memcpy(secret, text, CM_ORIGIN_MAX_SECRET);
	cm_origin_begin(&origin, id, secret);
	feed(&origin, SIG);
	(void)snprintf(value, sizeof(value), "%.255s-%s/4gcbXJ1CkyzZqTBdW; "
		       "dkim=pass header.d=a.test", id, secret);
	cm_origin_header(&origin, "Authentication-Results", 22, value,
			 strlen(value));
	assert_int_equal(cm_origin_rule(&origin, "4gcbXJ1CkyzZqTBdW",
					"x@a.test"), CM_RULE_NONE);
}

int main(void)
{
	cm_unit_rows(decides, rows);
	cm_unit_rows(decides_by_a_secret, secret_rows);
	cm_unit_test(a_long_result_is_none);
	cm_unit_test(knows_good_settings);
	cm_unit_test(knows_good_secrets);
	return cm_unit_run();
}
