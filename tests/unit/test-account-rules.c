/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-rules.h"
#include "cm-settings.h"

#define INI "[params]\nmail_domain = example.org\n" \
	"username_min_length = 3\nusername_max_length = 9\n" \
	"password_min_length = 9\n"
#define PASS "123456789"
#define D "@example.org"
#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define A510 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A10
#define STR(s) s, sizeof(s) - 1

static struct cm_settings set;

static const struct row {
	const char *name;
	const char *address;
	size_t address_len;
	const char *password;
	size_t password_len;
	enum cm_account_verdict expect;
} rows[] = {
	{ "plain", STR("abc" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "every character", STR("a0-_.z9" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "leading dash", STR("-abc" D), STR(PASS), CM_ACCOUNT_ALLOWED },

	{ "name of min - 1", STR("ab" D), STR(PASS), CM_ACCOUNT_NAME_SHORT },
	{ "name of min", STR("abc" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "name of min + 1", STR("abcd" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "name of max - 1", STR("abcdefgh" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "name of max", STR("abcdefghi" D), STR(PASS), CM_ACCOUNT_ALLOWED },
	{ "name of max + 1", STR("abcdefghij" D), STR(PASS),
	  CM_ACCOUNT_NAME_LONG },

	{ "password of min - 1", STR("abc" D), STR("12345678"),
	  CM_ACCOUNT_PASSWORD_SHORT },
	{ "password of min", STR("abc" D), STR("123456789"),
	  CM_ACCOUNT_ALLOWED },
	{ "password of min + 1", STR("abc" D), STR("1234567890"),
	  CM_ACCOUNT_ALLOWED },
	{ "password of 510", STR("abc" D), STR(A510), CM_ACCOUNT_ALLOWED },
	{ "password of 511", STR("abc" D), STR(A510 "a"), CM_ACCOUNT_ALLOWED },
	{ "password of 512", STR("abc" D), STR(A510 "aa"),
	  CM_ACCOUNT_PASSWORD_LONG },
	{ "empty password", STR("abc" D), STR(""), CM_ACCOUNT_PASSWORD_SHORT },
	{ "eight characters in ten bytes", STR("abc" D),
	  STR("123456\xc3\xa9\xc3\xa9"), CM_ACCOUNT_PASSWORD_SHORT },
	{ "nine characters of four bytes", STR("abc" D),
	  STR("12345678\xf0\x9f\x94\x92"), CM_ACCOUNT_ALLOWED },
	{ "password of continuation bytes only", STR("abc" D),
	  STR("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
	  CM_ACCOUNT_PASSWORD_SHORT },
	{ "NUL in the password", STR("abc" D), STR("12345\0006789"),
	  CM_ACCOUNT_PASSWORD_CHARS },
	{ "\\001 in the password", STR("abc" D), STR("12345\0016789"),
	  CM_ACCOUNT_PASSWORD_CHARS },
	{ "TAB in the password", STR("abc" D), STR("12345\t6789"),
	  CM_ACCOUNT_PASSWORD_CHARS },
	{ "CR at its end", STR("abc" D), STR("123456789\r"),
	  CM_ACCOUNT_PASSWORD_CHARS },
	{ "LF at its start", STR("abc" D), STR("\n123456789"),
	  CM_ACCOUNT_PASSWORD_CHARS },
	{ "other control characters", STR("abc" D),
	  STR("\002\x08\x0b\x0c\x1f\x7f\x80 \xff\xff"), CM_ACCOUNT_ALLOWED },
	{ "blank password", STR("abc" D), STR("         "),
	  CM_ACCOUNT_ALLOWED },

	{ "empty name", STR(""), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "no domain", STR("abc"), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "no local part", STR(D), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "only @", STR("@"), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "two @", STR("a@c" D), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "@ at the end", STR("abc" D "@"), STR(PASS), CM_ACCOUNT_ADDRESS },
	{ "other domain", STR("abc@example.net"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },
	{ "subdomain", STR("abc@x.example.org"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },
	{ "domain with a tail", STR("abc" D ".net"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },
	{ "start of the domain", STR("abc@example.or"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },
	{ "empty domain", STR("abc@"), STR(PASS), CM_ACCOUNT_DOMAIN },
	{ "trailing dot", STR("abc" D "."), STR(PASS), CM_ACCOUNT_DOMAIN },
	{ "upper case domain", STR("abc@Example.org"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },
	{ "NUL behind the domain", STR("abc" D "\0"), STR(PASS),
	  CM_ACCOUNT_DOMAIN },

	{ "upper case", STR("Abc" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "slash", STR("a/b" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "percent", STR("a%u" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "plus", STR("a+b" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "blank", STR("a b" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "newline", STR("abc\n" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "NUL", STR("a\0b" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "byte 127", STR("abc\x7f" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "byte 128", STR("abc\x80" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "byte 255", STR("abc\xff" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "before a", STR("ab`" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "behind z", STR("ab{" D), STR(PASS), CM_ACCOUNT_NAME_CHARS },
	{ "before 0 is a slash, behind 9 a colon", STR("ab:" D), STR(PASS),
	  CM_ACCOUNT_NAME_CHARS },
	{ "dot first", STR(".abc" D), STR(PASS), CM_ACCOUNT_NAME_DOTS },
	{ "dot last", STR("abc." D), STR(PASS), CM_ACCOUNT_NAME_DOTS },
	{ "two dots", STR("a..b" D), STR(PASS), CM_ACCOUNT_NAME_DOTS },
	{ "only dots", STR("..." D), STR(PASS), CM_ACCOUNT_NAME_DOTS },

	/* what the reference looks at first */
	{ "bad password before bad name", STR("A" D), STR("short"),
	  CM_ACCOUNT_PASSWORD_SHORT },
	{ "bad address before bad length", STR("ab"), STR(PASS),
	  CM_ACCOUNT_ADDRESS },
	{ "bad length before bad characters", STR("A" D), STR(PASS),
	  CM_ACCOUNT_NAME_SHORT },
};

static void rule(void **state)
{
	static const struct cm_account_facts open = { .closed = false };
	const struct row *row = *state;
	enum cm_account_verdict verdict =
		cm_account_rules_check(&set, &open, row->address,
				       row->address_len, row->password,
				       row->password_len);

	assert_string_equal(cm_account_verdict_text(verdict),
			    cm_account_verdict_text(row->expect));
	assert_int_equal(verdict, row->expect);
}

static void closed_wins(void **state)
{
	static const struct cm_account_facts closed = { .closed = true };

	(void)state;
	assert_int_equal(cm_account_rules_check(&set, &closed, STR("abc" D),
						STR(PASS)),
			 CM_ACCOUNT_CLOSED);
	assert_int_equal(cm_account_rules_check(&set, &closed, STR("A"),
						STR("")),
			 CM_ACCOUNT_CLOSED);
}

/* What Dovecot's cache may keep must be true for every password. */
static void final_means_the_name(void **state)
{
	(void)state;
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_ALLOWED));
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_CLOSED));
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_NO_TOKEN));
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_PASSWORD_SHORT));
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_PASSWORD_LONG));
	assert_false(cm_account_verdict_is_final(CM_ACCOUNT_PASSWORD_CHARS));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_ADDRESS));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_DOMAIN));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_NAME_SHORT));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_NAME_LONG));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_NAME_CHARS));
	assert_true(cm_account_verdict_is_final(CM_ACCOUNT_NAME_DOTS));
}

static const struct name_row {
	const char *name;
	const char *text;
	size_t len;
	bool expect;
} name_rows[] = {
	{ "plain", STR("abc" D), true },
	{ "one letter", STR("a" D), true },
	{ "longer than the rules", STR(A50 D), true },
	{ "other characters", STR("a+b=c!%" D), true },
	{ "upper case", STR("Abc" D), true },
	{ "dots inside", STR("a..b." D), true },
	{ "empty", STR(""), false },
	{ "dot", STR("."), false },
	{ "dot dot", STR(".."), false },
	{ "hidden", STR(".a" D), false },
	{ "slash", STR("a/b" D), false },
	{ "dot dot slash", STR("../a" D), false },
	{ "slash first", STR("/a" D), false },
	{ "slash last", STR("a" D "/"), false },
	{ "NUL", STR("a\0b" D), false },
	{ "NUL last", STR("a" D "\0"), false },
	{ "blank", STR("a b" D), false },
	{ "tab", STR("a\tb" D), false },
	{ "newline", STR("a" D "\n"), false },
	{ "delete", STR("a\x7f" D), false },
	{ "byte 128", STR("a\x80" D), false },
	{ "no @", STR("abc"), false },
	{ "two @", STR("a@b" D), false },
	{ "no local part", STR(D), false },
	{ "other domain", STR("a@example.net"), false },
	{ "254", STR(A50 A50 A50 A50 A10 A10 A10 A10 "aa" D), true },
	{ "255", STR(A50 A50 A50 A50 A10 A10 A10 A10 "aaa" D), true },
	{ "256", STR(A50 A50 A50 A50 A10 A10 A10 A10 "aaaa" D), false },
};

static void existing_name(void **state)
{
	const struct name_row *row = *state;

	assert_int_equal(cm_account_name_valid(&set, row->text, row->len),
			 row->expect);
}

static void literal_domain(void **state)
{
	static const char ini[] = "[params]\nmail_domain = 192.0.2.1\n";
	static const struct cm_account_facts open = { .closed = false };
	struct cm_settings ip;
	const char *error;

	(void)state;
	assert_int_equal(cm_settings_parse(&ip, "x", ini, sizeof(ini) - 1,
					   NULL, NULL, &error), 0);
	assert_int_equal(cm_account_rules_check(&ip, &open,
						STR("abcdefghi@[192.0.2.1]"),
						STR(PASS)),
			 CM_ACCOUNT_ALLOWED);
	assert_int_equal(cm_account_rules_check(&ip, &open,
						STR("abcdefghi@192.0.2.1"),
						STR(PASS)),
			 CM_ACCOUNT_DOMAIN);
	assert_true(cm_account_name_valid(&ip, STR("a@[192.0.2.1]")));
	cm_settings_deinit(&ip);
}

static const struct token_row {
	const char *name;
	const char *tokens;
	const char *password;
	enum cm_account_verdict expect;
	bool closed;
} token_rows[] = {
	/* as chatmail/relay's tests of invite tokens have it */
	{ "off", "", "wU8s0opqRx", CM_ACCOUNT_ALLOWED, false },
	{ "at the start", "qwer", "qwerwU8s0opqRx", CM_ACCOUNT_ALLOWED, false },
	{ "nowhere", "qwer", "wU8s0opqRxwU8s0opqRx", CM_ACCOUNT_NO_TOKEN,
	  false },
	{ "in the middle", "qwer", "wU8s0oqwerpqRxwU8s0op",
	  CM_ACCOUNT_NO_TOKEN, false },
	{ "first of two", "qw er", "qwU8s0opqRx.", CM_ACCOUNT_ALLOWED, false },
	{ "second of two", "qw er", "erU8s0opqRx.", CM_ACCOUNT_ALLOWED, false },
	{ "whole list in the middle", "qw er", "U8s0qw erpqRx.",
	  CM_ACCOUNT_NO_TOKEN, false },
	{ "closed wins over a token", "qwer", "qwerwU8s0opqRx",
	  CM_ACCOUNT_CLOSED, true },
	{ "closed wins over no token", "qwer", "wU8s0opqRx",
	  CM_ACCOUNT_CLOSED, true },
	{ "closed without tokens", "", "wU8s0opqRx", CM_ACCOUNT_CLOSED, true },

	{ "blanks only are no token", " \t\n", "wU8s0opqRx",
	  CM_ACCOUNT_ALLOWED, false },
	{ "blanks do not count", "\n qwer\t \n", "qwer123456789",
	  CM_ACCOUNT_ALLOWED, false },
	{ "on lines of their own", "qw\ner", "er123456789",
	  CM_ACCOUNT_ALLOWED, false },
	{ "case counts", "qwer", "Qwer123456789", CM_ACCOUNT_NO_TOKEN, false },
	{ "last letter counts", "qwer", "qwex123456789", CM_ACCOUNT_NO_TOKEN,
	  false },
	{ "only part of a token", "qwertyuiopasd", "qwertyuiopas",
	  CM_ACCOUNT_NO_TOKEN, false },
	{ "empty password", "qwer", "", CM_ACCOUNT_NO_TOKEN, false },
	{ "rest of min - 1", "qwer", "qwer12345678",
	  CM_ACCOUNT_PASSWORD_SHORT, false },
	{ "rest of min", "qwer", "qwer123456789", CM_ACCOUNT_ALLOWED, false },
	{ "rest of min + 1", "qwer", "qwer1234567890", CM_ACCOUNT_ALLOWED,
	  false },
	{ "the token alone", "qwertyuiop", "qwertyuiop",
	  CM_ACCOUNT_PASSWORD_SHORT, false },
	{ "the first listed one counts", "qwer qw", "qwer1234567",
	  CM_ACCOUNT_PASSWORD_SHORT, false },
	{ "the first listed one counts, shorter", "qw qwer", "qwer1234567",
	  CM_ACCOUNT_ALLOWED, false },
	{ "token of two bytes a letter", "\xc3\xa9", "\xc3\xa9" "12345678",
	  CM_ACCOUNT_PASSWORD_SHORT, false },
};

static void invite_token(void **state)
{
	const struct token_row *row = *state;
	const struct cm_account_facts facts = { .closed = row->closed };
	struct cm_settings invite = set;
	enum cm_account_verdict verdict;

	invite.invite_token = (char *)(uintptr_t)row->tokens;
	verdict = cm_account_rules_check(&invite, &facts, STR("abc" D),
					 row->password, strlen(row->password));
	assert_string_equal(cm_account_verdict_text(verdict),
			    cm_account_verdict_text(row->expect));
	/* what the reference looks at first */
	if (verdict == CM_ACCOUNT_ALLOWED)
		verdict = CM_ACCOUNT_NAME_CHARS;
	assert_int_equal(cm_account_rules_check(&invite, &facts, STR("aBc" D),
						row->password,
						strlen(row->password)),
			 verdict);
}

#define MB(n) ((uint64_t)(n) << 20)

static const struct limit_row {
	const char *name;
	struct cm_account_system system;
	enum cm_account_verdict expect;
} limit_rows[] = {
	{ "all is well", { true, true, true, 0.5, MB(4000), MB(90000) },
	  CM_ACCOUNT_ALLOWED },
	{ "load below", { true, true, true, 4.99, MB(200), MB(1024) },
	  CM_ACCOUNT_ALLOWED },
	{ "load at the limit", { true, true, true, 5, MB(200), MB(1024) },
	  CM_ACCOUNT_ALLOWED },
	{ "load above", { true, true, true, 5.01, MB(200), MB(1024) },
	  CM_ACCOUNT_LOAD },
	{ "memory above", { true, true, true, 0, MB(200) + 1, MB(1024) },
	  CM_ACCOUNT_ALLOWED },
	{ "memory below", { true, true, true, 0, MB(200) - 1, MB(1024) },
	  CM_ACCOUNT_MEMORY },
	{ "disk above", { true, true, true, 0, MB(200), MB(1024) + 1 },
	  CM_ACCOUNT_ALLOWED },
	{ "disk below", { true, true, true, 0, MB(200), MB(1024) - 1 },
	  CM_ACCOUNT_DISK },
	{ "no disk left", { true, true, true, 0, MB(200), 0 },
	  CM_ACCOUNT_DISK },
	{ "all is bad", { true, true, true, 99, 0, 0 }, CM_ACCOUNT_LOAD },
	{ "load unknown", { false, true, true, 99, MB(200), MB(1024) },
	  CM_ACCOUNT_ALLOWED },
	{ "memory unknown", { true, false, true, 0, 0, MB(1024) },
	  CM_ACCOUNT_ALLOWED },
	{ "disk unknown", { true, true, false, 0, MB(200), 0 },
	  CM_ACCOUNT_ALLOWED },
	{ "nothing known", { false, false, false, 99, 0, 0 },
	  CM_ACCOUNT_ALLOWED },
	{ "what is known counts", { false, false, true, 99, 0, 0 },
	  CM_ACCOUNT_DISK },
};

static void limit(void **state)
{
	const struct limit_row *row = *state;
	enum cm_account_verdict verdict =
		cm_account_limits_check(&set, &row->system);

	assert_string_equal(cm_account_verdict_text(verdict),
			    cm_account_verdict_text(row->expect));
	assert_false(cm_account_verdict_is_final(verdict));
}

/* A token of the admin's, found elsewhere, beside those of invite_token. */
static const struct counted_row {
	const char *name, *listed;
	bool needed;
	size_t token_len;
	const char *password;
	enum cm_account_verdict verdict;
} counted_rows[] = {
	{ "found", "", true, 4, "qwer123456789", CM_ACCOUNT_ALLOWED },
	{ "not found", "", true, 0, "qwer123456789", CM_ACCOUNT_NO_TOKEN },
	{ "none is needed", "", false, 0, "123456789", CM_ACCOUNT_ALLOWED },
	{ "rest of min - 1", "", true, 4, "qwer12345678",
	  CM_ACCOUNT_PASSWORD_SHORT },
	{ "the listed one will do", "qw", true, 0, "qw123456789",
	  CM_ACCOUNT_ALLOWED },
	{ "the listed one goes first", "qwer", true, 2, "qwer1234567",
	  CM_ACCOUNT_PASSWORD_SHORT },
	{ "beside a list", "qw", true, 4, "asdf123456789",
	  CM_ACCOUNT_ALLOWED },
	{ "longer than the password", "", true, 40, "qwer123456789",
	  CM_ACCOUNT_NO_TOKEN }
};

static void counted_token(void **state)
{
	const struct counted_row *row = *state;
	const struct cm_account_facts facts = {
		.token_needed = row->needed, .token_len = row->token_len
	};
	struct cm_settings own = set;

	own.username_min_length = 3;
	own.password_min_length = 9;
	own.invite_token = (char *)(uintptr_t)row->listed;
	assert_int_equal(cm_account_rules_check(&own, &facts, STR("abcdefghi" D),
						row->password,
						strlen(row->password)),
			 row->verdict);
}

int main(void)
{
	const char *error;
	int ret;

	if (cm_settings_parse(&set, "test", INI, sizeof(INI) - 1, NULL, NULL,
			      &error) < 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	cm_unit_rows(rule, rows);
	cm_unit_test(closed_wins);
	cm_unit_test(final_means_the_name);
	cm_unit_rows(existing_name, name_rows);
	cm_unit_test(literal_domain);
	cm_unit_rows(invite_token, token_rows);
	cm_unit_rows(limit, limit_rows);
	cm_unit_rows(counted_token, counted_rows);
	ret = cm_unit_run();
	cm_settings_deinit(&set);
	return ret;
}
