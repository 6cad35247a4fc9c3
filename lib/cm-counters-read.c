/* SPDX-License-Identifier: MIT */
#include "cm-counters-read.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "CMCOUNT1"
#define HEADER_SIZE 16
#define ROW_SIZE (CM_COUNTERS_NAME_SIZE + sizeof(uint64_t))
/* One byte more than this is asked for. A row is aligned to 8 bytes, and a page
 * is copied by words, so no value is seen half written. */
#define MAX_SIZE (HEADER_SIZE + CM_COUNTERS_MAX * ROW_SIZE)

static int take_row(const unsigned char *data, char *name_r, uint64_t *value_r)
{
	const char *p;

	memcpy(name_r, data, CM_COUNTERS_NAME_SIZE);
	name_r[CM_COUNTERS_NAME_SIZE] = '\0';
	if (*name_r == '\0')
		return -1;
	for (p = name_r; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			return -1;
	}
	memcpy(value_r, data + CM_COUNTERS_NAME_SIZE, sizeof(*value_r));
	return 0;
}

static int parse(const unsigned char *data, size_t size,
		 struct cm_counters_view *view)
{
	uint32_t rows, i;

	if (size < HEADER_SIZE || memcmp(data, MAGIC, 8) != 0)
		return -1;
	memcpy(&rows, data + 8, sizeof(rows));
	if (rows > CM_COUNTERS_MAX || size != HEADER_SIZE + rows * ROW_SIZE)
		return -1;
	for (i = 0; i < rows; i++) {
		if (take_row(data + HEADER_SIZE + i * ROW_SIZE,
			     view->row[i].name, &view->row[i].value) < 0)
			return -1;
	}
	view->count = rows;
	return 0;
}

int cm_counters_read(const char *path, struct cm_counters_view *view)
{
	unsigned char buf[MAX_SIZE + 1];
	ssize_t size;
	int fd, saved;

	view->count = 0;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	size = cm_read_all(fd, buf, sizeof(buf));
	saved = errno;
	(void)close(fd);
	errno = saved;
	if (size < 0)
		return -1;
	if (parse(buf, (size_t)size, view) < 0) {
		errno = EINVAL;
		return -1;
	}
	return 1;
}
