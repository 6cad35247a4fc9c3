/* SPDX-License-Identifier: MIT
 *
 * chatmail-config: what is in force of chatmail.ini, as every program of ours
 * reads it. For admins, and for the scripts beside it (ini.sh), which would
 * otherwise need a parser and defaults of their own. See chatmail-config(8).
 */
#include "cm-config.h"
#include "cm-settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit status beside 0: settings or usage. */
#define EXIT_TROUBLE 2

static const char usage_text[] =
	"usage: chatmail-config [-c FILE] [-n] [KEY...]\n"
	"       chatmail-config -h | -V\n"
	"\n"
	"  -c FILE   settings (default " CM_DEFAULT_CONFIG ")\n"
	"  -n        only settings that the file has\n"
	"  -h, -V    this text; the version\n"
	"\n"
	"Prints every setting in force, or the value of each KEY. Exit status: 0,\n"
	"or 2 if FILE cannot be used as it is, with the reason.\n";

static void warn(void *ctx, const char *message)
{
	(void)ctx;
	fprintf(stderr, "chatmail-config: %s\n", message);
}

static const struct cm_setting_def *find(const char *name)
{
	const struct cm_setting_def *def;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (strcmp(def->name, name) == 0)
			return def;
	}
	return NULL;
}

static void print_all(const struct cm_settings *set, bool only_set)
{
	const struct cm_setting_def *def;
	char value[CM_SETTING_PRINT_SIZE];
	unsigned int line;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (def->type == CM_SETTING_UNUSED)
			continue;
		cm_settings_print(set, def, value, sizeof(value), &line);
		if (line != 0 || !only_set)
			printf("%s = %s\n", def->name, value);
	}
}

static int print_keys(const struct cm_settings *set, char **keys)
{
	const struct cm_setting_def *def;
	char value[CM_SETTING_PRINT_SIZE];
	unsigned int line;

	for (; *keys != NULL; keys++) {
		def = find(*keys);
		if (def == NULL || def->type == CM_SETTING_UNUSED) {
			fprintf(stderr,
				"chatmail-config: there is no setting %s\n",
				*keys);
			return -1;
		}
		cm_settings_print(set, def, value, sizeof(value), &line);
		puts(value);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *config = CM_DEFAULT_CONFIG, *error;
	struct cm_settings set;
	bool only_set = false;
	int c, ret = 0;

	while ((c = getopt(argc, argv, "c:hnV")) != -1) {
		switch (c) {
		case 'c':
			config = optarg;
			break;
		case 'n':
			only_set = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("chatmail-config " CM_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage_text, stderr);
			return EXIT_TROUBLE;
		}
	}
	if (cm_settings_read(&set, config, warn, NULL, &error) < 0) {
		fprintf(stderr, "chatmail-config: %s\n", error);
		return EXIT_TROUBLE;
	}
	if (optind == argc)
		print_all(&set, only_set);
	else
		ret = print_keys(&set, argv + optind);
	cm_settings_deinit(&set);
	return ret == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_TROUBLE;
}
