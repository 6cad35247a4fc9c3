/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-dkim-tags.h"

/* All that a signature must have. */
#define BASE "v=1; a=rsa-sha256; d=a.test; s=x; h=from; bh=AA==; b=BB=="

static const struct row {
	const char *name, *value;
	bool plain;
} rows[] = {
	{ "least", BASE, true },
	{ "semicolon at the end", BASE ";", true },
	{ "semicolon and blanks at the end", BASE "; \r\n\t", true },
	{ "as OpenDKIM folds it", " v=1; a=rsa-sha256; c=relaxed/simple; "
	  "d=chat.test;\r\n\ts=opendkim; t=1795252295;\r\n\tbh=BMrSog6k+wVS/g="
	  ";\r\n\th=Date:From:\r\n\t cc:list-id;\r\n\tb=nuuOZ6\r\n\t /+PA==",
	  true },
	{ "folded by LF", "v=1;\n\ta=rsa-sha256;\n\td=a.test; s=x; h=from;"
	  "\n\tbh=AA==; b=BB==", true },
	{ "no spaces", "v=1;a=rsa-sha256;d=a.test;s=x;h=from;bh=A;b=B", true },
	{ "spaces around =", "v = 1; a = rsa-sha256 ; d = a.test; s = x; "
	  "h = from ; bh = AA; b = BB", true },
	{ "unknown tags", BASE "; r=y; z=From:a=20b|To:c; foo_1=", true },
	{ "ed25519", "v=1; a=ed25519-sha256; d=a.test; s=x; h=from; bh=A; b=B",
	  true },
	{ "times", BASE "; t=1; x=2", true },
	{ "time that is none", BASE "; t=now", false },
	{ "no time", BASE "; t=", false },
	{ "identity", BASE "; i=@a.test", true },
	{ "identity with a name", BASE "; i=a.b+c@mail.a.test", true },
	{ "identity encoded", BASE "; i=a=20b@a.test", false },
	{ "identity with =", BASE "; i=a=b@a.test", false },
	{ "identity with a space", BASE "; i=a b@a.test", false },
	{ "identity folded", BASE "; i=a\r\n\t@a.test", false },
	{ "identity with a comment", BASE "; i=a(b)@a.test", false },
	{ "identity quoted", BASE "; i=\"a\"@a.test", false },
	{ "identity without @", BASE "; i=a.test", false },
	{ "identity with two @", BASE "; i=a@b@a.test", false },
	{ "identity without domain", BASE "; i=a@", false },
	{ "empty identity", BASE "; i=", false },
	{ "part of the body", BASE "; l=100", false },
	{ "part of the body, empty", BASE "; l=", false },
	{ "l in capitals is another tag", BASE "; L=100", true },
	{ "domain twice", BASE "; d=b.test", false },
	{ "identity twice", BASE "; i=@a.test; i=@a.test", false },
	{ "unknown tag twice", BASE "; y=1; y=1", false },
	{ "no domain", "v=1; a=rsa-sha256; s=x; h=from; bh=A; b=B", false },
	{ "no selector", "v=1; a=rsa-sha256; d=a; h=from; bh=A; b=B", false },
	{ "no version", "a=rsa-sha256; d=a; s=x; h=from; bh=A; b=B", false },
	{ "no algorithm", "v=1; d=a; s=x; h=from; bh=A; b=B", false },
	{ "no header list", "v=1; a=rsa-sha256; d=a; s=x; bh=A; b=B", false },
	{ "no body hash", "v=1; a=rsa-sha256; d=a; s=x; h=from; b=B", false },
	{ "no signature", "v=1; a=rsa-sha256; d=a; s=x; h=from; bh=A", false },
	{ "empty signature", "v=1; a=rsa-sha256; d=a; s=x; h=from; bh=A; b=",
	  false },
	{ "domain with a space", "v=1; a=rsa-sha256; d=a b; s=x; h=from; "
	  "bh=A; b=B", false },
	{ "domain folded", "v=1; a=rsa-sha256; d=a\r\n\tb; s=x; h=from; "
	  "bh=A; b=B", false },
	{ "domain with a property", "v=1; a=rsa-sha256; d=a header.x=b; s=x; "
	  "h=from; bh=A; b=B", false },
	{ "domain with a comment", "v=1; a=rsa-sha256; d=a(b; s=x; h=from; "
	  "bh=A; b=B", false },
	{ "selector with a space", "v=1; a=rsa-sha256; d=a; s=x y; h=from; "
	  "bh=A; b=B", false },
	{ "algorithm with a property", "v=1; a=rsa-sha256 header.d=b; d=a; "
	  "s=x; h=from; bh=A; b=B", false },
	{ "8 bits", BASE "; y=\xc3\xa9", false },
	{ "control character", BASE "; y=\x01", false },
	{ "empty", "", false },
	{ "blank", " \r\n ", false },
	{ "no tag", "junk", false },
	{ "no name", BASE "; =x", false },
	{ "two words as a name", BASE "; y y=x", false },
	{ "a digit first", BASE "; 1=x", false },
	{ "semicolons", BASE ";; y=x", false },
};

static bool plain(const char *value, size_t len)
{
	char *copy = malloc(len + 1);
	bool result;

	assert_non_null(copy);
	memcpy(copy, value, len);
	result = cm_dkim_tags_plain(copy, len);
	free(copy);
	return result;
}

static void tells(void **state)
{
	const struct row *row = *state;

	assert_int_equal(plain(row->value, strlen(row->value)), row->plain);
}

static void nul_is_not_plain(void **state)
{
	static const char in_domain[] = "v=1; a=rsa-sha256; d=a\0b; s=x; "
		"h=from; bh=A; b=B";
	static const char in_name[] = BASE "; \0=B";

	(void)state;
	assert_false(plain(in_domain, sizeof(in_domain) - 1));
	assert_false(plain(in_name, sizeof(in_name) - 1));
}

static void limits(void **state)
{
	char buf[CM_DKIM_TAGS_MAX_VALUE + 100];
	int i, tag;

	(void)state;
	for (i = -1; i <= 1; i++) {
		char *p = buf + sprintf(buf, BASE);

		for (tag = 7; tag < CM_DKIM_TAGS_MAX + i; tag++)
			p += sprintf(p, ";y%d=", tag);
		assert_int_equal(plain(buf, (size_t)(p - buf)), i <= 0);

		tag = sprintf(buf, BASE);
		memset(buf + tag, 'B', sizeof(buf) - (size_t)tag);
		assert_int_equal(plain(buf, (size_t)(CM_DKIM_TAGS_MAX_VALUE +
						     i)), i <= 0);
	}
}

int main(void)
{
	cm_unit_rows(tells, rows);
	cm_unit_test(nul_is_not_plain);
	cm_unit_test(limits);
	return cm_unit_run();
}
