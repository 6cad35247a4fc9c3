/* SPDX-License-Identifier: MIT
 *
 * Writes what documents say about the tables of lib:
 *
 *	table-doc ini        chatmail.ini, the whole example
 *	table-doc settings   the list of settings for chatmail.ini(5)
 *	table-doc rules      the list of rules for chatmail-milter(8)
 *
 * Not run when building: what it writes is committed, table-doc.sh checks
 * that it still fits, and `make -C conf.d update-doc` renews it.
 */
#include "cm-rule.h"
#include "cm-settings-private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE_DOMAIN "chat.example.org"
#define COLUMNS 78

/* Headings of the example, each before the key that begins its part. */
static const struct {
	const char *key, *heading;
} headings[] = {
	{ "mail_domain", "Who we are" },
	{ "username_min_length", "Accounts" },
	{ "max_mailbox_size", "Limits" },
	{ "server_comment", "What clients are told" },
	{ "max_user_send_per_day", "The policy" },
	{ "milter_socket", "The milter" },
};

static const char *heading_of(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		if (strcmp(headings[i].key, key) == 0)
			return headings[i].heading;
	}
	return NULL;
}

/* "A whole number ... Default: 20." */
static void get_form(const struct cm_setting_def *def, char *buf, size_t size)
{
	char form[CM_SETTING_FORM_SIZE];

	cm_setting_describe(def, form, sizeof(form));
	form[0] = (char)toupper((unsigned char)form[0]);
	if (def->default_value == NULL)
		(void)snprintf(buf, size, "%s. Required.", form);
	else if (*def->default_value == '\0')
		(void)snprintf(buf, size, "%s. Default: empty.", form);
	else
		(void)snprintf(buf, size, "%s. Default: %s.", form,
			       def->default_value);
}

/* Returns the new column. */
static size_t end_line(void)
{
	printf("\n");
	return 0;
}

/* Folds text at blanks, each line behind "# ". */
static void print_comment(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > COLUMNS)
			column = end_line();
		printf("%s%.*s", column == 0 ? "# " : " ", (int)len, text);
		column += (column == 0 ? 2 : 1) + len;
		text += len;
		text += strspn(text, " ");
	}
	printf("\n");
}

/* The default as it would stand in a file with our example's domain. */
static void print_default(const char *value)
{
	static const char placeholder[] = "MAIL_DOMAIN";
	const char *p = strstr(value, placeholder);

	if (p == NULL)
		printf("%s\n", value);
	else
		printf("%.*s%s%s\n", (int)(p - value), value, EXAMPLE_DOMAIN,
		       p + strlen(placeholder));
}

static void print_ini(void)
{
	const struct cm_setting_def *def;
	char form[256];

	print_comment("chatmail.ini: the settings of chatmail-plugins. What "
		      "is commented out shows the default. See "
		      "chatmail.ini(5).");
	printf("\n[params]\n");
	for (def = cm_settings_defs; def->name != NULL; def++) {
		const char *heading = heading_of(def->name);

		if (def->type == CM_SETTING_UNUSED)
			continue;
		if (heading != NULL)
			printf("\n## %s\n", heading);
		printf("\n");
		print_comment(def->help);
		get_form(def, form, sizeof(form));
		print_comment(form);
		if (def->default_value == NULL) {
			printf("%s = %s\n", def->name, EXAMPLE_DOMAIN);
		} else {
			printf("#%s =%s", def->name,
			       *def->default_value != '\0' ? " " : "");
			print_default(def->default_value);
		}
	}
}

/* mdoc wants each sentence on a line of its own, and takes a leading '.' or
 * ' for a request. */
static void print_mdoc_text(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t i, len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > COLUMNS)
			column = end_line();
		if (column > 0)
			column += (size_t)printf(" ");
		else if (*text == '.' || *text == '\'')
			printf("\\&");
		for (i = 0; i < len; i++)
			(void)(text[i] == '\\' ? printf("\\e") :
						putchar(text[i]));
		column += len;
		if (text[len - 1] == '.' && text[len] != '\0')
			column = end_line();
		text += len;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void print_settings(void)
{
	const struct cm_setting_def *def;
	char form[256];

	printf(".Bl -tag -width Ds\n");
	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (def->type == CM_SETTING_UNUSED)
			continue;
		printf(".It Cm %s\n", def->name);
		print_mdoc_text(def->help);
		get_form(def, form, sizeof(form));
		print_mdoc_text(form);
	}
	printf(".El\n.Pp\nKnown from chatmail/relay, without a meaning here:\n"
	       ".Bl -bullet -compact\n");
	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (def->type == CM_SETTING_UNUSED)
			printf(".It\n.Cm %s\n", def->name);
	}
	printf(".El\n");
}

static void print_rules(void)
{
	char text[1024];
	int i;

	printf(".Bl -tag -width Ds\n");
	for (i = CM_RULE_NONE + 1; i < CM_RULE_COUNT; i++) {
		const struct cm_rule_info *info = cm_rule_info(i);

		printf(".It Cm %s Pq %d %s\n", info->name, info->code,
		       info->xcode);
		(void)snprintf(text, sizeof(text), "%c%s.",
			       toupper((unsigned char)info->detail[0]),
			       info->detail + 1);
		print_mdoc_text(text);
	}
	printf(".El\n");
}

int main(int argc, char *argv[])
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "ini") == 0) {
		print_ini();
	} else if (strcmp(what, "settings") == 0) {
		print_settings();
	} else if (strcmp(what, "rules") == 0) {
		print_rules();
	} else {
		fprintf(stderr, "usage: table-doc ini|settings|rules\n");
		return 2;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
