/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-settings.h"

static void reads_least(void **state)
{
	static const char text[] = "[params]\nmail_domain = X.Example\n";
	struct cm_settings set;
	const char *error;

	(void)state;
	assert_int_equal(cm_settings_parse(&set, "f", text, sizeof(text) - 1,
					   NULL, NULL, &error), 0);
	assert_string_equal(set.mail_domain, "x.example");
	assert_string_equal(set.address_domain, "x.example");
	cm_settings_deinit(&set);
}

int main(void)
{
	cm_unit_test(reads_least);
	return cm_unit_run();
}
