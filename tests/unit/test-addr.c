/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-addr.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

static const struct row {
	const char *name;
	const char *text;
	const char *expect; /* NULL: refused */
} rows[] = {
	{ "plain", "ab@c.d", "ab@c.d" },
	{ "lower-cased", "AbZ@C.Zd", "abz@c.zd" },
	{ "local of 63", A60 "aaa@b", A60 "aaa@b" },
	{ "local of 64", A60 "aaaa@b", A60 "aaaa@b" },
	{ "local of 65", A60 "aaaaa@b", NULL },
	{ "every atext", "!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~@b" },
	{ "dots", "a.b.c@d", "a.b.c@d" },
	{ "leading dot", ".a@d", NULL },
	{ "trailing dot", "a.@d", NULL },
	{ "two dots", "a..b@d", NULL },
	{ "no at", "ab", NULL },
	{ "empty", "", NULL },
	{ "only at", "@", NULL },
	{ "empty local", "@b", NULL },
	{ "empty domain", "a@", NULL },
	{ "two ats", "a@b@c", NULL },
	{ "blank", "a b@c", NULL },
	{ "quoted", "\"a\"@c", NULL },
	{ "angle brackets", "<a@c>", NULL },
	{ "eight bit local", "\xc3\xa4@c", NULL },
	{ "eight bit domain", "a@\xc3\xa4", NULL },
	{ "control", "a\x01@c", NULL },
	{ "newline", "a@c\n", NULL },
	{ "underscore label", "a@_x.test", "a@_x.test" },
	{ "leading hyphen", "a@-x.y", NULL },
	{ "trailing hyphen", "a@x-.y", NULL },
	{ "last hyphen", "a@x.y-", NULL },
	{ "inner hyphen", "a@x-z.y", "a@x-z.y" },
	{ "trailing dot of the domain", "a@x.y.", NULL },
	{ "empty label", "a@x..y", NULL },
	{ "IPv4 literal", "a@[1.2.3.4]", "a@[1.2.3.4]" },
	{ "IPv4 literal out of range", "a@[1.2.3.256]", NULL },
	{ "IPv4 literal of three parts", "a@[1.2.3]", NULL },
	{ "IPv6 literal", "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]" },
	{ "IPv6 without its tag", "a@[2001:db8::1]", NULL },
	{ "IPv6 tag on IPv4", "a@[IPv6:1.2.3.4]", NULL },
	{ "empty IPv6", "a@[IPv6:]", NULL },
	{ "empty literal", "a@[]", NULL },
	{ "open literal", "a@[1.2.3.4", NULL },
};

static void parses(void **state)
{
	const struct row *row = *state;
	struct cm_addr addr;
	int ret = cm_addr_parse(&addr, row->text, strlen(row->text));

	if (row->expect == NULL) {
		assert_int_equal(ret, -1);
		return;
	}
	assert_int_equal(ret, 0);
	assert_string_equal(addr.text, row->expect);
	assert_int_equal(addr.local_len, strcspn(row->expect, "@"));
	assert_string_equal(addr.domain, strchr(row->expect, '@') + 1);
}

static void stops_at_len(void **state)
{
	struct cm_addr addr;

	(void)state;
	assert_int_equal(cm_addr_parse(&addr, "a@bcd", 4), 0);
	assert_string_equal(addr.text, "a@bc");
}

static void refuses_nul(void **state)
{
	struct cm_addr addr;

	(void)state;
	assert_int_equal(cm_addr_parse(&addr, "a\0b@c", 5), -1);
	assert_int_equal(cm_addr_parse(&addr, "a@c\0d", 5), -1);
	assert_int_equal(cm_addr_parse(&addr, "a@[1.2.3.4\0]", 12), -1);
	assert_int_equal(cm_addr_parse(&addr, NULL, 0), -1);
}

