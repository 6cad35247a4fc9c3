/* SPDX-License-Identifier: MIT */
#include "cm-milter-counters.h"
#include "cm-counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME "milter.counters"
#define COUNT (2 * CM_RULE_COUNT)

_Static_assert(COUNT <= CM_COUNTERS_MAX, "too many rules");

/* Of the process: its threads all count into the same rows. */
static struct cm_counters counters;

/* Row of a rule; CM_RULE_NONE is "accept". */
static unsigned int row(enum cm_direction direction, enum cm_rule rule)
{
	return 2 * (unsigned int)rule + (direction == CM_INCOMING);
}

int cm_milter_counters_open(const char *run_dir)
{
	char text[COUNT][CM_COUNTERS_NAME_SIZE];
	const char *names[COUNT];
	unsigned int i;
	int dir_fd, ret;

	for (i = 0; i < COUNT; i++) {
		const char *direction = i % 2 == 0 ? "outgoing" : "incoming";

		if (i / 2 == CM_RULE_NONE)
			(void)snprintf(text[i], sizeof(text[i]), "%s accept",
				       direction);
		else
			(void)snprintf(text[i], sizeof(text[i]),
				       "%s reject %s", direction,
				       cm_rule_info(i / 2)->name);
		names[i] = text[i];
	}
	dir_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -1;
	ret = cm_counters_open(&counters, dir_fd, FILE_NAME, names, COUNT);
	(void)close(dir_fd);
	return ret;
}

void cm_milter_count(enum cm_direction direction, struct cm_verdict verdict)
{
	cm_counters_add(&counters, row(direction, verdict.rule));
}
