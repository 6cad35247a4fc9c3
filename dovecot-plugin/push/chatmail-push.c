/* SPDX-License-Identifier: MIT
 *
 * chatmail-push: tells devices of new mail. A service of Dovecot's master, see
 * chatmail-push(8).
 */
#include "cm-master.h"

#include "cm-config.h"

#include "cm-push-queue.h"
#include "cm-push-service.h"
#include "cm-settings.h"

#include "restrict-access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_push_service *push;

/* lmtp connects to say that there is something to do; that is all it says. As
 * it is not accepted, lib-master closes the connection. */
static void connected(struct master_service_connection *conn ATTR_UNUSED)
{
	cm_push_service_wake(push);
}

static void warn(void *ctx ATTR_UNUSED, const char *message)
{
	i_warning("%s", message);
}

static const char usage_text[] =
	"usage: chatmail-push [-F FILE] [-A FILE]\n"
	"       chatmail-push -h | -V\n"
	"\n"
	"  -F FILE   settings (default " CM_DEFAULT_CONFIG "); Dovecot has -c\n"
	"  -A FILE   certificates to believe in place of the system's\n"
	"  -h, -V    this text; the version\n"
	"\n"
	"A service of Dovecot's master, which starts it: see 45-chatmail-push.conf\n"
	"in conf.d.\n";

/* What a person asks who starts it by hand; lib-master has no such options. */
static bool answered(const char *argument)
{
	if (argument == NULL)
		return FALSE;
	if (strcmp(argument, "-h") == 0)
		fputs(usage_text, stdout);
	else if (strcmp(argument, "-V") == 0)
		puts("chatmail-push " CM_VERSION);
	else
		return FALSE;
	return TRUE;
}

struct options {
	const char *config, *ca_file;
	unsigned int speed;
};

static bool read_options(struct options *options)
{
	int c;

	while ((c = master_getopt(master_service)) > 0) {
		switch (c) {
		case 'A':
			options->ca_file = optarg;
			break;
		case 'F':
			options->config = optarg;
			break;
		case 'T':
			if (str_to_uint(optarg, &options->speed) < 0 ||
			    options->speed == 0 ||
			    options->speed > CM_PUSH_MAX_SPEED)
				return FALSE;
			break;
		default:
			return FALSE;
		}
	}
	return TRUE;
}

int main(int argc, char *argv[])
{
	struct options options = { CM_DEFAULT_CONFIG, NULL, 1 };
	struct cm_settings set;
	const char *error;

	if (answered(argv[1]))
		return EXIT_SUCCESS;
	/* it is idle most of the time, and stays; what there is to be known
	 * of it is in the log */
	master_service = master_service_init(
		"chatmail-push",
		MASTER_SERVICE_FLAG_NO_IDLE_DIE |
		MASTER_SERVICE_FLAG_DONT_SEND_STATS,
		&argc, &argv, "A:F:T:");
	if (!read_options(&options))
		return FATAL_DEFAULT;
	if (cm_master_settings_read(master_service, &error) < 0)
		i_fatal("Error reading configuration: %s", error);
	master_service_init_log(master_service);
	restrict_access_by_env(RESTRICT_ACCESS_FLAG_ALLOW_ROOT, NULL);
	restrict_access_allow_coredumps(TRUE);

	if (cm_settings_read(&set, options.config, warn, NULL, &error) < 0)
		i_fatal("%s", error);
	push = cm_push_service_init(&set, options.ca_file, options.speed,
				    &error);
	if (push == NULL)
		i_fatal("%s", error);
	master_service_init_finish(master_service);

	master_service_run(master_service, connected);

	cm_push_service_drain(push);
	cm_push_service_deinit(&push);
	cm_settings_deinit(&set);
	master_service_deinit(&master_service);
	return 0;
}
