/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "devicetoken-account.h"

#include <errno.h>

#define STR(s) s, sizeof(s) - 1

static const struct list_row {
	const char *name;
	const char *text;
	size_t len;
	const char *expect;
} list_rows[] = {
	{ "as chatmail/relay writes it",
	  STR("{\"devicetoken\": {\"b\": 1727950000, \"a\": 1727960000}}"),
	  "b a" },
	{ "oldest first", STR("{\"devicetoken\":{\"new\":1728000000,"
			      "\"old\":1727000000}}"), "old new" },
	{ "of one time, in their order",
	  STR("{\"devicetoken\":{\"z\":1728000000,\"a\":1728000000,"
	      "\"m\":1728000000}}"), "z a m" },
	{ "90 days to the second", STR("{\"devicetoken\":{\"a\":1720267200}}"),
	  "-0" },
	{ "a second less", STR("{\"devicetoken\":{\"a\":1720267201}}"), "a" },
	{ "a minute ahead", STR("{\"devicetoken\":{\"a\":1728043260}}"), "-0" },
	{ "a second less than that", STR("{\"devicetoken\":{\"a\":1728043259}}"),
	  "a" },
	{ "far in the future",
	  STR("{\"devicetoken\":{\"a\":9223372036854775807}}"), "-0" },
	{ "before 1970", STR("{\"devicetoken\":{\"a\":-1}}"), "-0" },
	{ "time is text", STR("{\"devicetoken\":{\"a\":\"1728000000\"}}"),
	  "-0" },
	{ "no time", STR("{\"devicetoken\":{\"a\":null,\"b\":1728000000}}"),
	  "b" },
	{ "a blank in a token",
	  STR("{\"devicetoken\":{\"a b\":1728000000,\"c\":1728000000}}"),
	  "c" },
	{ "a newline in a token",
	  STR("{\"devicetoken\":{\"a\\n\":1728000000}}"), "-0" },
	{ "a token of no bytes", STR("{\"devicetoken\":{\"\":1728000000}}"),
	  "-0" },
	{ "8 bit", STR("{\"devicetoken\":{\"\\u00e9\":1728000000}}"), "-0" },
	{ "none", STR("{\"devicetoken\":{}}"), "-0" },
	{ "nothing", STR("{}"), "-0" },
	{ "members of others", STR("{\"x\":{\"devicetoken\":{\"a\":1}}}"),
	  "-0" },
	{ "empty file", STR(""), "-0" },
	{ "blank file", STR(" \n"), "-2" },
	{ "cut", STR("{\"devicetoken\":{\"a\":1728000000}"), "-2" },
	{ "a tail", STR("{\"devicetoken\":{\"a\":1728000000}}}"), "-2" },
	{ "an array", STR("[{\"devicetoken\":{\"a\":1728000000}}]"), "-2" },
	{ "tokens are a number", STR("{\"devicetoken\":5}"), "-2" },
	{ "tokens are text", STR("{\"devicetoken\":\"a\"}"), "-2" },
	{ "twice", STR("{\"devicetoken\":{\"a\":1728000000},"
		       "\"devicetoken\":{}}"), "-2" },
	{ "NUL in a token", STR("{\"devicetoken\":{\"a\\u0000\":1728000000}}"),
	  "-2" },
	{ "binary", STR("\0\x01\xff\xfe"), "-2" },
};

