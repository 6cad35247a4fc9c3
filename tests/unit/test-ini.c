/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-ini.h"

/* What a text gives: "section|key|value|line" per entry, entries divided by
 * '~', ending in "!line error" when the reader refused. */
static const struct row {
	const char *name;
	const char *text;
	const char *expect;
} rows[] = {
	{ "empty", "", "" },
	{ "one", "[s]\na = b\n", "s|a|b|2" },
	{ "colon", "[s]\na: b\n", "s|a|b|2" },
	{ "the first of = and : divides", "a = b:c\nd: e=f\n",
	  "|a|b:c|1~|d|e=f|2" },
	{ "no last newline", "[s]\na=b", "s|a|b|2" },
	{ "CRLF", "[s]\r\na = b\r\n", "s|a|b|2" },
	{ "before a section", "a=b\n", "|a|b|1" },
	{ "spaces around", "[ s ]\na \t=\t b c \t\n", "s|a|b c|2" },
	{ "empty value", "a =\n", "|a||1" },
	{ "comments", "# x\n; y\n  # z\na=b\n", "|a|b|4" },
	{ "no comment behind a value", "a = b # c ; d\n", "|a|b # c ; d|1" },
	{ "empty lines", "\n\n  \na=b\n\n\nc=d\n", "|a|b|4~|c|d|7" },
	{ "two sections", "[s]\na=b\n[t]\nc=d\n", "s|a|b|2~t|c|d|4" },
	{ "empty section name", "[]\na=b\n", "|a|b|2" },
	{ "continuation", "a = b\n c\n\td \ne=f\n", "|a|b\nc\nd|1~|e|f|4" },
	{ "continuation of an empty value", "a =\n  b\n", "|a|b|1" },
	{ "continuation with CRLF", "a = b\r\n  c\r\n", "|a|b\nc|1" },
	{ "continuation may hold =", "a = b\n  c = d\n", "|a|b\nc = d|1" },
	{ "goes on over an empty line", "a = b\n\n  c = d\n", "|a|b\nc = d|1" },
	{ "goes on over a blank line", "a = b\n  \n  c\n", "|a|b\nc|1" },
	{ "goes on over a comment", "a = b\n# x\n  c\nd=e\n",
	  "|a|b\nc|1~|d|e|4" },
	{ "an indented # is text", "a = b\n  # x\nd=e\n",
	  "|a|b\n# x|1~|d|e|3" },
	{ "a section ends it", "a = b\n  c\n[s]\nd=e\n",
	  "|a|b\nc|1~s|d|e|4" },
	{ "nothing goes on after a section", "a = b\n[s]\n  c\n",
	  "|a|b|1~!3 an indented line goes on with a value, but there is "
	  "none above it" },
	{ "nothing goes on at the beginning", " a = b\n",
	  "!1 an indented line goes on with a value, but there is none "
	  "above it" },
	{ "byte order mark", "\xEF\xBB\xBF[s]\na=b\n", "s|a|b|2" },
	{ "eight bit", "a = \xc3\xa4\n", "|a|\xc3\xa4|1" },
	{ "no =", "[s]\na b\n", "!2 expected \"key = value\", \"[section]\" "
	  "or a comment beginning with # or ;" },
	{ "no key", "= b\n", "!1 expected \"key = value\", \"[section]\" "
	  "or a comment beginning with # or ;" },
	{ "open section", "[s\n", "!1 expected \"key = value\", \"[section]\" "
	  "or a comment beginning with # or ;" },
	{ "refused line is named", "a=b\n c\n\n#\nd\n",
	  "|a|b\nc|1~!5 expected \"key = value\", \"[section]\" "
	  "or a comment beginning with # or ;" },
};

