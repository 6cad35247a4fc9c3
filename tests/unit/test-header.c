/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-header.h"

/* Values as "value|name=value|..." or "!rule". */
static const struct row {
	const char *name, *text, *expect;
} rows[] = {
	{ "type alone", "text/plain", "text/plain" },
	{ "in any case", "Text/PLAIN; Charset=UTF-8",
	  "text/plain|charset=UTF-8" },
	{ "quoted", " a/b; c=\"d e\"", "a/b|c=d e" },
	{ "folded", " a/b;\r\n\tc=d;\r\n e=\"f\"", "a/b|c=d|e=f" },
	{ "folded by LF", " a/b;\n\tc=d", "a/b|c=d" },
	{ "semicolon at the end", "a/b; c=d;", "a/b|c=d" },
	{ "quoted and semicolon at the end", "a/b; c=\"d\" ; ", "a/b|c=d" },
	{ "spaces around semicolons", "a/b ; c=d ; e=f", "a/b|c=d|e=f" },
	{ "empty quoted", "a/b; c=\"\"", "a/b|c=" },
	{ "quotes may hold =", "a/b; boundary=\"=_x;y\"",
	  "a/b|boundary==_x;y" },
	{ "most parameters", "a/b; c=1; d=2; e=3; f=4",
	  "a/b|c=1|d=2|e=3|f=4" },
	{ "too many parameters", "a/b; c=1; d=2; e=3; f=4; g=5",
	  "!content-type-syntax" },
	{ "repeated parameter", "a/b; c=1; C=1", "!content-type-syntax" },
	{ "empty", "", "!content-type-syntax" },
	{ "no subtype", "a", "!content-type-syntax" },
	{ "empty subtype", "a/; c=d", "!content-type-syntax" },
	{ "space in the type", "a /b", "!content-type-syntax" },
	{ "slash too many", "a/b/c", "!content-type-syntax" },
	{ "comment", "a/b (c)", "!content-type-syntax" },
	{ "comment first", "(x) a/b", "!content-type-syntax" },
	{ "comment in the type", "multipart/(mixed)encrypted",
	  "!content-type-syntax" },
	{ "comment in a value", "a/b; c=d(e)", "!content-type-syntax" },
	{ "escape", "a/b; c=\"d\\e\"", "!content-type-syntax" },
	{ "quote open", "a/b; c=\"d", "!content-type-syntax" },
	{ "text behind a quote", "a/b; c=\"d\"e", "!content-type-syntax" },
	{ "RFC 2231 continuation", "a/b; c*0=d; c*1=e",
	  "!content-type-syntax" },
	{ "RFC 2231 charset", "a/b; c*=utf-8''d", "!content-type-syntax" },
	{ "no value", "a/b; c", "!content-type-syntax" },
	{ "empty value", "a/b; c=", "!content-type-syntax" },
	{ "spaces around =", "a/b; c = d", "!content-type-syntax" },
	{ "two values", "a/b, c/d", "!content-type-syntax" },
	{ "encoded word", "=?utf-8?q?a?=/b", "!content-type-syntax" },
	{ "eight bits", "a/b; c=\xc3\xa4", "!content-type-syntax" },
	{ "bare CR", "a/b;\rc=d", "!control-character" },
	{ "LF without a fold", "a/b;\nc=d", "!header-syntax" },
	{ "control character", "a/b; c=\"\x01\"", "!control-character" },
	{ "DEL", "a/b; c=\"\x7f\"", "!control-character" },
};

static void parse(const char *text, size_t len, bool is_type, char *out)
{
	struct cm_header_value value;
	char *copy = malloc(len + 1), *p = out;
	enum cm_rule rule;
	unsigned int i;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rule = cm_header_parse(&value, copy, len, is_type);
	free(copy);
	if (rule != CM_RULE_NONE) {
		(void)sprintf(out, "!%s", cm_rule_info(rule)->name);
		return;
	}
	p += sprintf(p, "%s", value.value);
	for (i = 0; i < value.param_count; i++)
		p += sprintf(p, "|%s=%s", value.params[i].name,
			     value.params[i].value);
}

static void reads(void **state)
{
	const struct row *row = *state;
	char out[CM_HEADER_MAX_VALUE + 100];

	parse(row->text, strlen(row->text), true, out);
	assert_string_equal(out, row->expect);
}

static void disposition(void **state)
{
	char out[256];

	(void)state;
	parse("Inline; filename=\"a.b\";", 23, false, out);
	assert_string_equal(out, "inline|filename=a.b");
	parse("a/b", 3, false, out);
	assert_string_equal(out, "!content-type-syntax");
}

