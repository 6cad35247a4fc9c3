/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-rule.h"

#define UNENCRYPTED "Encryption Needed: Invalid Unencrypted Mail"

static void row_is_sound(enum cm_rule rule)
{
	const struct cm_rule_info *info = cm_rule_info(rule), *other;
	unsigned int i, a, b, c;

	assert_non_null(info->name);
	for (i = 0; i < rule; i++) {
		other = cm_rule_info((enum cm_rule)i);
		assert_string_not_equal(other->name, info->name);
	}
	assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz"
				"0123456789-"), strlen(info->name));
	assert_in_range(info->code, 400, 599);
	/* few refusals are for now only */
	if (info->code < 500)
		assert_int_equal(info->code, 451);
	/* the reply that clients know, see below */
	if (info->code == 523)
		assert_string_equal(info->summary, UNENCRYPTED);
	/* RFC 3463: the class is the first digit of the code */
	assert_int_equal(sscanf(info->xcode, "%u.%u.%u", &a, &b, &c), 3);
	assert_int_equal(a, info->code / 100);
	/* libmilter takes '%' for a format, CR and LF end a reply, and a line
	 * has 512 bytes */
	assert_null(strpbrk(info->summary, "%\r\n"));
	assert_null(strpbrk(info->detail, "%\r\n"));
	assert_in_range(strlen(info->name) + strlen(info->detail), 10, 200);
	assert_in_range(strlen(info->summary), 5, 100);
}

static void every_row_is_sound(void **state)
{
	int i;

	(void)state;
	for (i = CM_RULE_NONE + 1; i < CM_RULE_COUNT; i++)
		row_is_sound((enum cm_rule)i);
	assert_string_equal(cm_rule_info(CM_RULE_NONE)->name, "none");
}

/* Delta Chat tells by these words, in any case. */
static void clients_know_the_words(void **state)
{
	const struct cm_rule_info *info = cm_rule_info(CM_RULE_NOT_ENCRYPTED);

	(void)state;
	assert_int_equal(info->code, 523);
	assert_string_equal(info->xcode, "5.7.1");
	assert_string_equal(info->summary, UNENCRYPTED);
}

int main(void)
{
	cm_unit_test(every_row_is_sound);
	cm_unit_test(clients_know_the_words);
	return cm_unit_run();
}
