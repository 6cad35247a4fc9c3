/* SPDX-License-Identifier: MIT */
#include "cm-rate-private.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NAME_SIZE (CM_RATE_TABLE_MAX_NAME + sizeof(".lock"))
/* For another process that is making the file: 200 times 5 ms. */
#define LOCK_TRIES 200
#define LOCK_PAUSE_NS 5000000
#define MAX_SKEW (10 * NS_PER_SECOND)

static uint64_t group_count(const struct cm_rate_table_params *params)
{
	return (params->accounts + (uint64_t)CM_RATE_TABLE_SLOTS - 1) /
	       CM_RATE_TABLE_SLOTS;
}

/* Who made the file may have read the clock a little later than we. */
static bool too_old(const struct cm_rate_header *header, uint64_t now)
{
	if (now < header->epoch)
		return header->epoch - now > MAX_SKEW;
	return (now - header->epoch) / NS_PER_SECOND >= CM_RATE_TABLE_MAX_AGE;
}

static bool fits(const struct cm_rate_header *header,
		 const struct cm_rate_table_params *params)
{
	return memcmp(header->magic, CM_RATE_MAGIC,
		      sizeof(header->magic)) == 0 &&
	       header->version == CM_RATE_VERSION &&
	       header->byte_order == CM_RATE_BYTE_ORDER &&
	       header->header_size == CM_RATE_HEADER_SIZE &&
	       header->group_size == sizeof(struct cm_rate_group) &&
	       header->groups == group_count(params) &&
	       header->boot == params->boot && !too_old(header, params->now);
}

static int map_fd(struct cm_rate_table *table, int fd)
{
	void *map = mmap(NULL, table->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);

	if (map == MAP_FAILED)
		return -1;
	table->header = map;
	table->fd = fd;
	return 0;
}

/* A stranger could have made the file to read the key. root looks on at the
 * file of another (chatmail-policy test). */
static bool trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 077) == 0 &&
	       (st->st_uid == geteuid() || geteuid() == 0);
}

/* 1 = open, 0 = there is none that fits. */
static int open_existing(struct cm_rate_table *table,
			 const struct cm_rate_table_params *params)
{
	int fd = openat(params->dir_fd, params->name,
			O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !trusted(&st) ||
	    st.st_size != (off_t)table->size || map_fd(table, fd) < 0) {
		(void)close(fd);
		return 0;
	}
	if (fits(table->header, params))
		return 1;
	(void)munmap(table->header, table->size);
	(void)close(fd);
	table->header = NULL;
	table->fd = -1;
	return 0;
}

static void fill(struct cm_rate_header *header,
		 const struct cm_rate_table_params *params)
{
	memcpy(header->magic, CM_RATE_MAGIC, sizeof(header->magic));
	header->version = CM_RATE_VERSION;
	header->byte_order = CM_RATE_BYTE_ORDER;
	header->header_size = CM_RATE_HEADER_SIZE;
	header->group_size = sizeof(struct cm_rate_group);
	header->groups = group_count(params);
	header->boot = params->boot;
	header->epoch = params->now;
	memcpy(header->key, params->random, sizeof(header->key));
}

/* With the lock held: whole under another name first. The room is taken now,
 * because a full file system would kill us at a page fault later. */
static int create(struct cm_rate_table *table,
		  const struct cm_rate_table_params *params)
{
	char temp[NAME_SIZE];
	int fd, error;

	(void)snprintf(temp, sizeof(temp), "%s.new", params->name);
	(void)unlinkat(params->dir_fd, temp, 0);
	fd = openat(params->dir_fd, temp,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	error = cm_give_to_owner(params->dir_fd, fd) < 0 ? errno :
		posix_fallocate(fd, 0, (off_t)table->size);
	if (error == 0 && map_fd(table, fd) == 0) {
		fill(table->header, params);
		if (renameat(params->dir_fd, temp, params->dir_fd,
			     params->name) == 0)
			return 0;
		error = errno;
		(void)munmap(table->header, table->size);
		table->header = NULL;
		table->fd = -1;
	} else if (error == 0) {
		error = errno;
	}
	(void)close(fd);
	(void)unlinkat(params->dir_fd, temp, 0);
	errno = error;
	return -1;
}

/* The kernel gives the lock back if its holder dies. It is for making the
 * file only, never for what is in it. Not root's: the others must get it. */
static int lock(const struct cm_rate_table_params *params)
{
	static const struct timespec pause = { 0, LOCK_PAUSE_NS };
	char name[NAME_SIZE];
	int i, fd;

	(void)snprintf(name, sizeof(name), "%s.lock", params->name);
	fd = openat(params->dir_fd, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (cm_give_to_owner(params->dir_fd, fd) < 0) {
		cm_close_keep_errno(fd);
		return -1;
	}
	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
	errno = EAGAIN;
	return -1;
}

int cm_rate_table_open(struct cm_rate_table *table,
		       const struct cm_rate_table_params *params)
{
	int lock_fd, ret, error;

	memset(table, 0, sizeof(*table));
	table->fd = -1;
	if (params->accounts < CM_RATE_TABLE_MIN_ACCOUNTS ||
	    params->accounts > CM_RATE_TABLE_MAX_ACCOUNTS ||
	    strlen(params->name) > CM_RATE_TABLE_MAX_NAME) {
		errno = EINVAL;
		return -1;
	}
	table->size = CM_RATE_HEADER_SIZE + sizeof(struct cm_recent) +
		(size_t)group_count(params) * sizeof(struct cm_rate_group);
	if (open_existing(table, params) > 0)
		return 0;
	if (!params->create) {
		errno = ENOENT;
		return -1;
	}
	lock_fd = lock(params);
	if (lock_fd < 0)
		return -1;
	ret = open_existing(table, params) > 0 ? 0 : create(table, params);
	error = errno;
	(void)close(lock_fd);
	errno = error;
	return ret;
}

void cm_rate_table_close(struct cm_rate_table *table)
{
	if (table->header != NULL) {
		(void)munmap(table->header, table->size);
		(void)close(table->fd);
	}
	memset(table, 0, sizeof(*table));
	table->fd = -1;
}

bool cm_rate_table_stale(const struct cm_rate_table *table, uint64_t now)
{
	struct stat st;

	/* a page that was cut off must not be touched */
	return table->header == NULL || fstat(table->fd, &st) < 0 ||
	       st.st_nlink == 0 || st.st_size != (off_t)table->size ||
	       too_old(table->header, now);
}
