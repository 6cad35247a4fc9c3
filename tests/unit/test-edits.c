/* SPDX-License-Identifier: MIT
 *
 * milter/cm-edits: what is kept of a header while it goes by, and what Postfix
 * is told at the end.
 */
#include "cm-unit.h"
#include "cm-edits.h"
#include "cm-mime-gmime.h"

/* Instead of libmilter's: "NAME INDEX VALUE", one after the other. */
static char told[1024];

int smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	size_t len = strlen(told);

	(void)ctx;
	(void)snprintf(told + len, sizeof(told) - len, "%s %d%s%s\n", name,
		       index, value != NULL ? " " : "",
		       value != NULL ? value : "");
	return MI_SUCCESS;
}

static const char *tell(struct cm_edits *edits, enum cm_message_kind kind)
{
	told[0] = '\0';
	cm_edits_finish(edits, kind, "a@b.test");
	assert_int_equal(cm_edits_apply(edits, NULL, false), 0);
	cm_edits_deinit(edits);
	return told;
}

static void feed(struct cm_edits *edits, const char *name, size_t value_len)
{
	char *value = malloc(value_len + 1);

	assert_non_null(value);
	memset(value, 'x', value_len);
	value[value_len] = '\0';
	cm_edits_header(edits, CM_OUTGOING, true, name, value);
	free(value);
}

static void last_first(void **state)
{
	struct cm_edits edits = { 0 };

	(void)state;
	cm_edits_header(&edits, CM_OUTGOING, true, "X-A", "1");
	cm_edits_header(&edits, CM_OUTGOING, true, "Subject", " hello");
	cm_edits_header(&edits, CM_OUTGOING, true, "Chat-Version", "1.0");
	cm_edits_header(&edits, CM_OUTGOING, true, "x-a", "2");
	cm_edits_header(&edits, CM_OUTGOING, true, "From", "A <a@b.test>");
	assert_string_equal(tell(&edits, CM_MESSAGE_ENCRYPTED),
			    "From 1 <a@b.test>\nx-a 2\nSubject 1 [...]\n"
			    "X-A 1\n");
}

static const char *incoming(enum cm_message_kind kind)
{
	struct cm_edits edits = { 0 };

	cm_edits_header(&edits, CM_INCOMING, true, "X-Received", "by b.test");
	cm_edits_header(&edits, CM_INCOMING, true, "Received", "by b.test");
	cm_edits_header(&edits, CM_INCOMING, true, "Subject", "hello");
	cm_edits_header(&edits, CM_INCOMING, true, "x-received", "read this");
	cm_edits_header(&edits, CM_INCOMING, true, "From", "A <a@b.test>");
	return tell(&edits, kind);
}

/* Only a request loses what could have words in it. */
static void request(void **state)
{
	(void)state;
	assert_string_equal(incoming(CM_MESSAGE_ENCRYPTED), "Received 1\n");
	assert_string_equal(incoming(CM_MESSAGE_OTHER), "Received 1\n");
	assert_string_equal(incoming(CM_MESSAGE_SECUREJOIN),
			    "From 1 <a@b.test>\nx-received 2\n"
			    "Subject 1 [...]\nReceived 1\nX-Received 1\n");
}

/* What goes from a request only is no reason to refuse anything else. */
static void request_limit(void **state)
{
	static const enum cm_message_kind kinds[] = {
		CM_MESSAGE_OTHER, CM_MESSAGE_ENCRYPTED, CM_MESSAGE_SECUREJOIN
	};
	size_t i, n, fields;

	(void)state;
	for (i = 0; i < 3 * 3; i++) {
		struct cm_edits edits = { 0 };

		fields = CM_EDITS_MAX_REQUEST - 1 + i / 3;
		for (n = 0; n < fields; n++)
			cm_edits_header(&edits, CM_INCOMING, true, "X-A", "b");
		for (n = 0; n < CM_EDITS_MAX; n++)
			cm_edits_header(&edits, CM_INCOMING, true, "Received",
					"b");
		cm_edits_finish(&edits, kinds[i % 3], "a@b.test");
		assert_int_equal(edits.overflow,
				 kinds[i % 3] == CM_MESSAGE_SECUREJOIN &&
				 fields > CM_EDITS_MAX_REQUEST);
		cm_edits_deinit(&edits);
	}
}

static void count_limit(void **state)
{
	struct cm_edits edits = { 0 };
	unsigned int n;

	(void)state;
	for (n = 1; n <= CM_EDITS_MAX + 1; n++) {
		feed(&edits, "X-A", 1);
		assert_int_equal(edits.overflow, n > CM_EDITS_MAX);
	}
	cm_edits_reset(&edits);
	assert_false(edits.overflow);
	cm_edits_deinit(&edits);
}

static void size_limit(void **state)
{
	struct cm_edits edits = { 0 };
	size_t n;

	(void)state;
	for (n = CM_EDITS_MAX_SIZE - 1; n <= CM_EDITS_MAX_SIZE + 1; n++) {
		feed(&edits, "Subject", n / 2 - 7);
		feed(&edits, "Reply-To", n - n / 2 - 8);
		assert_int_equal(edits.overflow, n > CM_EDITS_MAX_SIZE);
		cm_edits_reset(&edits);
	}
	cm_edits_deinit(&edits);
}

/* Nothing is kept, nor looked at, beyond the limit. */
static void bomb(void **state)
{
	struct cm_edits edits = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < CM_EDITS_MAX - 1; i++)
		feed(&edits, "To", CM_EDITS_MAX_SIZE - 100);
	assert_int_equal(edits.count, 1);
	assert_true(edits.overflow);
	cm_edits_deinit(&edits);
}

int main(void)
{
	cm_gmime_init();
	cm_unit_test(last_first);
	cm_unit_test(request);
	cm_unit_test(request_limit);
	cm_unit_test(count_limit);
	cm_unit_test(size_limit);
	cm_unit_test(bomb);
	return cm_unit_run();
}
