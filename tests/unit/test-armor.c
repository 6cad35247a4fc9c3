/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "pgp-sample.h"
#include "cm-armor.h"

#define BEGIN "-----BEGIN PGP MESSAGE-----\n"
#define END "-----END PGP MESSAGE-----\n"

static struct sample s;

/* Lines divided by '\n'; each on its own, so that an over-read is seen. */
static const char *read_armor(const char *text, bool headers)
{
	struct cm_armor *armor = malloc(sizeof(*armor));
	enum cm_rule rule;
	bool is_data;

	assert_non_null(armor);
	cm_armor_init(armor, headers);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		unsigned char *line = malloc(len + 1);

		assert_non_null(line);
		memcpy(line, text, len);
		(void)cm_armor_line(armor, line, len, &is_data);
		free(line);
		text += len + (text[len] == '\n');
	}
	rule = cm_armor_finish(armor);
	free(armor);
	return cm_rule_info(rule)->name;
}

/* %s is the base64 of a good message. */
static const struct row {
	const char *name, *text, *ours, *theirs;
} rows[] = {
	{ "plain", BEGIN "\n%s" END, "none", "none" },
	{ "with checksum", BEGIN "\n%s=AbC/\n" END, "none", "none" },
	{ "checksum of a wrong value", BEGIN "\n%s=0000\n" END, "none",
	  "none" },
	{ "checksum too short", BEGIN "\n%s=AbC\n" END, "armor-checksum",
	  "armor-checksum" },
	{ "checksum too long", BEGIN "\n%s=AbCdE\n" END, "armor-checksum",
	  "armor-checksum" },
	{ "text as checksum", BEGIN "\n%s=hello, this is a text\n" END,
	  "armor-checksum", "armor-checksum" },
	{ "checksum with noise", BEGIN "\n%s=Ab.d\n" END, "armor-checksum",
	  "armor-checksum" },
	{ "two checksums", BEGIN "\n%s=AbCd\n=AbCd\n" END, "armor-end",
	  "armor-end" },
	{ "data behind the checksum", BEGIN "\n%s=AbCd\nAAAA\n" END,
	  "armor-end", "armor-end" },
	{ "text behind the checksum", BEGIN "\n%s=AbCd\nhello\n" END,
	  "armor-end", "armor-end" },
	{ "empty line behind the checksum", BEGIN "\n%s=AbCd\n\n" END,
	  "armor-end", "armor-end" },
	{ "empty line behind the data", BEGIN "\n%s\n" END, "armor-base64",
	  "armor-base64" },
	{ "empty lines around", "\n" BEGIN "\n\n%s" END "\n\n", "none",
	  "none" },
	{ "no empty line", BEGIN "%s" END, "armor-header", "armor-header" },
	{ "Version", BEGIN "Version: GnuPG v2\n\n%s" END, "armor-header",
	  "none" },
	{ "Version and Comment",
	  BEGIN "Version: X\nComment: https://x.example\n\n%s" END,
	  "armor-header", "none" },
	{ "Hash", BEGIN "Hash: SHA256\n\n%s" END, "armor-header",
	  "armor-header" },
	{ "Version without a space", BEGIN "Version:X\n\n%s" END,
	  "armor-header", "armor-header" },
	{ "Version with a tab", BEGIN "Version: a\tb\n\n%s" END,
	  "armor-header", "armor-header" },
	{ "Version of eight bits", BEGIN "Version: \xc3\xa4\n\n%s" END,
	  "armor-header", "armor-header" },
	{ "no BEGIN", "\n%s" END, "armor-begin", "armor-begin" },
	{ "BEGIN of a key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%s" END,
	  "armor-begin", "armor-begin" },
	{ "BEGIN with a space", "-----BEGIN PGP MESSAGE----- \n\n%s" END,
	  "armor-begin", "armor-begin" },
	{ "text before BEGIN", "hello\n" BEGIN "\n%s" END, "armor-begin",
	  "armor-begin" },
	{ "no END", BEGIN "\n%s", "armor-end", "armor-end" },
	{ "END of another", BEGIN "\n%s-----END PGP SIGNATURE-----\n",
	  "armor-end", "armor-end" },
	{ "text behind END", BEGIN "\n%s" END "hello\n", "armor-trailing",
	  "armor-trailing" },
	{ "a second block", BEGIN "\n%s" END BEGIN, "armor-trailing",
	  "armor-trailing" },
	{ "noise in the data", BEGIN "\n!%s" END, "armor-base64",
	  "armor-base64" },
	{ "space in the data", BEGIN "\n %s" END, "armor-base64",
	  "armor-base64" },
	{ "eight bits in the data", BEGIN "\n\xc3\xa4%s" END, "armor-base64",
	  "armor-base64" },
	{ "group cut off", BEGIN "\n%sAA\n" END, "armor-base64",
	  "armor-base64" },
	{ "nothing in it", BEGIN "\n" END, "openpgp-syntax",
	  "openpgp-syntax" },
	{ "empty", "", "armor-begin", "armor-begin" },
};

