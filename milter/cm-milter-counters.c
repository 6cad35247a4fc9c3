/* SPDX-License-Identifier: MIT */
#include "cm-milter-counters.h"
#include "cm-counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME "milter.counters"
/* Stands behind the rules. */
#define TROUBLE CM_RULE_COUNT
#define COUNT (2 * (TROUBLE + 1))

_Static_assert(COUNT <= CM_COUNTERS_MAX, "too many rules");

/* Of the process: its threads all count into the same rows. */
static struct cm_counters counters;

/* Row of a rule; CM_RULE_NONE is "accept". */
static unsigned int row(enum cm_direction direction, unsigned int rule)
{
	return 2 * rule + (direction == CM_INCOMING);
}

const char *cm_milter_count_word(enum cm_rule rule)
{
	return cm_rule_info(rule)->code < 500 ? "defer" : "reject";
}

static void name_row(unsigned int i, char *name, size_t size)
{
	const char *direction = i % 2 == 0 ? "outgoing" : "incoming";
	unsigned int rule = i / 2;

	if (rule == CM_RULE_NONE)
		(void)snprintf(name, size, "%s accept", direction);
	else if (rule == TROUBLE)
		(void)snprintf(name, size, "%s defer trouble", direction);
	else
		(void)snprintf(name, size, "%s %s %s", direction,
			       cm_milter_count_word(rule),
			       cm_rule_info(rule)->name);
}

int cm_milter_counters_open(const char *run_dir)
{
	char text[COUNT][CM_COUNTERS_NAME_SIZE];
	const char *names[COUNT];
	unsigned int i;
	int dir_fd, ret;

	for (i = 0; i < COUNT; i++) {
		name_row(i, text[i], sizeof(text[i]));
		names[i] = text[i];
	}
	dir_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -1;
	ret = cm_counters_open(&counters, dir_fd, FILE_NAME, names, COUNT);
	(void)close(dir_fd);
	return ret;
}

void cm_milter_count(enum cm_direction direction, enum cm_rule rule)
{
	cm_counters_add(&counters, row(direction, rule));
}

void cm_milter_count_trouble(enum cm_direction direction)
{
	cm_counters_add(&counters, row(direction, TROUBLE));
}
