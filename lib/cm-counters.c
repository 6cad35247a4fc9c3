/* SPDX-License-Identifier: MIT */
#include "cm-counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "CMCOUNT1"
#define TEMP_SUFFIX ".new"
#define MAX_FILE_NAME 64

struct row {
	char name[CM_COUNTERS_NAME_SIZE];
	_Atomic uint64_t count;
};

struct cm_counters_file {
	char magic[8];
	uint32_t rows, zero;
	struct row row[];
};

_Static_assert(sizeof(struct row) == CM_COUNTERS_NAME_SIZE + 8, "row");

static bool fits(const struct cm_counters_file *file,
		 const char *const *names, unsigned int count)
{
	unsigned int i;

	if (memcmp(file->magic, MAGIC, sizeof(file->magic)) != 0 ||
	    file->rows != count)
		return false;
	for (i = 0; i < count; i++) {
		if (strncmp(file->row[i].name, names[i],
			    CM_COUNTERS_NAME_SIZE) != 0)
			return false;
	}
	return true;
}

static int map_file(struct cm_counters *counters, int fd)
{
	void *map = mmap(NULL, counters->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return -1;
	counters->file = map;
	return 0;
}

/* 1 = open, 0 = there is none of this form. */
static int open_existing(struct cm_counters *counters, int dir_fd,
			 const char *name, const char *const *names,
			 unsigned int count)
{
	int ret = 0, fd = openat(dir_fd, name,
				 O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == (off_t)counters->size &&
	    map_file(counters, fd) == 0) {
		if (fits(counters->file, names, count))
			ret = 1;
		else
			cm_counters_close(counters);
	}
	(void)close(fd);
	return ret;
}

static void fill(struct cm_counters_file *file, const char *const *names,
		 unsigned int count)
{
	unsigned int i;

	memcpy(file->magic, MAGIC, sizeof(file->magic));
	file->rows = count;
	for (i = 0; i < count; i++)
		(void)snprintf(file->row[i].name, CM_COUNTERS_NAME_SIZE, "%s",
			       names[i]);
}

/* Complete under another name first: readers never see half a file. */
static int create(struct cm_counters *counters, int dir_fd, const char *name,
		  const char *const *names, unsigned int count)
{
	char temp[MAX_FILE_NAME];
	int fd, ret = -1;

	(void)snprintf(temp, sizeof(temp), "%s" TEMP_SUFFIX, name);
	(void)unlinkat(dir_fd, temp, 0);
	fd = openat(dir_fd, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)counters->size) == 0 &&
	    map_file(counters, fd) == 0) {
		fill(counters->file, names, count);
		ret = renameat(dir_fd, temp, dir_fd, name);
		if (ret < 0)
			cm_counters_close(counters);
	}
	(void)close(fd);
	return ret;
}

int cm_counters_open(struct cm_counters *counters, int dir_fd,
		     const char *name, const char *const *names,
		     unsigned int count)
{
	size_t size = sizeof(struct cm_counters_file) +
		count * sizeof(struct row);

	memset(counters, 0, sizeof(*counters));
	if (count > CM_COUNTERS_MAX ||
	    strlen(name) >= MAX_FILE_NAME - sizeof(TEMP_SUFFIX)) {
		errno = EINVAL;
		return -1;
	}
	counters->size = size;
	if (open_existing(counters, dir_fd, name, names, count) > 0)
		return 0;
	counters->size = size;
	return create(counters, dir_fd, name, names, count);
}

void cm_counters_add(struct cm_counters *counters, unsigned int i)
{
	if (counters->file != NULL && i < counters->file->rows)
		atomic_fetch_add_explicit(&counters->file->row[i].count, 1,
					  memory_order_relaxed);
}

uint64_t cm_counters_get(const struct cm_counters *counters, unsigned int i)
{
	if (counters->file == NULL || i >= counters->file->rows)
		return 0;
	return atomic_load_explicit(&counters->file->row[i].count,
				    memory_order_relaxed);
}

void cm_counters_close(struct cm_counters *counters)
{
	if (counters->file != NULL)
		(void)munmap(counters->file, counters->size);
	memset(counters, 0, sizeof(*counters));
}
