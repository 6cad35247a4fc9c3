/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-message-id.h"

#define UUID "c0ffee00-0000-4000-8000-000000000002"
#define R "UVy-_WZahG1"

static const struct row {
	const char *name; /* the value */
	unsigned int max;
	bool valid;
} rows[] = {
	{ "<a@b>", 1, true },
	{ " <a@b>\r\n\t<c.d@[1.2.3.4]> ", 2, true },
	{ "<a@b><c@d>", 2, true },
	{ "<a@b> <c@d>", 1, false },
	{ "", 1, false },
	{ "a@b", 1, false },
	{ "<a@b", 1, false },
	{ "<a b@c>", 1, false },
	{ "<a@b> read <c@d>", 2, false },
	{ "<a@b> (read)", 2, false },
	{ "<a>", 1, false },
	{ "<@b>", 1, false },
	{ "<a@>", 1, false },
	{ "<a@b@c>", 1, false },
	{ "<\"a\"@b>", 1, false },
	{ "<\xc3\xa4@b>", 1, false }
};

static const struct core_row {
	const char *name; /* the ID */
	const char *domain;
} core_rows[] = {
	{ UUID "@localhost", "localhost" },
	{ "Mr." R "." R "@localhost", "localhost" },
	{ "Mr." R "." R "@c2.testrun.org", "c2.testrun.org" },
	{ "Gr." R "." R "@[1.2.3.4]", "[1.2.3.4]" },
	{ "Gr.0123456789abcdefghijklmn." R "@x", "x" },
	{ "Gr.0123456789abcdefghijklmno." R "@x", NULL },
	{ "Gr.0123456789." R "@x", NULL },
	{ "Mr." R "x." R "@x", NULL },
	{ "Mr." R "." R "x@x", NULL },
	{ "Mr." R ".0123456789@x", NULL },
	{ "Mr." R "@x", NULL },
	{ "Mr.@x", NULL },
	{ "Mr", NULL },
	{ "@", NULL },
	{ "Hello.Bob@x", NULL },
	{ UUID "0@x", NULL },
	{ "c0ffee00-0000-4000-8000_000000000002@x", NULL },
	{ "coffee00-0000-4000-8000-000000000002@x", NULL }
};

static void judges(void **state)
{
	const struct row *row = *state;
	size_t len = strlen(row->name);
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, row->name, len);
	copy = realloc(copy, len > 0 ? len : 1);
	assert_non_null(copy);
	assert_int_equal(cm_message_ids_valid(copy, len, row->max),
			 row->valid);
	free(copy);
}

static void knows_core(void **state)
{
	const struct core_row *row = *state;
	const char *domain = cm_message_id_core_domain(row->name,
						       strlen(row->name));

	if (row->domain == NULL)
		assert_null(domain);
	else
		assert_string_equal(domain, row->domain);
}

static void limits(void **state)
{
	char value[CM_MESSAGE_ID_MAX + 4];
	size_t n;

	(void)state;
	for (n = CM_MESSAGE_ID_MAX - 1; n <= CM_MESSAGE_ID_MAX + 1; n++) {
		memset(value, 'x', n + 2);
		value[0] = '<';
		value[2] = '@';
		value[n + 1] = '>';
		assert_int_equal(cm_message_ids_valid(value, n + 2, 1),
				 n <= CM_MESSAGE_ID_MAX);
	}
}

int main(void)
{
	cm_unit_rows(judges, rows);
	cm_unit_rows(knows_core, core_rows);
	cm_unit_test(limits);
	return cm_unit_run();
}
