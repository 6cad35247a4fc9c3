/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-appversions.h"
#include "account-tree.h"

#define SOURCE(id, number, version, url) \
	"{\"sourceId\":" id ",\"versionInteger\":" number \
	",\"versionString\":" version ",\"downloadUrl\":" url "}"
#define URL "\"https://download.delta.chat/a.apk\""
#define GOOD SOURCE("\"apk\"", "1", "\"2.0\"", URL)
#define CLIENT(id, sources) \
	"{\"clientId\":" id ",\"sources\":" sources "}"
#define FILE_OF(clients) "{\"clients\":" clients "}"
#define NUMBER(n) FILE_OF("[" CLIENT("\"a\"", "[" \
	SOURCE("\"s\"", n, "\"v\"", URL) "]") "]")
#define LINK(url) FILE_OF("[" CLIENT("\"a\"", "[" \
	SOURCE("\"s\"", "1", "\"v\"", url) "]") "]")
#define SOURCES(s) FILE_OF("[" CLIENT("\"a\"", s) "]")

static const struct row {
	const char *name;
	const char *text;
	const char *error; /* NULL: good, and given back as it is */
} rows[] = {
	{ "one client", SOURCES("[" GOOD "]"), NULL },
	{ "two of two", FILE_OF("["
	  CLIENT("\"a\"", "[" GOOD "," SOURCE("\"fdroid\"", "0", "\"1\"",
	  "\"https://github.com/deltachat/x\"") "]") ","
	  CLIENT("\"b\"", "[" GOOD "]") "]"), NULL },
	{ "largest number", NUMBER("4294967295"), NULL },
	{ "a larger one", NUMBER("4294967296"),
	  "clients[0].sources[0].versionInteger: must be a whole number" },
	{ "20 digits", NUMBER("99999999999999999999"), "line 1: is no JSON" },
	{ "below zero", NUMBER("-1"), "versionInteger: must be" },
	{ "half a number", NUMBER("1.5"), "versionInteger: must be" },
	{ "a number with a point", NUMBER("754.0"), "versionInteger: must" },
	{ "a number as text", NUMBER("\"754\""), "versionInteger: must be" },
	{ "true", NUMBER("true"), "versionInteger: must be" },
	{ "null", NUMBER("null"), "versionInteger: must be" },
	{ "somebody else's URL", LINK("\"https://example.org/x.apk\""),
	  "downloadUrl: must begin with https://github.com/deltachat/" },
	{ "not quite the URL", LINK("\"https://github.com/deltachat\""),
	  "downloadUrl: must begin" },
	{ "http", LINK("\"http://download.delta.chat/x\""),
	  "downloadUrl: must begin" },
	{ "no URL", LINK("\"\""), "downloadUrl: must be text" },
	{ "text that is null",
	  SOURCES("[" SOURCE("\"s\"", "1", "null", URL) "]"),
	  "clients[0].sources[0].versionString: must be text" },
	{ "empty id", SOURCES("[" SOURCE("\"\"", "1", "\"v\"", URL) "]"),
	  "sourceId: must be text, and not empty" },
	{ "the same source twice", SOURCES("[" GOOD "," GOOD "]"),
	  "clients[0].sources[1].sourceId: stands in this list twice" },
	{ "the same client twice", FILE_OF("["
	  CLIENT("\"a\"", "[" GOOD "]") "," CLIENT("\"a\"", "[" GOOD "]") "]"),
	  "clients[1].clientId: stands in this list twice" },
	{ "no sources", SOURCES("[]"), "clients[0].sources: must be a list" },
	{ "sources are an object", SOURCES("{}"),
	  "clients[0].sources: must be a list" },
	{ "a source is text", SOURCES("[\"x\"]"),
	  "clients[0].sources[0]: must be an object" },
	{ "a misspelled key", FILE_OF("[{\"clientIds\":\"a\",\"sources\":["
	  GOOD "]}]"), "clients[0].clientId: is missing" },
	{ "a further key", FILE_OF("[{\"clientId\":\"a\",\"x\":1,\"sources\":["
	  GOOD "]}]"), "clients[0]: has a key that nobody knows" },
	{ "a further key outside", "{\"clients\":[],\"x\":1}",
	  "file: has a key that nobody knows" },
	{ "no clients", FILE_OF("[]"), "clients: must be a list" },
	{ "an empty object", "{}", "clients: is missing" },
	{ "an array", "[]", "file: must be an object" },
	{ "nothing", "", "line 1: is no JSON" },
	{ "cut", "{\"clients\":[\n", "line 2: is no JSON" },
	{ "a key twice", "{\"clients\":[],\"clients\":[]}",
	  "line 1: is no JSON" },
	{ "a tail", SOURCES("[" GOOD "]") "x", "line 1: is no JSON" },
};

