/* SPDX-License-Identifier: MIT
 *
 * cm-lines, cm-base64 and cm-qp: what undoes the wire's encodings.
 */
#include "cm-unit.h"
#include "cm-base64.h"
#include "cm-lines.h"
#include "cm-qp.h"

struct collected {
	char text[8192];
	size_t used;
};

static enum cm_rule collect(void *ctx, const unsigned char *line, size_t len)
{
	struct collected *c = ctx;

	if (len == 4 && memcmp(line, "stop", 4) == 0)
		return CM_RULE_PREAMBLE;
	c->used += (size_t)snprintf(c->text + c->used,
				    sizeof(c->text) - c->used, "%.*s|",
				    (int)len, (const char *)line);
	return CM_RULE_NONE;
}

/* Result: lines, each with '|' behind it, then "!rule" if one was broken. */
static void cut(const char *text, size_t size, size_t piece, bool allow_lf,
		struct collected *c)
{
	struct cm_lines *lines = malloc(sizeof(*lines));
	enum cm_rule rule = CM_RULE_NONE;
	size_t n;

	assert_non_null(lines);
	c->used = 0;
	c->text[0] = '\0';
	cm_lines_init(lines, allow_lf);
	for (; size > 0 && rule == CM_RULE_NONE; text += n, size -= n) {
		unsigned char *copy;

		n = piece < size ? piece : size;
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, text, n);
		rule = cm_lines_feed(lines, copy, n, collect, c);
		free(copy);
	}
	if (rule == CM_RULE_NONE)
		rule = cm_lines_finish(lines, collect, c);
	if (rule != CM_RULE_NONE)
		(void)snprintf(c->text + c->used, sizeof(c->text) - c->used,
			       "!%s", cm_rule_info(rule)->name);
	free(lines);
}

static const struct row {
	const char *name, *text, *expect, *expect_lf;
} rows[] = {
	{ "two", "a\r\nbc\r\n", "a|bc|", "a|bc|" },
	{ "empty lines", "\r\n\r\n", "||", "||" },
	{ "nothing", "", "", "" },
	{ "last one open", "a\r\nb", "a|b|", "a|b|" },
	{ "lone LF", "a\nb\r\n", "!line-ending", "a|b|" },
	{ "lone LF at the end", "a\r\nb\n", "a|!line-ending", "a|b|" },
	{ "lone CR stays", "a\rb\r\n", "a\rb|", "a\rb|" },
	{ "CR CR LF", "a\r\r\n", "a\r|", "a\r|" },
	{ "told to stop", "a\r\nstop\r\nb\r\n", "a|!preamble", "a|!preamble" },
};

static void cuts(void **state)
{
	const struct row *row = *state;
	struct collected c;
	size_t piece;

	for (piece = 1; piece < 20; piece++) {
		cut(row->text, strlen(row->text), piece, false, &c);
		assert_string_equal(c.text, row->expect);
		cut(row->text, strlen(row->text), piece, true, &c);
		assert_string_equal(c.text, row->expect_lf);
	}
}

static void line_limit(void **state)
{
	char text[CM_LINES_MAX + 3];
	struct collected c;
	size_t n, piece;

	(void)state;
	for (n = CM_LINES_MAX - 1; n <= CM_LINES_MAX + 1; n++) {
		for (piece = 1; piece < 2000; piece += 333) {
			memset(text, 'x', n);
			memcpy(text + n, "\r", 2);
			text[n] = '\r';
			cut(text, n, piece, false, &c);
			assert_int_equal(strstr(c.text, "!line-length") !=
					 NULL, n > CM_LINES_MAX);
		}
	}
	/* with its line end */
	for (n = CM_LINES_MAX - 1; n <= CM_LINES_MAX + 1; n++) {
		char *whole = malloc(n + 2);

		assert_non_null(whole);
		memset(whole, 'x', n);
		memcpy(whole + n, "\r\n", 2);
		for (piece = 1; piece < 2000; piece += 333) {
			cut(whole, n + 2, piece, false, &c);
			assert_int_equal(strstr(c.text, "!line-length") !=
					 NULL, n > CM_LINES_MAX);
			assert_int_equal(strstr(c.text, "x|") != NULL,
					 n <= CM_LINES_MAX);
		}
		free(whole);
	}
}

/* A long line that ends in LF alone breaks two rules. Which one is named must
 * not depend on the pieces that it comes in. */
