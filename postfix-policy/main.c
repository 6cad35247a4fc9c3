/* SPDX-License-Identifier: MIT
 *
 * chatmail-policy: command line. See chatmail-policy(8).
 */
#include "cm-config.h"
#include "cm-policy-admin.h"
#include "cm-policy-log.h"
#include "cm-policy-serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage_text[] =
	"usage: chatmail-policy [-c FILE]\n"
	"       chatmail-policy [-c FILE] test NAME=VALUE...\n"
	"       chatmail-policy [-c FILE] federation list\n"
	"       chatmail-policy [-c FILE] federation allow|block|forget "
	"TARGET...\n"
	"       chatmail-policy -h | -V\n"
	"\n"
	"  -c FILE   settings (default " CM_DEFAULT_CONFIG ")\n"
	"  -h, -V    this text; the version\n"
	"\n"
	"Without a command it answers Postfix's policy requests on standard\n"
	"input; Postfix's spawn(8) starts it. `test` prints the answer to one\n"
	"request and counts nothing. `federation` shows and changes who may\n"
	"send to us: an address, a domain, or .DOMAIN for all below it.\n";

int main(int argc, char **argv)
{
	const char *config = CM_DEFAULT_CONFIG;
	int c;

	/* "+": what follows a command is the command's */
	while ((c = getopt(argc, argv, "+c:hV")) != -1) {
		switch (c) {
		case 'c':
			config = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("chatmail-policy " CM_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage_text, stderr);
			return CM_POLICY_EXIT_TROUBLE;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		cm_policy_log_init();
		return cm_policy_serve(config) < 0 ? CM_POLICY_EXIT_TROUBLE :
						     EXIT_SUCCESS;
	}
	if (strcmp(argv[0], "test") == 0)
		return cm_policy_test(config, argv + 1, argc - 1);
	if (strcmp(argv[0], "federation") == 0)
		return cm_policy_federation(config, argv + 1, argc - 1);
	fputs(usage_text, stderr);
	return CM_POLICY_EXIT_TROUBLE;
}
