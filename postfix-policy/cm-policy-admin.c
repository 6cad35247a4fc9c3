/* SPDX-License-Identifier: MIT */
#include "cm-policy-admin.h"
#include "cm-policy-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cm_policy_test(const char *config, char *const args[], int count)
{
	static struct cm_policy policy;
	static struct cm_policy_proto proto;
	char action[CM_POLICY_MAX_ACTION + 1];
	int i;

	cm_policy_proto_init(&proto);
	(void)cm_policy_proto_set(&proto, "request=smtpd_access_policy");
	(void)cm_policy_proto_set(&proto, "protocol_state=RCPT");
	for (i = 0; i < count; i++) {
		if (cm_policy_proto_set(&proto, args[i]) < 0) {
			fprintf(stderr, "chatmail-policy: argument %d is not "
				"NAME=VALUE, or too long\n", i + 1);
			return CM_POLICY_EXIT_TROUBLE;
		}
	}
	cm_policy_init(&policy, config, false);
	cm_policy_answer(&policy, &proto, action);
	puts(action);
	cm_policy_deinit(&policy);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : CM_POLICY_EXIT_TROUBLE;
}

static void print_rule(void *ctx, enum cm_federation_rule rule,
		       const char *target)
{
	(void)ctx;
	printf("%s %s\n", rule == CM_FEDERATION_ALLOW ? "allow" : "block",
	       target);
}

static int trouble(const struct cm_settings *set, const char *error)
{
	fprintf(stderr, "chatmail-policy: %s/" CM_FEDERATION_FILE ": %s: %s\n",
		set->state_dir, error, strerror(errno));
	return CM_POLICY_EXIT_TROUBLE;
}

static int list(const struct cm_settings *set, int state_fd)
{
	struct cm_federation fed;
	const char *error = "";
	int ret = EXIT_SUCCESS;

	cm_federation_init(&fed);
	if (cm_federation_load(&fed, state_fd, &error) < 0)
		return trouble(set, error);
	cm_federation_list(&fed, print_rule, NULL);
	if (fed.bad_line != 0) {
		fprintf(stderr, "chatmail-policy: %s/" CM_FEDERATION_FILE
			":%u: expected allow or block and an address or a "
			"domain\n", set->state_dir, fed.bad_line);
		ret = CM_POLICY_EXIT_TROUBLE;
	}
	cm_federation_deinit(&fed);
	return ret;
}

static int change(const struct cm_settings *set, int state_fd,
		  enum cm_federation_rule rule, char *const targets[],
		  int count)
{
	int i, ret, result = EXIT_SUCCESS;
	const char *error;

	for (i = 0; i < count; i++) {
		ret = cm_federation_change(state_fd, rule, targets[i], &error);
		if (ret < 0 && errno == EINVAL) {
			fprintf(stderr, "chatmail-policy: %s: %s\n",
				targets[i], error);
			return CM_POLICY_EXIT_TROUBLE;
		}
		if (ret < 0)
			return trouble(set, error);
		if (ret == 0 && rule == CM_FEDERATION_NONE)
			result = CM_POLICY_EXIT_NO;
	}
	return result;
}

static int dispatch(const struct cm_settings *set, int state_fd,
		    char *const args[], int count)
{
	const char *what = count > 0 ? args[0] : "";

	if (strcmp(what, "list") == 0 && count == 1)
		return list(set, state_fd);
	if (strcmp(what, "allow") == 0 && count > 1)
		return change(set, state_fd, CM_FEDERATION_ALLOW, args + 1,
			      count - 1);
	if (strcmp(what, "block") == 0 && count > 1)
		return change(set, state_fd, CM_FEDERATION_BLOCK, args + 1,
			      count - 1);
	if (strcmp(what, "forget") == 0 && count > 1)
		return change(set, state_fd, CM_FEDERATION_NONE, args + 1,
			      count - 1);
	fputs("usage: chatmail-policy [-c FILE] federation list\n"
	      "       chatmail-policy [-c FILE] federation "
	      "allow|block|forget ADDRESS|DOMAIN|.DOMAIN...\n", stderr);
	return CM_POLICY_EXIT_TROUBLE;
}

int cm_policy_federation(const char *config, char *const args[], int count)
{
	struct cm_settings set;
	const char *error;
	int fd, ret;

	if (cm_settings_read(&set, config, NULL, NULL, &error) < 0) {
		fprintf(stderr, "chatmail-policy: %s\n", error);
		cm_settings_deinit(&set);
		return CM_POLICY_EXIT_TROUBLE;
	}
	fd = open(set.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "chatmail-policy: %s: %s\n", set.state_dir,
			strerror(errno));
		ret = CM_POLICY_EXIT_TROUBLE;
	} else {
		ret = dispatch(&set, fd, args, count);
		(void)close(fd);
	}
	cm_settings_deinit(&set);
	return ret;
}
