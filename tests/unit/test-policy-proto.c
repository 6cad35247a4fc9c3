/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-policy-proto.h"

#include <stdbool.h>

#define HEAD "request=smtpd_access_policy\nprotocol_state=RCPT\n"

/* "R sender|login|instance;" per request, "B;" or "T;". */
struct result {
	char text[4096];
	size_t used;
};

static void note(struct result *result, const struct cm_policy_proto *proto,
		 enum cm_policy_event event)
{
	char *p = result->text + result->used;
	size_t room = sizeof(result->text) - result->used;

	if (event == CM_POLICY_REQUEST)
		result->used += (size_t)snprintf(p, room, "R %s|%s|%s;",
			cm_policy_get(proto, CM_POLICY_ATTR_SENDER),
			cm_policy_get(proto, CM_POLICY_ATTR_LOGIN),
			cm_policy_get(proto, CM_POLICY_ATTR_INSTANCE));
	else
		result->used += (size_t)snprintf(p, room, "%s",
			event == CM_POLICY_BAD ? "B;" : "T;");
	assert_true(result->used < sizeof(result->text));
}

static void run(struct result *result, const char *data, size_t size,
		size_t piece)
{
	struct cm_policy_proto proto;
	enum cm_policy_event event;
	size_t n, len;

	result->used = 0;
	result->text[0] = '\0';
	cm_policy_proto_init(&proto);
	while (size > 0) {
		len = piece < size ? piece : size;
		n = cm_policy_proto_feed(&proto, data, len, &event);
		assert_true(n > 0 && n <= len);
		if (event != CM_POLICY_MORE)
			note(result, &proto, event);
		else
			assert_int_equal(n, len);
		if (event == CM_POLICY_TOO_BIG)
			return;
		data += n;
		size -= n;
	}
}

static const struct row {
	const char *name, *data, *expect;
} rows[] = {
	{ "one request", HEAD "sender=a@x\nsasl_username=b@x\ninstance=1.2\n\n",
	  "R a@x|b@x|1.2;" },
	{ "any order", "instance=1\nsasl_username=b\nsender=a\n" HEAD "\n",
	  "R a|b|1;" },
	{ "unknown attributes", "size=12\n" HEAD "xyz=\n=\nsender=a\n\n",
	  "R a||;" },
	{ "names are whole and in lower case",
	  "senders=1\nsende=2\nSENDER=3\n sender=4\n\n", "R ||;" },
	{ "values keep blanks and '='", "sender= a=b \n\n", "R  a=b ||;" },
	{ "the last counts", "sender=a\nsender=b\n\n", "R b||;" },
	{ "nothing is left of the one before", "sender=a\ninstance=i\n\n"
	  "sasl_username=l\n\n", "R a||i;R |l|;" },
	{ "empty request", "\n\n", "R ||;R ||;" },
	{ "incomplete", "sender=a\n", "" },
	{ "no '='", "sender\n\nsender=a\n\n", "B;R a||;" },
	{ "CR LF is no empty line", "sender=a\r\n\r\n\n", "B;" },
};

static void parses(void **state)
{
	const struct row *row = *state;
	size_t size = strlen(row->data), piece;
	struct result result;

	for (piece = 1; piece <= size; piece++) {
		run(&result, row->data, size, piece);
		assert_string_equal(result.text, row->expect);
	}
}

static void nul_bytes(void **state)
{
	static const char data[] = "sender=a\0b\n\nxyz=\0\n\nsender=c\n\n";
	struct result result;
	size_t piece;

	(void)state;
	for (piece = 1; piece < sizeof(data); piece++) {
		run(&result, data, sizeof(data) - 1, piece);
		assert_string_equal(result.text, "B;R ||;R c||;");
	}
}

/* A line of `size` bytes "NAMExxx...", then a second request. */
static void check_line(const char *name, size_t size, const char *expect)
{
	static const size_t pieces[] = { 1, 7, 2047, 2048, 2049, 1000000 };
	static char data[CM_POLICY_MAX_REQUEST + 100];
	struct result result;
	size_t i, used;

	memset(data, 'x', size);
	memcpy(data, name, strlen(name));
	used = size + (size_t)sprintf(data + size, "\n\nsender=b\n\n");
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		run(&result, data, used, pieces[i]);
		if (expect != NULL) {
			assert_string_equal(result.text, expect);
		} else {
			assert_int_equal(result.used, size - strlen(name) +
					 strlen("R ||;R b||;"));
		}
	}
}