static void lists(void **state)
{
	const struct list_row *row = *state;

	begin(row->text, row->len);
	assert_string_equal(list(), row->expect);
	/* and so it stays */
	assert_memory_equal(content(), row->text, row->len);
	if (strcmp(row->expect, "-2") == 0) {
		assert_int_equal(add("new", NOW), CM_DIR_CORRUPT);
		assert_memory_equal(content(), row->text, row->len);
	}
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

/* chatmail/relay's first form knew no times. */
static void old_form(void **state)
{
	static const char text[] = "{\"devicetoken\":[\"b\",\"a\",3,\"b\"]}";
	struct timespec times[2] = {
		{ .tv_sec = NOW - 5 * DAY }, { .tv_sec = NOW - 5 * DAY }
	};

	(void)state;
	begin(text, sizeof(text) - 1);
	assert_int_equal(utimensat(account_fd, CM_DEVICETOKEN_FILE, times, 0),
			 0);
	assert_string_equal(list(), "b a");
	assert_int_equal(add("c", NOW), CM_DIR_OK);
	assert_string_equal(content(), "{\"devicetoken\": {"
			    "\"b\": 1727568000, \"a\": 1727568000, "
			    "\"c\": 1728000000}}");
	end();

	begin(text, sizeof(text) - 1);
	times[1].tv_sec = NOW - 90 * DAY;
	assert_int_equal(utimensat(account_fd, CM_DEVICETOKEN_FILE, times, 0),
			 0);
	assert_string_equal(list(), "-0");
	end();
}

static const struct add_row {
	const char *name;
	const char *before; /* NULL: no file */
	const char *token;
	const char *after; /* NULL: as before, and not written */
} add_rows[] = {
	{ "the first", NULL, "a", "{\"devicetoken\": {\"a\": 1728000000}}" },
	{ "in place of an empty file", "", "a",
	  "{\"devicetoken\": {\"a\": 1728000000}}" },
	{ "a second", "{\"devicetoken\":{\"a\":1727913600}}", "b",
	  "{\"devicetoken\": {\"a\": 1727913600, \"b\": 1728000000}}" },
	{ "the same of yesterday",
	  "{\"devicetoken\":{\"a\":1727913600,\"b\":1727913600}}", "a",
	  "{\"devicetoken\": {\"b\": 1727913600, \"a\": 1728000000}}" },
	{ "the same of today",
	  "{\"devicetoken\":{\"a\":1728000000,\"b\":1727913600}}", "a", NULL },
	{ "times of others become days", "{\"devicetoken\":{\"a\":1727950000}}",
	  "b", "{\"devicetoken\": {\"a\": 1727913600, \"b\": 1728000000}}" },
	{ "what does not count goes",
	  "{\"devicetoken\":{\"old\":1,\"new\":1728100000,\"x y\":1728000000}}",
	  "b", "{\"devicetoken\": {\"b\": 1728000000}}" },
	{ "its own old time does not count",
	  "{\"devicetoken\":{\"a\":1}}", "a",
	  "{\"devicetoken\": {\"a\": 1728000000}}" },
	{ "its own time in the future", "{\"devicetoken\":{\"a\":1729000000}}",
	  "a", "{\"devicetoken\": {\"a\": 1728000000}}" },
	{ "members of others stay", "{\"z\":[1,{\"y\":\"\\u00e9\"}]}", "a",
	  "{\"z\": [1, {\"y\": \"\\u00E9\"}], "
	  "\"devicetoken\": {\"a\": 1728000000}}" },
	{ "odd characters", NULL, "!\"\\~",
	  "{\"devicetoken\": {\"!\\\"\\\\~\": 1728000000}}" },
};

static void adds(void **state)
{
	const struct add_row *row = *state;
	struct stat before, after;

	begin(row->before, row->before == NULL ? 0 : strlen(row->before));
	/* of somebody who died */
	tree_file(TREE_ACCOUNT, ".metadata.json.tmp", "rubbish", 7);
	memset(&before, 0, sizeof(before));
	(void)fstatat(account_fd, CM_DEVICETOKEN_FILE, &before, 0);
	assert_int_equal(add(row->token, NOW), CM_DIR_OK);
	assert_int_equal(fstatat(account_fd, CM_DEVICETOKEN_FILE, &after, 0),
			 0);
	assert_int_equal(after.st_mode & 07777, 0600);
	if (row->after == NULL) {
		assert_string_equal(content(), row->before);
		assert_true(before.st_ino == after.st_ino);
	} else {
		assert_string_equal(content(), row->after);
		assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	}
	end();
}

static const struct valid_row {
	const char *name;
	const char *token;
	size_t len;
	bool valid;
} valid_rows[] = {
	{ "one character", STR("a"), true },
	{ "none", STR(""), false },
	{ "Delta Chat's", STR("openpgp:wsDMA+/09=="), true },
	{ "first that may stand in it", STR("!"), true },
	{ "a blank", STR("a b"), false },
	{ "last that may stand in it", STR("~"), true },
	{ "DEL", STR("a\x7f"), false },
	{ "NUL", STR("a\0b"), false },
	{ "a newline", STR("a\n"), false },
	{ "a tab", STR("a\tb"), false },
	{ "8 bit", STR("caf\xc3\xa9"), false },
};

static void valid(void **state)
{
	const struct valid_row *row = *state;
	const char *error;

	assert_int_equal(cm_devicetoken_valid(row->token, row->len),
			 row->valid);
	if (row->valid || strlen(row->token) != row->len)
		return;
	begin(NULL, 0);
	errno = 0;
	assert_int_equal(cm_devicetoken_add(account_fd, row->token, NOW, 0,
					    &error), CM_DIR_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	end();
}

static void token_sizes(void **state)
{
	static const size_t limit = CM_DEVICETOKEN_MAX_SIZE;
	char token[CM_DEVICETOKEN_MAX_SIZE + 2];
	size_t size;

	(void)state;
	for (size = limit - 1; size <= limit + 1; size++) {
		begin(NULL, 0);
		memset(token, 'a', size);
		token[size] = '\0';
		assert_int_equal(add(token, NOW), size <= limit ?
				 CM_DIR_OK : CM_DIR_FAILED);
		assert_string_equal(list(), size <= limit ? token : "-0");
		end();
	}
}

/* The one set longest ago goes first, also of those set on one day. */
static void most_tokens(void **state)
{
	static const unsigned int limit = CM_DEVICETOKEN_MAX_TOKENS;
	struct cm_devicetokens tokens;
	unsigned int i, n;
	const char *error;
	char name[32];

	(void)state;
	for (n = limit - 1; n <= limit + 1; n++) {
		begin(NULL, 0);
		for (i = 0; i < n; i++) {
			token_name(name, sizeof(name), i);
			assert_int_equal(add(name, NOW), CM_DIR_OK);
		}
		assert_int_equal(cm_devicetoken_list(account_fd, NOW, &tokens,
						     &error), CM_DIR_OK);
		assert_int_equal(tokens.count, n < limit ? n : limit);
		assert_string_equal(tokens.tokens[0],
				    n <= limit ? "token0" : "token1");
		token_name(name, sizeof(name), n - 1);
		assert_string_equal(tokens.tokens[tokens.count - 1], name);
		cm_devicetokens_deinit(&tokens);
		end();
	}
}

/* Of a file with more than that the last ones count. */
static void foreign_tokens(void **state)
{
	char text[4000], *p = text;
	struct cm_devicetokens tokens;
	const char *error;
	unsigned int i;

	(void)state;
	p += sprintf(p, "{\"devicetoken\": {");
	for (i = 0; i < 100; i++) {
		p += sprintf(p, "%s\"token%u\": %ld", i == 0 ? "" : ", ", i,
			     (long)(TODAY - DAY));
	}
	p += sprintf(p, "}}");
	begin(text, (size_t)(p - text));
	assert_int_equal(cm_devicetoken_list(account_fd, NOW, &tokens,
					     &error), CM_DIR_OK);
	assert_int_equal(tokens.count, CM_DEVICETOKEN_MAX_TOKENS);
	assert_string_equal(tokens.tokens[0], "token68");
	cm_devicetokens_deinit(&tokens);
	/* one of those that do not is set anew */
	assert_int_equal(add("token5", NOW), CM_DIR_OK);
	assert_int_equal(cm_devicetoken_list(account_fd, NOW, &tokens,
					     &error), CM_DIR_OK);
	assert_int_equal(tokens.count, CM_DEVICETOKEN_MAX_TOKENS);
	assert_string_equal(tokens.tokens[0], "token69");
	assert_string_equal(tokens.tokens[31], "token5");
	cm_devicetokens_deinit(&tokens);
	end();
}

static void fill(char *token, size_t size, char c, unsigned int number)
{
	memset(token, c, size);
	token[0] = (char)('A' + number);
	token[size] = '\0';
}

/* What we write can be read again, whatever the tokens are made of. */
static void largest_file(void **state)
{
	char token[CM_DEVICETOKEN_MAX_SIZE + 1];
	struct cm_devicetokens tokens;
	const char *error;
	unsigned int i;

	(void)state;
	begin(NULL, 0);
	for (i = 0; i < CM_DEVICETOKEN_MAX_TOKENS + 5; i++) {
		fill(token, CM_DEVICETOKEN_MAX_SIZE, '\\', i);
		assert_int_equal(add(token, NOW), CM_DIR_OK);
	}
	assert_int_equal(cm_devicetoken_list(account_fd, NOW, &tokens,
					     &error), CM_DIR_OK);
	assert_int_equal(tokens.count, CM_DEVICETOKEN_MAX_TOKENS);
	cm_devicetokens_deinit(&tokens);
	assert_in_range(strlen(content()), 1, CM_DEVICETOKEN_MAX_FILE);
	end();
}

static void file_sizes(void **state)
{
	static const size_t limit = CM_DEVICETOKEN_MAX_FILE;
	static const char start[] = "{\"devicetoken\":{\"a\":1728000000}}";
	static char text[CM_DEVICETOKEN_MAX_FILE + 2];
	size_t size;

	(void)state;
	for (size = limit - 1; size <= limit + 1; size++) {
		memset(text, ' ', sizeof(text));
		memcpy(text, start, sizeof(start) - 1);
		begin(text, size);
		assert_string_equal(list(), size <= limit ? "a" : "-2");
		end();
	}
	/* members of others leave no room */
	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"x\":\"", 6);
	memcpy(text + limit - 2, "\"}", 2);
	begin(text, limit);
	assert_int_equal(add("a", NOW), CM_DIR_CORRUPT);
	assert_memory_equal(content(), text, limit);
	assert_int_equal(tree_count(TREE_ACCOUNT), 2);
	end();
}

static void removes(void **state)
{
	static const char text[] =
		"{\"devicetoken\":{\"a\":1728000000,\"b\":1727950000}}";
	const char *error;

	(void)state;
	begin(text, sizeof(text) - 1);
	assert_int_equal(cm_devicetoken_remove(account_fd, "c", NOW, 0,
					       &error), CM_DIR_UNKNOWN);
	assert_string_equal(content(), text);
	assert_int_equal(cm_devicetoken_remove(account_fd, "a", NOW, 0,
					       &error), CM_DIR_OK);
	assert_string_equal(content(), "{\"devicetoken\": {\"b\": 1727913600}}");
	assert_int_equal(cm_devicetoken_remove(account_fd, "a", NOW, 0,
					       &error), CM_DIR_UNKNOWN);
	/* the last one takes the file along */
	assert_int_equal(cm_devicetoken_remove(account_fd, "b", NOW, 0,
					       &error), CM_DIR_OK);
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	assert_int_equal(cm_devicetoken_remove(account_fd, "b", NOW, 0,
					       &error), CM_DIR_UNKNOWN);
	assert_int_equal(cm_devicetoken_remove_all(account_fd, 0, &error),
			 CM_DIR_UNKNOWN);
	end();
}

static void removes_all(void **state)
{
	static const char text[] = "{\"devicetoken\":{\"a\":1,\"b\":2},\"x\":1}";
	static const char list_text[] = "{\"devicetoken\":[\"a\"]}";
	const char *error;

	(void)state;
	begin(text, sizeof(text) - 1);
	assert_int_equal(cm_devicetoken_remove_all(account_fd, 0, &error),
			 CM_DIR_OK);
	assert_string_equal(content(), "{\"x\": 1}");
	assert_int_equal(cm_devicetoken_remove_all(account_fd, 0, &error),
			 CM_DIR_UNKNOWN);
	end();
	begin(list_text, sizeof(list_text) - 1);
	assert_int_equal(cm_devicetoken_remove_all(account_fd, 0, &error),
			 CM_DIR_OK);
	assert_int_equal(tree_count(TREE_ACCOUNT), 1);
	end();
}

static const struct expire_row {
	const char *name;
	const char *before, *after; /* NULL: as before; "": no file */
	unsigned int count;
	enum cm_dir_result result;
} expire_rows[] = {
	{ "none", "{\"devicetoken\":{\"a\":1728000000}}", NULL, 0,
	  CM_DIR_UNKNOWN },
	{ "a second before its time",
	  "{\"devicetoken\":{\"a\":1720267201}}", NULL, 0, CM_DIR_UNKNOWN },
	{ "one of two",
	  "{\"devicetoken\":{\"a\":1720267200,\"b\":1728000000}}",
	  "{\"devicetoken\": {\"b\": 1728000000}}", 1, CM_DIR_OK },
	{ "all", "{\"devicetoken\":{\"a\":1,\"b\":2}}", "", 2, CM_DIR_OK },
	{ "all, but the file has more", "{\"devicetoken\":{\"a\":1},\"x\":1}",
	  "{\"x\": 1}", 1, CM_DIR_OK },
	{ "no tokens", "{\"x\":1}", NULL, 0, CM_DIR_UNKNOWN },
	{ "damaged", "{", NULL, 0, CM_DIR_CORRUPT },
};

static void expires(void **state)
{
	const struct expire_row *row = *state;
	const char *error;
	unsigned int count = 99;

	begin(row->before, strlen(row->before));
	assert_int_equal(cm_devicetoken_expire(account_fd, NOW, true, 0,
					       &count, &error), row->result);
	assert_int_equal(count, row->count);
	assert_string_equal(content(), row->before);
	assert_int_equal(cm_devicetoken_expire(account_fd, NOW, false, 0,
					       &count, &error), row->result);
	assert_int_equal(count, row->count);
	if (row->after != NULL && *row->after == '\0')
		assert_false(tree_has(TREE_ACCOUNT, CM_DEVICETOKEN_FILE));
	else
		assert_string_equal(content(), row->after != NULL ?
				    row->after : row->before);
	end();
	begin(NULL, 0);
	assert_int_equal(cm_devicetoken_expire(account_fd, NOW, false, 0,
					       &count, &error), CM_DIR_UNKNOWN);
	end();
}

static void no_account(void **state)
{
	(void)state;
	begin(NULL, 0);
	assert_int_equal(unlinkat(account_fd, "password", 0), 0);
	assert_int_equal(add("a", NOW), CM_DIR_UNKNOWN);
	assert_int_equal(tree_count(TREE_ACCOUNT), 0);
	end();
}

int main(void)
{
	cm_unit_rows(lists, list_rows);
	cm_unit_test(old_form);
	cm_unit_rows(adds, add_rows);
	cm_unit_rows(valid, valid_rows);
	cm_unit_test(token_sizes);
	cm_unit_test(most_tokens);
	cm_unit_test(foreign_tokens);
	cm_unit_test(largest_file);
	cm_unit_test(file_sizes);
	cm_unit_test(removes);
	cm_unit_test(removes_all);
	cm_unit_rows(expires, expire_rows);
	cm_unit_test(no_account);
	return cm_unit_run();
}