static void reads(void **state)
{
	const struct row *row = *state;
	static char text[4096];
	const char *place;
	char *base64;

	sample_message(&s, 62);
	base64 = sample_base64(&s, 64, "\n");
	assert_non_null(strstr(base64, "=\n"));
	place = strstr(row->text, "%s");
	if (place == NULL)
		(void)snprintf(text, sizeof(text), "%s", row->text);
	else
		(void)snprintf(text, sizeof(text), "%.*s%s%s",
			       (int)(place - row->text), row->text, base64,
			       place + 2);
	free(base64);
	assert_string_equal(read_armor(text, false), row->ours);
	assert_string_equal(read_armor(text, true), row->theirs);
}

static void line_width(void **state)
{
	size_t width;

	(void)state;
	for (width = 4; width <= CM_ARMOR_MAX_LINE + 4; width += 4) {
		static char text[8192];
		char *base64;

		sample_message(&s, 500);
		base64 = sample_base64(&s, width, "\n");
		(void)snprintf(text, sizeof(text), BEGIN "\n%s" END, base64);
		free(base64);
		assert_string_equal(read_armor(text, false),
				    width <= CM_ARMOR_MAX_LINE ?
				    "none" : "armor-base64");
	}
}

/* Lines may break within a group of four. */
static void odd_lines(void **state)
{
	char *base64, text[4096], *p = text;
	size_t i;

	(void)state;
	sample_message(&s, 62);
	base64 = sample_base64(&s, 100000, "");
	p += sprintf(p, BEGIN "\n");
	for (i = 0; base64[i] != '\0'; i++) {
		*p++ = base64[i];
		if (i % 7 == 6 || (i > 8 && i % 13 == 0))
			*p++ = '\n';
	}
	(void)sprintf(p, "\n" END);
	free(base64);
	assert_string_equal(read_armor(text, false), "none");
}

/* Bits that padding cuts off carry nothing. */
static void padding_bits(void **state)
{
	char *base64, text[4096], *pad;

	(void)state;
	sample_message(&s, 62);
	base64 = sample_base64(&s, 64, "\n");
	pad = strchr(base64, '=');
	assert_non_null(pad);
	pad[-1] = pad[-1] == '/' ? '+' : '/';
	(void)snprintf(text, sizeof(text), BEGIN "\n%s" END, base64);
	free(base64);
	assert_string_equal(read_armor(text, false), "armor-base64");
}

/* One of the limits, with n of it. */
static const char *with_header(size_t count, size_t len)
{
	static char text[8192];
	char *base64, *p = text;

	sample_message(&s, 62);
	base64 = sample_base64(&s, 64, "\n");
	p += sprintf(p, BEGIN);
	for (; count > 0; count--)
		p += sprintf(p, "Comment: %0*d\n", (int)len - 9, 0);
	(void)sprintf(p, "\n%s" END, base64);
	free(base64);
	return read_armor(text, true);
}

static void header_limits(void **state)
{
	(void)state;
	assert_string_equal(with_header(CM_ARMOR_MAX_HEADERS - 1, 20), "none");
	assert_string_equal(with_header(CM_ARMOR_MAX_HEADERS, 20), "none");
	assert_string_equal(with_header(CM_ARMOR_MAX_HEADERS + 1, 20),
			    "armor-header");
	assert_string_equal(with_header(1, CM_ARMOR_MAX_HEADER_LINE - 1),
			    "none");
	assert_string_equal(with_header(1, CM_ARMOR_MAX_HEADER_LINE), "none");
	assert_string_equal(with_header(1, CM_ARMOR_MAX_HEADER_LINE + 1),
			    "armor-header");
}

static const char *with_blank(size_t before, size_t between, size_t behind)
{
	static char text[8192];
	char *base64, *p = text;

	sample_message(&s, 62);
	base64 = sample_base64(&s, 64, "\n");
	while (before-- > 0)
		*p++ = '\n';
	p = stpcpy(p, BEGIN);
	while (between-- > 0)
		*p++ = '\n';
	p = stpcpy(p, base64);
	p = stpcpy(p, END);
	while (behind-- > 0)
		*p++ = '\n';
	*p = '\0';
	free(base64);
	return read_armor(text, false);
}

static void blank_limits(void **state)
{
	const size_t n = CM_ARMOR_MAX_BLANK;

	(void)state;
	assert_string_equal(with_blank(n - 1, n - 1, n - 1), "none");
	assert_string_equal(with_blank(n, n, n), "none");
	assert_string_equal(with_blank(n + 1, 1, 0), "armor-begin");
	assert_string_equal(with_blank(0, n + 1, 0), "armor-base64");
	assert_string_equal(with_blank(0, 1, n + 1), "armor-trailing");
}

int main(void)
{
	cm_unit_rows(reads, rows);
	cm_unit_test(line_width);
	cm_unit_test(odd_lines);
	cm_unit_test(padding_bits);
	cm_unit_test(header_limits);
	cm_unit_test(blank_limits);
	return cm_unit_run();
}