static void line_limit(void **state)
{
	(void)state;
	check_line("sender=", CM_POLICY_MAX_LINE - 1, NULL);
	check_line("sender=", CM_POLICY_MAX_LINE, NULL);
	check_line("sender=", CM_POLICY_MAX_LINE + 1, "B;R b||;");
	check_line("unknown=", CM_POLICY_MAX_LINE, "R ||;R b||;");
	check_line("unknown=", CM_POLICY_MAX_LINE + 1, "R ||;R b||;");
	check_line("unknown=", 20000, "R ||;R b||;");
	check_line("", CM_POLICY_MAX_LINE + 1, "B;R b||;");
}

static void request_limit(void **state)
{
	(void)state;
	/* "\n\n" counts as well */
	check_line("unknown=", CM_POLICY_MAX_REQUEST - 3, "R ||;R b||;");
	check_line("unknown=", CM_POLICY_MAX_REQUEST - 2, "R ||;R b||;");
	check_line("unknown=", CM_POLICY_MAX_REQUEST - 1, "T;");
}

/* The same attribute again and again fills the room for values. */
static void values_limit(void **state)
{
	static const struct {
		int size;
		enum cm_policy_event event;
	} cases[] = {
		{ CM_POLICY_MAX_VALUES - 1, CM_POLICY_REQUEST },
		{ CM_POLICY_MAX_VALUES, CM_POLICY_REQUEST },
		{ CM_POLICY_MAX_VALUES + 1, CM_POLICY_BAD }
	};
	struct cm_policy_proto proto;
	enum cm_policy_event event;
	char line[CM_POLICY_MAX_LINE + 2];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		int left = cases[i].size;

		cm_policy_proto_init(&proto);
		while (left > 0) {
			int value = left > 1000 ? 1000 : left;

			(void)sprintf(line, "sender=%0*d\n", value - 1, 0);
			if (value == 1)
				(void)strcpy(line, "sender=\n");
			(void)cm_policy_proto_feed(&proto, line, strlen(line),
						   &event);
			left -= value;
		}
		(void)cm_policy_proto_feed(&proto, "\n", 1, &event);
		assert_int_equal(event, cases[i].event);
	}
}

static void sets(void **state)
{
	struct cm_policy_proto proto;

	(void)state;
	cm_policy_proto_init(&proto);
	assert_int_equal(cm_policy_proto_set(&proto, "sender=a"), 0);
	assert_int_equal(cm_policy_proto_set(&proto, "other=a"), 0);
	assert_string_equal(cm_policy_get(&proto, CM_POLICY_ATTR_SENDER), "a");
	assert_int_equal(cm_policy_proto_set(&proto, "sender"), -1);
}

static void replies(void **state)
{
	char buf[CM_POLICY_REPLY_SIZE], long_action[CM_POLICY_MAX_ACTION + 2];
	size_t n, size;

	(void)state;
	n = cm_policy_reply(buf, "450 a\nb\x7f");
	assert_int_equal(n, strlen("action=450 a?b?\n\n"));
	assert_memory_equal(buf, "action=450 a?b?\n\n", n);
	for (size = CM_POLICY_MAX_ACTION - 1;
	     size <= CM_POLICY_MAX_ACTION + 1; size++) {
		memset(long_action, 'x', size);
		long_action[size] = '\0';
		n = cm_policy_reply(buf, long_action);
		assert_int_equal(n, strlen("action=\n\n") +
				 (size < CM_POLICY_MAX_ACTION ? size :
				  CM_POLICY_MAX_ACTION));
		assert_memory_equal(buf + n - 2, "\n\n", 2);
	}
}

int main(void)
{
	cm_unit_rows(parses, rows);
	cm_unit_test(nul_bytes);
	cm_unit_test(line_limit);
	cm_unit_test(request_limit);
	cm_unit_test(values_limit);
	cm_unit_test(sets);
	cm_unit_test(replies);
	return cm_unit_run();
}
