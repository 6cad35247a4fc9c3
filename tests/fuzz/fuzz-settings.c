/* SPDX-License-Identifier: MIT
 *
 * cm-ini and cm-settings: what is accepted prints as text that reads back as
 * the same settings.
 */
#include "fuzz.h"
#include "cm-ini.h"
#include "cm-settings.h"

#define ERROR_PREFIX "fuzz.ini:"

static void warn(void *ctx, const char *message)
{
	unsigned int *count = ctx;

	(*count)++;
	cm_fuzz_assert(strncmp(message, ERROR_PREFIX,
			       strlen(ERROR_PREFIX)) == 0);
	cm_fuzz_assert(strpbrk(message, "\r\n") == NULL);
	cm_fuzz_assert(strlen(message) < CM_SETTINGS_ERROR_SIZE);
}

/* "[params]" and every setting in turn; to be freed. */
static char *print_all(const struct cm_settings *set)
{
	size_t size = 64 * 1024, used;
	char *text = malloc(size), *value = malloc(CM_SETTING_PRINT_SIZE);
	const struct cm_setting_def *def;
	unsigned int line;

	if (text == NULL || value == NULL)
		abort();
	used = (size_t)snprintf(text, size, "[params]\n");
	for (def = cm_settings_defs; def->name != NULL; def++) {
		cm_settings_print(set, def, value, CM_SETTING_PRINT_SIZE,
				  &line);
		if (def->type == CM_SETTING_UNUSED)
			continue;
		while (used + strlen(value) + 256 > size) {
			size *= 2;
			text = realloc(text, size);
			if (text == NULL)
				abort();
		}
		used += (size_t)snprintf(text + used, size - used,
					 "%s = %s\n", def->name, value);
	}
	free(value);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size), *first, *second;
	struct cm_settings set, again;
	unsigned int warnings = 0;
	const char *error;

	if (cm_settings_parse(&set, "fuzz.ini", text, size, warn, &warnings,
			      &error) < 0) {
		cm_fuzz_assert(strncmp(error, ERROR_PREFIX,
				       strlen(ERROR_PREFIX)) == 0);
		cm_fuzz_assert(strpbrk(error, "\r\n") == NULL);
		cm_settings_deinit(&set);
		free(text);
		return 0;
	}
	cm_fuzz_assert(error == NULL);
	cm_fuzz_assert(*set.mail_domain != '\0' &&
		       *set.address_domain != '\0');
	first = print_all(&set);
	warnings = 0;
	/* all values at once may be more than one file holds */
	if (strlen(first) <= CM_INI_MAX_SIZE) {
		cm_fuzz_assert(cm_settings_parse(&again, "fuzz.ini", first,
						 strlen(first), warn,
						 &warnings, &error) == 0);
		cm_fuzz_assert(warnings == 0);
		second = print_all(&again);
		cm_fuzz_assert(strcmp(first, second) == 0);
		free(second);
		cm_settings_deinit(&again);
	}
	free(first);
	cm_settings_deinit(&set);
	free(text);
	return 0;
}
