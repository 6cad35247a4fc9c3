/* SPDX-License-Identifier: MIT
 *
 * What the admin's commands do to tokens, and the admin's editor.
 */
#include "cm-unit.h"
#include "token-tree.h"

#include <errno.h>

static const struct secret_row {
	const char *name;
	size_t length;
	bool valid;
} secret_rows[] = {
	{ "7 bytes", 7, false },  { "8 bytes", 8, true },
	{ "9 bytes", 9, true },	  { "63 bytes", 63, true },
	{ "64 bytes", 64, true }, { "65 bytes", 65, false }
};

static void secret_lengths(void **state)
{
	const struct secret_row *row = *state;
	struct cm_token token;
	char secret[100] = "";

	begin();
	memset(secret, 'x', row->length);
	assert_int_equal(cm_token_secret_valid(secret), row->valid);
	assert_int_equal(add("n", secret, 0, -1),
			 row->valid ? CM_DIR_OK : CM_DIR_FAILED);
	strcat(secret, "and more");
	assert_int_equal(find(secret, TODAY, &token),
			 row->valid ? CM_DIR_OK : CM_DIR_UNKNOWN);
	end();
}

static void what_is_valid(void **state)
{
	char text[CM_TOKEN_MAX_COMMENT + 2];

	(void)state;
	assert_true(cm_token_name_valid("a"));
	assert_true(cm_token_name_valid("2026.autumn_x-y"));
	assert_false(cm_token_name_valid(""));
	assert_false(cm_token_name_valid(".a"));
	assert_false(cm_token_name_valid("a b"));
	assert_false(cm_token_name_valid("a/b"));
	assert_false(cm_token_name_valid("\xc3\xa4"));
	memset(text, 'a', sizeof(text));
	text[CM_TOKEN_MAX_NAME] = '\0';
	assert_true(cm_token_name_valid(text));
	text[CM_TOKEN_MAX_NAME] = 'a';
	text[CM_TOKEN_MAX_NAME + 1] = '\0';
	assert_false(cm_token_name_valid(text));
	memset(text, 'a', sizeof(text));
	text[CM_TOKEN_MAX_COMMENT] = '\0';
	assert_true(cm_token_comment_valid(text));
	text[CM_TOKEN_MAX_COMMENT] = 'a';
	text[CM_TOKEN_MAX_COMMENT + 1] = '\0';
	assert_false(cm_token_comment_valid(text));
	assert_true(cm_token_comment_valid(""));
	assert_false(cm_token_comment_valid("a\nb"));
	assert_true(cm_token_comment_valid("f\xc3\xbcr"));
	assert_false(cm_token_comment_valid("f\xfcr"));
	assert_false(cm_token_secret_valid("with blanks"));
	assert_false(cm_token_secret_valid("abcdefg\xff"));
	begin();
	assert_int_equal(add("max", SECRET, CM_TOKEN_MAX_USES, -1), CM_DIR_OK);
	assert_int_equal(add("over", "x" SECRET, CM_TOKEN_MAX_USES + 1, -1),
			 CM_DIR_FAILED);
	end();
}

static void made_secrets(void **state)
{
	unsigned char random[CM_TOKEN_RANDOM_SIZE];
	char secret[CM_TOKEN_SECRET_LEN + 1];

	(void)state;
	/* RFC 4648, in small letters */
	memcpy(random, "Hello!\xde\xad\xbe\xef", sizeof(random));
	cm_token_make_secret(random, secret);
	assert_string_equal(secret, "jbswy3dpehpk3pxp");
	assert_true(cm_token_secret_valid(secret));
}

static const struct json_row {
	const char *name, *text;
	bool good;
} json_rows[] = {
	{ "the least", "{\"name\": \"a\"}", true },
	{ "others' members", "{\"name\": \"a\", \"x\": [1]}", true },
	{ "a byte order mark", "\xef\xbb\xbf{\"name\": \"a\"}", false },
	{ "no name", "{\"max_uses\": 1}", false },
	{ "a name that is none", "{\"name\": \"a b\"}", false },
	{ "a number as the name", "{\"name\": 1}", false },
	{ "uses below 0", "{\"name\": \"a\", \"max_uses\": -1}", false },
	{ "no uses", "{\"name\": \"a\", \"max_uses\": 0}", false },
	{ "the first day", "{\"name\": \"a\", \"created\": 0}", true },
	{ "one use", "{\"name\": \"a\", \"max_uses\": 1}", true },
	{ "uses at the limit", "{\"name\": \"a\", \"max_uses\": 1000000}",
	  true },
	{ "uses above the limit", "{\"name\": \"a\", \"max_uses\": 1000001}",
	  false },
	{ "uses as text", "{\"name\": \"a\", \"max_uses\": \"1\"}", false },
	{ "a day as text", "{\"name\": \"a\", \"expires\": \"2026-12-31\"}",
	  false },
	{ "twice", "{\"name\": \"a\", \"name\": \"b\"}", false },
	{ "a list", "[1]", false },
	{ "cut", "{\"name\": \"a\"", false },
	{ "a comment of two lines", "{\"name\": \"a\", \"comment\": \"x\\ny\"}",
	  false }
};

static void edited(void **state)
{
	const struct json_row *row = *state;
	struct cm_token token;
	char path[128];

	begin();
	assert_int_equal(add("autumn", SECRET, 1, -1), CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	(void)snprintf(path, sizeof(path), "tokens/%02zu/%s", token.length,
		       token.id);
	tree_file("", path, row->text, strlen(row->text));
	assert_int_equal(find(PASSWORD, TODAY, &token),
			 row->good ? CM_DIR_OK : CM_DIR_CORRUPT);
	end();
}

static enum cm_dir_result add_first(const char *comment)
{
	struct cm_token token = { .name = "first", .created = TODAY,
				  .expires = -1 };
	const char *error = "";

	(void)snprintf(token.comment, sizeof(token.comment), "%s", comment);
	return cm_token_add_first(tree_path, state_hmac, fresh, &token,
				  SECRET, &error);
}

/* A token is needed once there is one, and not because one failed. */
static void first(void **state)
{
	(void)state;
	tree_begin();
	assert_int_equal(add_first("f\xfcr"), CM_DIR_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_false(tree_has(".", "tokens"));
	/* what is in the way of the key is no key */
	tree_file(".", CM_STATE_KEY_FILE, "x", 1);
	assert_int_equal(add_first(""), CM_DIR_CORRUPT);
	assert_false(tree_has(".", "tokens"));
	assert_int_equal(unlinkat(tree_fd, CM_STATE_KEY_FILE, 0), 0);
	assert_int_equal(add_first("f\xc3\xbcr"), CM_DIR_OK);
	assert_true(tree_has(".", "tokens"));
	assert_int_equal(add_first(""), CM_DIR_EXISTS);
	assert_true(tree_has(".", "tokens"));
	tree_end();
}

/* The folder was there, without a token in it: then it says that one is
 * needed. */
static void not_first(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add_first("f\xfcr"), CM_DIR_FAILED);
	assert_true(tree_has(".", "tokens"));
	assert_int_equal(add_first(""), CM_DIR_OK);
	end();
}

int main(void)
{
	cm_unit_rows(secret_lengths, secret_rows);
	cm_unit_test(what_is_valid);
	cm_unit_test(made_secrets);
	cm_unit_rows(edited, json_rows);
	cm_unit_test(first);
	cm_unit_test(not_first);
	return cm_unit_run();
}
