/* SPDX-License-Identifier: MIT */
#include "cm-policy-serve.h"
#include "cm-policy-rules.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define READ_SIZE 4096

static int write_all(const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int reply(struct cm_policy *policy, const struct cm_policy_proto *proto,
		 enum cm_policy_event event)
{
	char action[CM_POLICY_MAX_ACTION + 1], buf[CM_POLICY_REPLY_SIZE];

	if (event == CM_POLICY_REQUEST)
		cm_policy_answer(policy, proto, action);
	else
		cm_policy_answer_bad(policy, action);
	return write_all(buf, cm_policy_reply(buf, action));
}

/* 1 = go on, 0 = end, -1 = failed */
static int take(struct cm_policy *policy, struct cm_policy_proto *proto,
		const char *data, size_t size)
{
	while (size > 0) {
		enum cm_policy_event event;
		size_t n = cm_policy_proto_feed(proto, data, size, &event);

		data += n;
		size -= n;
		if (event == CM_POLICY_MORE)
			continue;
		if (reply(policy, proto, event) < 0)
			return -1;
		if (event == CM_POLICY_TOO_BIG)
			return 0;
	}
	return 1;
}

int cm_policy_serve(const char *config)
{
	/* one process serves one connection */
	static struct cm_policy policy;
	static struct cm_policy_proto proto;
	char buf[READ_SIZE];
	int ret = 1;

	/* smtpd may go away before it read the answer */
	(void)signal(SIGPIPE, SIG_IGN);
	cm_policy_init(&policy, config, true);
	cm_policy_proto_init(&proto);
	while (ret > 0) {
		ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		ret = n <= 0 ? (int)n : take(&policy, &proto, buf, (size_t)n);
	}
	cm_policy_deinit(&policy);
	return ret;
}