static void run(const char *text, size_t size, char *out, size_t out_size)
{
	struct cm_ini *ini = malloc(sizeof(*ini));
	const char *error;
	size_t used = 0;
	int ret;

	assert_non_null(ini);
	*out = '\0';
	cm_ini_init(ini, text, size);
	while ((ret = cm_ini_next(ini, &error)) > 0 && used < out_size) {
		assert_null(error);
		used += (size_t)snprintf(out + used, out_size - used,
					 "%s%s|%s|%s|%u", used > 0 ? "~" : "",
					 ini->section, ini->key, ini->value,
					 ini->line);
	}
	if (ret < 0 && used < out_size)
		(void)snprintf(out + used, out_size - used, "%s!%u %s",
			       used > 0 ? "~" : "", ini->line, error);
	if (ret == 0) {
		assert_int_equal(cm_ini_next(ini, &error), 0);
		assert_null(error);
	}
	free(ini);
}

static void reads(void **state)
{
	const struct row *row = *state;
	/* its end is the end of the allocation, for valgrind and ASan */
	size_t size = strlen(row->text);
	char *copy = malloc(size + 1), out[2048];

	assert_non_null(copy);
	memmove(copy + 1, row->text, size);
	run(copy + 1, size, out, sizeof(out));
	free(copy);
	assert_string_equal(out, row->expect);
}

static void refuses_nul(void **state)
{
	static const char in_key[] = "a=b\nc\0c=d", in_value[] = "a=b\0c",
		in_continuation[] = "a=b\n c\0d", in_comment[] = "#\0\na=b";
	char out[256];

	(void)state;
	run(in_key, sizeof(in_key) - 1, out, sizeof(out));
	assert_string_equal(out, "|a|b|1~!2 NUL byte in the file");
	run(in_value, sizeof(in_value) - 1, out, sizeof(out));
	assert_string_equal(out, "!1 NUL byte in the file");
	run(in_continuation, sizeof(in_continuation) - 1, out, sizeof(out));
	assert_string_equal(out, "!2 NUL byte in the file");
	run(in_comment, sizeof(in_comment) - 1, out, sizeof(out));
	assert_string_equal(out, "!1 NUL byte in the file");
}

/* PREFIX + n times 'x' + SUFFIX: 1 for an entry, -1 for a refusal */
static int long_one(const char *prefix, size_t n, const char *suffix,
		    struct cm_ini *ini, const char **error_r)
{
	size_t prefix_len = strlen(prefix), suffix_len = strlen(suffix);
	char *text = malloc(prefix_len + n + suffix_len);
	int ret;

	assert_non_null(text);
	memcpy(text, prefix, prefix_len);
	memset(text + prefix_len, 'x', n);
	memcpy(text + prefix_len + n, suffix, suffix_len);
	cm_ini_init(ini, text, prefix_len + n + suffix_len);
	ret = cm_ini_next(ini, error_r);
	free(text);
	return ret;
}

static const struct limit {
	const char *name;
	const char *prefix, *suffix;
	size_t max;
	const char *error;
} limits[] = {
	{ "key", "", " = b\n", CM_INI_MAX_KEY, "key is empty or too long" },
	{ "section", "[", "]\na=b\n", CM_INI_MAX_KEY,
	  "section name is too long" },
	{ "value", "a = ", "\n", CM_INI_MAX_VALUE, "value is too long" },
	{ "value with its continuation", "a = b\n  ", "\n",
	  CM_INI_MAX_VALUE - 2, "value is too long" },
	{ "value of a continuation alone", "a =\n  ", "\n",
	  CM_INI_MAX_VALUE, "value is too long" },
};

static void limits_length(void **state)
{
	const struct limit *row = *state;
	struct cm_ini *ini = malloc(sizeof(*ini));
	const char *error;

	assert_non_null(ini);
	assert_int_equal(long_one(row->prefix, row->max - 1, row->suffix, ini,
				  &error), 1);
	assert_int_equal(long_one(row->prefix, row->max, row->suffix, ini,
				  &error), 1);
	assert_int_equal(long_one(row->prefix, row->max + 1, row->suffix, ini,
				  &error), -1);
	assert_string_equal(error, row->error);
	free(ini);
}

int main(void)
{
	cm_unit_rows(reads, rows);
	cm_unit_test(refuses_nul);
	cm_unit_rows(limits_length, limits);
	return cm_unit_run();
}