static void long_lone_lf(void **state)
{
	char text[CM_LINES_MAX + 8];
	struct collected whole, pieces;
	size_t n, piece;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (n = CM_LINES_MAX; n < sizeof(text); n++) {
		text[n] = '\n';
		cut(text, n + 1, sizeof(text), false, &whole);
		for (piece = 1; piece < 1200; piece += 111) {
			cut(text, n + 1, piece, false, &pieces);
			assert_string_equal(pieces.text, whole.text);
		}
		text[n] = 'x';
	}
}

/* RFC 4648 10, and what is no base64. "!" = refused, "+" = cut off. */
static const struct base64_row {
	const char *name, *text, *expect;
} base64_rows[] = {
	{ "nothing", "", "" },
	{ "f", "Zg==", "f" },
	{ "fo", "Zm8=", "fo" },
	{ "foo", "Zm9v", "foo" },
	{ "foobar", "Zm9vYmFy", "foobar" },
	{ "all bits", "+/+/", "\xfb\xff\xbf" },
	{ "cut off", "Zm9vYg", "foo+" },
	{ "padding early", "Zg==Zm9v", "!" },
	{ "padding alone", "====", "!" },
	{ "one padding too many", "Zg===", "!" },
	{ "padding after one", "Z===", "!" },
	{ "padding in the middle", "Zg=v", "!" },
	{ "bits left over, one", "Zh==", "!" },
	{ "bits left over, two", "Zm9=", "!" },
	{ "space", "Zm 9v", "!" },
	{ "url alphabet", "Zm_v", "!" },
	{ "eight bits", "Zm\xffv", "!" },
};

static void base64(void **state)
{
	const struct base64_row *row = *state;
	size_t piece, len = strlen(row->text), pos, n, used, size;

	for (piece = 1; piece <= len + 1; piece++) {
		struct cm_base64 b = { 0 };
		unsigned char out[64];
		int ret = 0;

		used = 0;
		for (pos = 0; pos < len && ret == 0; pos += n) {
			n = piece < len - pos ? piece : len - pos;
			ret = cm_base64_decode(
				&b, (const unsigned char *)row->text + pos, n,
				out + used, &size);
			if (ret == 0)
				used += size;
		}
		out[used] = '\0';
		if (*row->expect == '!') {
			assert_int_equal(ret, -1);
			continue;
		}
		assert_int_equal(ret, 0);
		if (!cm_base64_at_end(&b))
			strcpy((char *)out + used, "+");
		assert_string_equal((char *)out, row->expect);
	}
}

/* "$" = the line goes on. */
static const struct qp_row {
	const char *name, *text, *expect;
} qp_rows[] = {
	{ "plain", "Hello, World.", "Hello, World." },
	{ "empty", "", "" },
	{ "escape", "=3Dx=e4", "=x\xe4" },
	{ "soft end", "a=", "a$" },
	{ "soft end alone", "=", "$" },
	{ "tab inside", "a\tb", "a\tb" },
	{ "space at the end", "a ", "!" },
	{ "tab at the end", "a\t", "!" },
	{ "space before a soft end", "a =", "a $" },
	{ "eight bits", "\xc3\xa4", "!" },
	{ "CR", "a\rb", "!" },
	{ "half an escape", "a=3", "!" },
	{ "no escape", "a=zz", "!" },
};

static void qp(void **state)
{
	const struct qp_row *row = *state;
	size_t size = 0, len = strlen(row->text);
	unsigned char *line = malloc(len + 1), out[100];
	bool soft;
	int ret;

	assert_non_null(line);
	memcpy(line, row->text, len);
	ret = cm_qp_decode_line(line, len, out, &size, &soft);
	free(line);
	if (*row->expect == '!') {
		assert_int_equal(ret, -1);
		return;
	}
	assert_int_equal(ret, 0);
	if (soft)
		out[size++] = '$';
	out[size] = '\0';
	assert_string_equal((char *)out, row->expect);
}

static void qp_limit(void **state)
{
	unsigned char line[CM_QP_MAX_LINE + 1], out[CM_QP_MAX_LINE + 1];
	size_t n, size;
	bool soft;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (n = CM_QP_MAX_LINE - 1; n <= CM_QP_MAX_LINE + 1; n++)
		assert_int_equal(cm_qp_decode_line(line, n, out, &size, &soft),
				 n <= CM_QP_MAX_LINE ? 0 : -1);
}

int main(void)
{
	cm_unit_rows(cuts, rows);
	cm_unit_test(line_limit);
	cm_unit_test(long_lone_lf);
	cm_unit_rows(base64, base64_rows);
	cm_unit_rows(qp, qp_rows);
	cm_unit_test(qp_limit);
	return cm_unit_run();
}
