/* SPDX-License-Identifier: MIT
 *
 * chatmail-milter: command line. See chatmail-milter(8).
 */
#include "cm-config.h"
#include "cm-check.h"
#include "cm-log.h"
#include "cm-milter-service.h"
#include "cm-mime-gmime.h"
#include "cm-settings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit status: 0 and 1 answer, 2 is usage, settings or I/O. */
#define EXIT_TROUBLE 2

static const char usage_text[] =
	"usage: chatmail-milter [-d] [-c FILE]\n"
	"       chatmail-milter check --direction outgoing|incoming\n"
	"                       [-c FILE] [--from ADDRESS] [--rcpt ADDRESS]...\n"
	"                       [--dkim] [--explain] FILE...\n"
	"       chatmail-milter -h | -V\n"
	"\n"
	"  -c FILE   settings (default " CM_DEFAULT_CONFIG ")\n"
	"  -d        debug messages; they may name addresses\n"
	"  -h, -V    this text; the version\n"
	"\n"
	"Without a command it serves Postfix on the milter_socket of the\n"
	"settings, in the foreground. `check` prints the verdict on each FILE\n"
	"and exits with 0 if all are accepted, 1 if any is rejected, 2 on\n"
	"trouble.\n";

static int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_TROUBLE;
}

struct check_args {
	struct cm_check_options options;
	const char *config;
	bool have_direction, want_help, want_version;
	char **rcpts; /* room for one per argument */
};

static int parse_check(int argc, char **argv, struct check_args *args)
{
	static const struct option options[] = {
		{ "direction", required_argument, NULL, 'D' },
		{ "from", required_argument, NULL, 'f' },
		{ "rcpt", required_argument, NULL, 'r' },
		{ "explain", no_argument, NULL, 'e' },
		{ "dkim", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			args->config = optarg;
			break;
		case 'D':
			if (strcmp(optarg, "outgoing") == 0)
				args->options.direction = CM_OUTGOING;
			else if (strcmp(optarg, "incoming") == 0)
				args->options.direction = CM_INCOMING;
			else
				return -1;
			args->have_direction = true;
			break;
		case 'f':
			args->options.mail_from =
				strcmp(optarg, "<>") == 0 ? "" : optarg;
			break;
		case 'r':
			args->rcpts[args->options.rcpt_count++] = optarg;
			break;
		case 'e':
			args->options.explain = true;
			break;
		case 'h':
			args->want_help = true;
			return 0;
		case 'V':
			args->want_version = true;
			return 0;
		case 'k':
			args->options.dkim = true;
			break;
		default:
			return -1;
		}
	}
	args->options.rcpts = args->rcpts;
	return args->have_direction && optind < argc ? 0 : -1;
}

/* Without -c the settings are optional: a missing file is no trouble. */
static int check_settings(const struct check_args *args,
			  struct cm_settings *settings, bool *found_r)
{
	const char *error;

	*found_r = false;
	if (args->config == NULL && access(CM_DEFAULT_CONFIG, F_OK) < 0)
		return 0;
	if (cm_settings_read(settings, args->config != NULL ?
			     args->config : CM_DEFAULT_CONFIG, NULL, NULL,
			     &error) < 0) {
		fprintf(stderr, "chatmail-milter: %s\n", error);
		return -1;
	}
	*found_r = true;
	return 0;
}

static void print_version(void)
{
	puts("chatmail-milter " CM_VERSION);
}

static int check(int argc, char **argv)
{
	struct check_args args = { .config = NULL };
	enum cm_check_result worst = CM_CHECK_ACCEPTED;
	struct cm_settings settings;
	bool found = false;
	int i;

	args.rcpts = calloc((size_t)argc, sizeof(*args.rcpts));
	if (args.rcpts == NULL || parse_check(argc, argv, &args) < 0) {
		free(args.rcpts);
		return usage();
	}
	if (args.want_help || args.want_version) {
		if (args.want_help)
			fputs(usage_text, stdout);
		else
			print_version();
		free(args.rcpts);
		return EXIT_SUCCESS;
	}
	if (check_settings(&args, &settings, &found) < 0) {
		free(args.rcpts);
		return EXIT_TROUBLE;
	}
	args.options.settings = found ? &settings : NULL;
	cm_gmime_init();
	for (i = optind; i < argc; i++) {
		enum cm_check_result result =
			cm_check_file(&args.options, argv[i], stdout);

		if (result > worst)
			worst = result;
	}
	if (found)
		cm_settings_deinit(&settings);
	free(args.rcpts);
	return fflush(stdout) == 0 ? (int)worst : EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
	const char *config = CM_DEFAULT_CONFIG;
	bool debug = false;
	int c;

	if (argc > 1 && strcmp(argv[1], "check") == 0)
		return check(argc - 1, argv + 1);
	while ((c = getopt(argc, argv, "c:dhV")) != -1) {
		switch (c) {
		case 'c':
			config = optarg;
			break;
		case 'd':
			debug = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		case 'V':
			print_version();
			return EXIT_SUCCESS;
		default:
			return usage();
		}
	}
	if (optind < argc)
		return usage();
	cm_log_init("chatmail-milter", debug);
	return cm_milter_serve(config) < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}