static void checks(void **state)
{
	const struct row *row = *state;
	char error[CM_APPVERSIONS_ERROR_SIZE] = "";
	char *json;

	if (row->error == NULL) {
		assert_int_equal(cm_appversions_check(row->text,
						      strlen(row->text),
						      &json, error), 0);
		assert_string_equal(json, row->text);
		free(json);
		return;
	}
	assert_int_equal(cm_appversions_check(row->text, strlen(row->text),
					      &json, error), -1);
	assert_null(json);
	if (strstr(error, row->error) == NULL)
		fail_msg("\"%s\" does not say: %s", error, row->error);
}

/* It goes out as one line of ASCII, however it was written. */
static void one_line(void **state)
{
	static const char text[] = "{\n \"clients\" : [ {\"clientId\":\"a\",\n"
		"\"sources\": [ " SOURCE("\"\xc3\xa9\"", "1", "\"a\\nb\"", URL)
		" ]\n} ] }\n";
	char error[CM_APPVERSIONS_ERROR_SIZE], *json;

	(void)state;
	assert_int_equal(cm_appversions_check(text, sizeof(text) - 1, &json,
					      error), 0);
	assert_string_equal(json, SOURCES("[" SOURCE("\"\\u00E9\"", "1",
						      "\"a\\nb\"", URL) "]"));
	free(json);
}

static void files(void **state)
{
	static const size_t limit = CM_APPVERSIONS_MAX_SIZE;
	static char text[CM_APPVERSIONS_MAX_SIZE + 1];
	char error[CM_APPVERSIONS_ERROR_SIZE], path[300], *json;
	size_t size;
	int ret;

	(void)state;
	tree_begin();
	(void)snprintf(path, sizeof(path), "%s/app.json", tree_path);
	assert_int_equal(cm_appversions_read(path, &json, error), 0);
	assert_null(json);
	for (size = limit - 1; size <= limit + 1; size++) {
		memset(text, ' ', sizeof(text));
		memcpy(text, SOURCES("[" GOOD "]"),
		       strlen(SOURCES("[" GOOD "]")));
		tree_file("", "app.json", text, size);
		ret = cm_appversions_read(path, &json, error);
		assert_int_equal(ret, size <= limit ? 1 : -1);
		if (ret == 1) {
			assert_string_equal(json, SOURCES("[" GOOD "]"));
			free(json);
		} else {
			assert_non_null(strstr(error, "larger than 64 KiB"));
		}
	}
	assert_int_equal(cm_appversions_read(tree_path, &json, error), -1);
	assert_non_null(strstr(error, "directory"));
	tree_end();
}

/* Deep nesting ends in an error, not in a stack overflow. */
static void deep(void **state)
{
	static char text[CM_APPVERSIONS_MAX_SIZE];
	char error[CM_APPVERSIONS_ERROR_SIZE], *json;

	(void)state;
	memset(text, '[', sizeof(text));
	assert_int_equal(cm_appversions_check(text, sizeof(text), &json,
					      error), -1);
	assert_non_null(strstr(error, "is no JSON"));
}

int main(void)
{
	cm_unit_rows(checks, rows);
	cm_unit_test(one_line);
	cm_unit_test(files);
	cm_unit_test(deep);
	return cm_unit_run();
}
