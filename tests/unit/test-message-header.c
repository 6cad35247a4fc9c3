/* SPDX-License-Identifier: MIT
 *
 * cm-message: what is known of a header, however broken or large. The rest is
 * in test-message.c.
 */
#include "cm-unit.h"
#include "cm-message.h"

static enum cm_rule with_header_of(size_t size)
{
	struct cm_message *msg = malloc(sizeof(*msg));
	char *value = malloc(size);
	enum cm_rule rule;

	assert_non_null(msg);
	assert_non_null(value);
	memset(value, 'x', size);
	cm_message_init(msg, false, NULL, NULL);
	/* "X:" and CR LF */
	cm_message_header(msg, "X", 1, value, size - 4);
	rule = msg->rule;
	free(value);
	free(msg);
	return rule;
}

static void skeleton_limit(void **state)
{
	(void)state;
	assert_int_equal(with_header_of(CM_MESSAGE_MAX_SKELETON - 1),
			 CM_RULE_NONE);
	assert_int_equal(with_header_of(CM_MESSAGE_MAX_SKELETON),
			 CM_RULE_NONE);
	assert_int_equal(with_header_of(CM_MESSAGE_MAX_SKELETON + 1),
			 CM_RULE_HEADER_SIZE);
}

/* Fields with CR LF each, none without a colon. */
static void push(struct cm_message *msg, const char *text)
{
	while (*text != '\0') {
		const char *colon = strchr(text, ':'), *end = colon;

		do
			end = strstr(end, "\r\n") + 2;
		while (*end == ' ' || *end == '\t');
		(void)cm_message_header(msg, text, (size_t)(colon - text),
					colon + 1,
					(size_t)(end - 2 - (colon + 1)));
		text = end;
	}
}

/* What no rule that broke before may hide. */
static void broken_header(void **state)
{
	static const struct {
		const char *header;
		enum cm_rule rule, field_rule;
		unsigned int from_count;
	} rows[] = {
		{ "From: a@b.test\r\n", CM_RULE_NONE, CM_RULE_NONE, 1 },
		{ "From: a@b.test\r\nfrom: \"B\" <b@b.test>\x01\r\n",
		  CM_RULE_CONTROL_CHARACTER, CM_RULE_CONTROL_CHARACTER, 2 },
		{ "From: a\x7f\r\nFrom: a@b.test\r\n",
		  CM_RULE_CONTROL_CHARACTER, CM_RULE_CONTROL_CHARACTER, 2 },
		{ "From: \r\nMIME-Version: 1.0\r\nMIME-Version: 1.0\r\n"
		  "X-A: \x1b\r\nX A: b\r\n", CM_RULE_HEADER_DUPLICATE,
		  CM_RULE_CONTROL_CHARACTER, 1 },
		{ "X A: b\r\nX-A: \x01\r\n", CM_RULE_HEADER_SYNTAX,
		  CM_RULE_HEADER_SYNTAX, 0 },
		{ "Subject: \xd0\xbf \xe9\r\n\tb\r\n", CM_RULE_NONE,
		  CM_RULE_NONE, 0 },
	};
	static struct cm_message msg;
	char value[1024];
	size_t i;

	(void)state;
	memset(value, 'x', sizeof(value));
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cm_message_init(&msg, true, NULL, NULL);
		push(&msg, rows[i].header);
		assert_int_equal(msg.rule, rows[i].rule);
		assert_int_equal(msg.field_rule, rows[i].field_rule);
		assert_int_equal(msg.from_count, rows[i].from_count);
		assert_false(msg.too_large);
		while (msg.skeleton_size <= CM_MESSAGE_MAX_SKELETON)
			(void)cm_message_header(&msg, "X-F", 3, value,
						sizeof(value));
		assert_true(msg.too_large);
		(void)cm_message_header(&msg, "From", 4, value, 1);
		assert_int_equal(msg.from_count, rows[i].from_count + 1);
		assert_int_equal(msg.rule, rows[i].rule != CM_RULE_NONE ?
				 rows[i].rule : CM_RULE_HEADER_SIZE);
	}
}

int main(void)
{
	cm_unit_test(skeleton_limit);
	cm_unit_test(broken_header);
	return cm_unit_run();
}
