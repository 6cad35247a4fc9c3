/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-maildir-name.h"

static const struct row {
	const char *name; /* of the file, too */
	size_t base_len;
	int64_t time, size;
} rows[] = {
	{ "1775324677.M448978P3029757.host,S=3235,W=3305:2,S", 45,
	  1775324677, 3235 },
	{ "1775324677.M1P2.host,S=3235", 27, 1775324677, 3235 },
	{ "1775324677.M1P2.host,W=9,S=1:2,", 28, 1775324677, 1 },
	{ "1775324677.M1P2.host,S=0:2,", 24, 1775324677, 0 },
	{ "1775324677.M1P2.host", 20, 1775324677, -1 },
	/* keywords and flags are no size */
	{ "1.a.b:2,S=5", 5, 1, -1 },
	{ "1.a.b,S=:2,", 8, 1, -1 },
	{ "1.a.b,S=5x:2,", 10, 1, -1 },
	{ "1.a.b,S=-5", 10, 1, -1 },
	{ "1.a.b,XS=5", 10, 1, -1 },
	{ "1.a.b,S=x,S=7", 13, 1, 7 },
	{ "1.a.b,S=", 8, 1, -1 },
	{ "1.a.b,", 6, 1, -1 },
	{ "", 0, -1, -1 },
	{ ":2,S", 0, -1, -1 },
	{ "12", 2, -1, -1 },
	{ "12:2,S", 2, -1, -1 },
	{ "12x.a.b", 7, -1, -1 },
	{ "a.b.c", 5, -1, -1 },
	{ ".12.a", 5, -1, -1 },
	{ "-12.a", 5, -1, -1 },
	{ "0.a.b", 5, 0, -1 },
	/* CM_MAILDIR_NAME_MAX_TIME */
	{ "9999999999.a.b", 14, 9999999999, -1 },
	{ "99999999999.a.b", 15, 99999999999, -1 },
	{ "999999999999.a.b", 16, -1, -1 },
	/* CM_MAILDIR_NAME_MAX_SIZE */
	{ "1.a,S=99999999999999999", 23, 1, 99999999999999999 },
	{ "1.a,S=999999999999999999", 24, 1, 999999999999999999 },
	{ "1.a,S=9999999999999999999", 25, 1, -1 },
	{ "1.\377\376\001\n,S=4:2,S", 10, 1, 4 },
};

static void parses(void **state)
{
	const struct row *row = *state;
	struct cm_maildir_name name;

	cm_maildir_name_parse(row->name, &name);
	assert_int_equal(name.base_len, row->base_len);
	assert_int_equal(name.time, row->time);
	assert_int_equal(name.size, row->size);
}

static void messages(void **state)
{
	(void)state;
	assert_true(cm_maildir_name_is_message("1.a.b:2,"));
	assert_true(cm_maildir_name_is_message("anything"));
	assert_false(cm_maildir_name_is_message(".nfs0001"));
	assert_false(cm_maildir_name_is_message(":2,S"));
	assert_false(cm_maildir_name_is_message(""));
}

int main(void)
{
	cm_unit_rows(parses, rows);
	cm_unit_test(messages);
	return cm_unit_run();
}
