/* SPDX-License-Identifier: MIT */
#include "cm-push-counters.h"

#include <fcntl.h>
#include <unistd.h>

#define FILE_NAME "push.counters"

enum row { ROW_TOLD, ROW_GONE, ROW_FAILED, ROW_EXPIRED, ROW_COUNT };

static const char *const names[ROW_COUNT] = {
	[ROW_TOLD] = "told",
	[ROW_GONE] = "token gone",
	[ROW_FAILED] = "request failed",
	[ROW_EXPIRED] = "notice expired"
};

int cm_push_counters_open(struct cm_counters *counters, const char *run_dir)
{
	int dir_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (dir_fd < 0)
		return -1;
	ret = cm_counters_open(counters, dir_fd, FILE_NAME, names, ROW_COUNT);
	(void)close(dir_fd);
	return ret;
}

void cm_push_count_answer(struct cm_counters *counters,
			  enum cm_push_answer answer)
{
	switch (answer) {
	case CM_PUSH_TAKEN:
		cm_counters_add(counters, ROW_TOLD);
		break;
	case CM_PUSH_GONE:
		cm_counters_add(counters, ROW_GONE);
		break;
	case CM_PUSH_LATER:
		cm_counters_add(counters, ROW_FAILED);
		break;
	}
}

void cm_push_count_expired(struct cm_counters *counters)
{
	cm_counters_add(counters, ROW_EXPIRED);
}