static void limits_domain(void **state)
{
	char text[2 + CM_ADDR_MAX_DOMAIN + 2];
	struct cm_addr addr;

	(void)state;
	memset(text, 'd', sizeof(text));
	memcpy(text, "a@", 2);
	assert_int_equal(cm_addr_parse(&addr, text,
				       2 + CM_ADDR_MAX_DOMAIN - 1), 0);
	assert_int_equal(cm_addr_parse(&addr, text,
				       2 + CM_ADDR_MAX_DOMAIN), 0);
	assert_int_equal(strlen(addr.domain), CM_ADDR_MAX_DOMAIN);
	assert_int_equal(cm_addr_parse(&addr, text,
				       2 + CM_ADDR_MAX_DOMAIN + 1), -1);
}

static void compares_ascii(void **state)
{
	(void)state;
	assert_true(cm_ascii_equal("", ""));
	assert_true(cm_ascii_equal("aZ@1", "Az@1"));
	assert_int_equal(cm_ascii_compare_n("aZ1", "Az2", 2), 0);
	assert_true(cm_ascii_compare_n("aZ1", "Az2", 3) < 0);
	assert_true(cm_ascii_compare_n("aZ2", "Az1", 3) > 0);
	assert_false(cm_ascii_equal("a", "ab"));
	assert_false(cm_ascii_equal("ab", "a"));
	assert_false(cm_ascii_equal("@", "`"));
	assert_false(cm_ascii_equal("[", "{"));
	assert_false(cm_ascii_equal("\xc3\x84", "\xc3\xa4"));
}

static const struct literal_row {
	const char *name, *domain, *ip;
	bool expect;
} literals[] = {
	{ "the same", "[192.0.2.1]", "192.0.2.1", true },
	{ "another", "[192.0.2.1]", "192.0.2.10", false },
	{ "not known", "[192.0.2.1]", "", false },
	{ "no address", "[192.0.2.1]", "unknown", false },
	{ "no literal", "192.0.2.1", "192.0.2.1", false },
	{ "open literal", "[192.0.2.1", "192.0.2.1", false },
	{ "IPv6", "[IPv6:2001:db8::1]", "2001:db8::1", true },
	{ "IPv6 as Postfix tells it", "[IPv6:2001:db8::1]",
	  "IPv6:2001:db8::1", true },
	{ "IPv6 in another spelling", "[ipv6:2001:DB8:0:0::1]",
	  "IPv6:2001:db8::1", true },
	{ "IPv6, another", "[IPv6:2001:db8::1]", "IPv6:2001:db8::2", false },
	{ "IPv6 and IPv4", "[IPv6:2001:db8::1]", "192.0.2.1", false },
	{ "IPv4 and IPv6", "[192.0.2.1]", "2001:db8::1", false },
	{ "IPv4 mapped", "[IPv6:::ffff:192.0.2.1]", "192.0.2.1", false },
	{ "both empty", "[]", "", false },
};

static void compares_literals(void **state)
{
	const struct literal_row *row = *state;

	assert_int_equal(cm_addr_literal_is(row->domain, row->ip),
			 row->expect);
}

static const struct plain_row {
	const char *addr;
	bool expect;
} plains[] = {
	{ "a@b", true },
	{ "Mailer-Daemon+x=y@mail.x_y.test", true },
	{ "j\303\274rgen@b\303\274cher.test", true },
	{ "a@[192.0.2.1]", true },
	{ "a@[IPv6:2001:db8::1]", true },
	{ "a@[Hello]", false },
	{ "a@[192.0.2.1", false },
	{ "\"Hello Bob\"@b.test", false },
	{ "\"a\"@b.test", false },
	{ "Hello Bob@b.test", false },
	{ "a\\b@b.test", false },
	{ "a@b@c", false },
	{ "a@b c", false },
	{ "a@\"b\"", false },
	{ "a", false },
	{ "a@", false },
	{ "@b", false },
	{ "", false },
};

static void knows_plain_ones(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plains) / sizeof(*plains); i++) {
		if (cm_addr_is_plain(plains[i].addr) != plains[i].expect)
			fail_msg("%s", plains[i].addr);
	}
}

int main(void)
{
	cm_unit_rows(parses, rows);
	cm_unit_test(stops_at_len);
	cm_unit_test(refuses_nul);
	cm_unit_test(limits_domain);
	cm_unit_test(compares_ascii);
	cm_unit_rows(compares_literals, literals);
	cm_unit_test(knows_plain_ones);
	return cm_unit_run();
}
