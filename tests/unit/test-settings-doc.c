/* SPDX-License-Identifier: MIT
 *
 * conf.d/chatmail.ini and chatmail.ini.5, as a reader of settings sees them.
 * That their words are those of the table is for conf.d/table-doc.sh.
 */
#include "settings-parse.h"

#define EXAMPLE CM_TOP_SRCDIR "/conf.d/chatmail.ini"
#define PAGE CM_TOP_SRCDIR "/conf.d/chatmail.ini.5"

static char *slurp(const char *path, size_t *size_r)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(256 * 1024);

	assert_non_null(f);
	assert_non_null(text);
	*size_r = fread(text, 1, 256 * 1024 - 1, f);
	text[*size_r] = '\0';
	assert_true(*size_r > 0);
	(void)fclose(f);
	return text;
}

static void example_sets_the_domain_only(void **state)
{
	const struct cm_setting_def *def;
	struct parsed parsed;
	unsigned int line;
	char buf[256];
	size_t size;
	char *text = slurp(EXAMPLE, &size);

	(void)state;
	parse(&parsed, text, size);
	free(text);
	assert_int_equal(parsed.ret, 0);
	assert_int_equal(parsed.warnings, 0);
	for (def = cm_settings_defs; def->name != NULL; def++) {
		cm_settings_print(&parsed.set, def, buf, sizeof(buf), &line);
		assert_int_equal(line != 0,
				 strcmp(def->name, "mail_domain") == 0);
	}
	cm_settings_deinit(&parsed.set);
}

/* "#key = value" becomes "key = value". */
static void uncomment(char *text)
{
	char *in = text, *out = text;
	int at_start = 1;

	for (; *in != '\0'; in++) {
		if (!(at_start && *in == '#' && in[1] >= 'a' && in[1] <= 'z'))
			*out++ = *in;
		at_start = *in == '\n';
	}
	*out = '\0';
}

static void example_shows_each_default(void **state)
{
	const struct cm_setting_def *def;
	struct parsed all, least;
	unsigned int line;
	char buf[256], expect[256];
	size_t size;
	char *text = slurp(EXAMPLE, &size);

	(void)state;
	parse(&least, text, size);
	uncomment(text);
	parse(&all, text, strlen(text));
	free(text);
	assert_int_equal(least.ret, 0);
	assert_int_equal(all.ret, 0);
	assert_string_equal(all.warning, "");
	for (def = cm_settings_defs; def->name != NULL; def++) {
		cm_settings_print(&least.set, def, expect, sizeof(expect),
				  &line);
		cm_settings_print(&all.set, def, buf, sizeof(buf), &line);
		assert_string_equal(buf, expect);
		if ((line == 0) != (def->type == CM_SETTING_UNUSED))
			fail_msg("%s is %s in the example", def->name,
				 line == 0 ? "not" : "though unused");
	}
	cm_settings_deinit(&all.set);
	cm_settings_deinit(&least.set);
}

static void page_names_each_key(void **state)
{
	const struct cm_setting_def *def;
	char item[256];
	size_t size;
	char *text = slurp(PAGE, &size);

	(void)state;
	for (def = cm_settings_defs; def->name != NULL; def++) {
		(void)snprintf(item, sizeof(item),
			       def->type == CM_SETTING_UNUSED ?
			       "\n.It\n.Cm %s\n" : "\n.It Cm %s\n", def->name);
		if (strstr(text, item) == NULL)
			fail_msg("%s does not name %s", PAGE, def->name);
	}
	free(text);
}

int main(void)
{
	cm_unit_test(example_sets_the_domain_only);
	cm_unit_test(example_shows_each_default);
	cm_unit_test(page_names_each_key);
	return cm_unit_run();
}