static void nul_and_length(void **state)
{
	char text[CM_HEADER_MAX_VALUE + 2], out[CM_HEADER_MAX_VALUE + 100];
	size_t n;

	(void)state;
	parse("a/b;\0c=d", 8, true, out);
	assert_string_equal(out, "!control-character");
	for (n = CM_HEADER_MAX_VALUE - 1; n <= CM_HEADER_MAX_VALUE + 1; n++) {
		memset(text, 'x', n);
		text[1] = '/';
		parse(text, n, true, out);
		assert_int_equal(*out == '!', n > CM_HEADER_MAX_VALUE);
	}
}

static const struct name_row {
	const char *name;
	bool valid;
} names[] = {
	{ "Content-Type", true }, { "x", true }, { "!#$", true },
	{ "", false }, { "a b", false }, { "a ", false }, { "a:", false },
	{ "a\t", false }, { "\xc3\xa4", false }, { "a\x7f", false },
};

static void field_name(void **state)
{
	const struct name_row *row = *state;

	assert_int_equal(cm_header_name_valid(row->name, strlen(row->name)),
			 row->valid);
}

static const struct boundary_row {
	const char *name;
	bool valid;
} boundaries[] = {
	{ "abc", true }, { "----=_Part_1.2'()+_,-./:=?", true },
	{ "a b", false }, { "a ", false }, { "", false }, { "a;b", false },
	{ "a\"", false }, { "a\tb", false }, { "a*", false },
};

static void boundary(void **state)
{
	const struct boundary_row *row = *state;

	assert_int_equal(cm_header_boundary_valid(row->name), row->valid);
}

static void boundary_limit(void **state)
{
	char text[CM_HEADER_MAX_BOUNDARY + 2];
	size_t n;

	(void)state;
	for (n = CM_HEADER_MAX_BOUNDARY - 1; n <= CM_HEADER_MAX_BOUNDARY + 1;
	     n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		assert_int_equal(cm_header_boundary_valid(text),
				 n <= CM_HEADER_MAX_BOUNDARY);
	}
}

static const struct mailbox_row {
	const char *name;
	const char *addr; /* NULL: not one mailbox */
} mailboxes[] = {
	{ "a@B.test", "a@b.test" },
	{ " <a@b.test>\r\n ", "a@b.test" },
	{ "Some Body <a@b.test>", "a@b.test" },
	{ "\"Body, S. \\\"<x@y>\\\"\" <a@b.test>", "a@b.test" },
	{ "\"x@y\"<a@[1.2.3.4]>", "a@[1.2.3.4]" },
	{ "=?utf-8?q?=C3=A4?= <a@b.test>", "a@b.test" },
	{ "<a@b.test>, <c@d.test>", NULL },
	{ "a@b.test, c@d.test", NULL },
	{ "\"x\" y <a@b.test>", NULL },
	{ "\"x <a@b.test>", NULL },
	{ "\"x\\\" <a@b.test>", NULL },
	{ "x: <a@b.test>", NULL },
	{ "x (y) <a@b.test>", NULL },
	{ "x@y <a@b.test>", NULL },
	{ "<@x:a@b.test>", NULL },
	{ "<a@b.test> x", NULL },
	{ "<a b@c>", NULL },
	{ "<>", NULL },
	{ ">", NULL },
	{ "text", NULL },
	{ "", NULL }
};

static void mailbox(void **state)
{
	const struct mailbox_row *row = *state;
	struct cm_addr addr;
	int ret = cm_header_mailbox(row->name, strlen(row->name), &addr);

	assert_int_equal(ret, row->addr != NULL ? 0 : -1);
	if (row->addr != NULL)
		assert_string_equal(addr.text, row->addr);
}

/* The longest value, most of it a name. */
static void mailbox_limit(void **state)
{
	char value[CM_HEADER_MAX_VALUE + 2];
	struct cm_addr addr;
	size_t n;

	(void)state;
	for (n = CM_HEADER_MAX_VALUE - 1; n <= CM_HEADER_MAX_VALUE + 1; n++) {
		memset(value, 'x', n);
		memcpy(value + n - 5, "<a@b>", 5);
		assert_int_equal(cm_header_mailbox(value, n, &addr),
				 n <= CM_HEADER_MAX_VALUE ? 0 : -1);
	}
}

int main(void)
{
	cm_unit_rows(mailbox, mailboxes);
	cm_unit_test(mailbox_limit);
	cm_unit_rows(reads, rows);
	cm_unit_test(disposition);
	cm_unit_test(nul_and_length);
	cm_unit_rows(field_name, names);
	cm_unit_rows(boundary, boundaries);
	cm_unit_test(boundary_limit);
	return cm_unit_run();
}
