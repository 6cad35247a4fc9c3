/* SPDX-License-Identifier: MIT */
#include "cm-push-spool.h"
#include "cm-io.h"
#include "cm-push-record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define TEMPORARY ".new"

/* Nothing but account names and our own, and none leaves its folder. */
static bool is_name(const char *name)
{
	return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

/* Opens a folder, which is made if need be. */
static int open_dir(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, DIR_FLAGS | O_NOFOLLOW);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(parent_fd, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(parent_fd, name, DIR_FLAGS | O_NOFOLLOW);
}

static int open_push_dir(const char *state_dir)
{
	/* the path is the admin's and may lead through links */
	int fd, state_fd = open(state_dir, DIR_FLAGS);

	if (state_fd < 0)
		return -1;
	fd = open_dir(state_fd, CM_PUSH_DIR);
	cm_close_keep_errno(state_fd);
	return fd;
}

int cm_push_spool_open_new(const char *state_dir)
{
	int fd, push_fd = open_push_dir(state_dir);

	if (push_fd < 0)
		return -1;
	fd = open_dir(push_fd, "new");
	cm_close_keep_errno(push_fd);
	return fd;
}

/* 1, or 0 if there is one. */
static int create_mark(int new_fd, const char *name)
{
	int fd = openat(new_fd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	(void)close(fd);
	return 1;
}

int cm_push_spool_mark(int new_fd, const char *name)
{
	int ret;

	if (!is_name(name)) {
		errno = EINVAL;
		return -1;
	}
	ret = create_mark(new_fd, name);
	/* The notice is as old as the newest message. */
	if (ret != 0 ||
	    utimensat(new_fd, name, NULL, AT_SYMLINK_NOFOLLOW) == 0)
		return ret;
	/* taken over in between: perhaps too early to be for this message */
	return errno == ENOENT ? create_mark(new_fd, name) : -1;
}

int cm_push_spool_open(const char *state_dir, struct cm_push_spool *spool_r)
{
	int push_fd = open_push_dir(state_dir);

	spool_r->new_fd = spool_r->queue_fd = spool_r->lock_fd = -1;
	if (push_fd < 0)
		return -1;
	spool_r->new_fd = open_dir(push_fd, "new");
	if (spool_r->new_fd >= 0)
		spool_r->queue_fd = open_dir(push_fd, "queue");
	if (spool_r->queue_fd >= 0)
		spool_r->lock_fd = openat(push_fd, "lock",
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	cm_close_keep_errno(push_fd);
	if (spool_r->lock_fd >= 0)
		return 0;
	cm_push_spool_close(spool_r);
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		cm_close_keep_errno(*fd);
	*fd = -1;
}

void cm_push_spool_close(struct cm_push_spool *spool)
{
	close_fd(&spool->new_fd);
	close_fd(&spool->queue_fd);
	close_fd(&spool->lock_fd);
}

int cm_push_spool_lock(struct cm_push_spool *spool)
{
	if (flock(spool->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

/* A stream of its own: another descriptor, so another position. */
static DIR *open_stream(int dir_fd)
{
	int fd = openat(dir_fd, ".", DIR_FLAGS);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL)
		cm_close_keep_errno(fd);
	return dir;
}

int cm_push_spool_each(int dir_fd, cm_push_spool_name_fn *callback, void *ctx)
{
	DIR *dir = open_stream(dir_fd);
	const struct dirent *d;
	int saved;

	if (dir == NULL)
		return -1;
	for (errno = 0; (d = readdir(dir)) != NULL; errno = 0) {
		if (strcmp(d->d_name, TEMPORARY) == 0)
			(void)unlinkat(dir_fd, TEMPORARY, 0);
		else if (is_name(d->d_name) && !callback(ctx, d->d_name))
			break;
	}
	saved = d == NULL ? errno : 0;
	(void)closedir(dir);
	errno = saved;
	return saved == 0 ? 0 : -1;
}

static int64_t written_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 +
	       st->st_mtim.tv_nsec / 1000000;
}

int cm_push_spool_claim(struct cm_push_spool *spool, const char *name,
			int64_t *written_r)
{
	struct stat st;

	if (!is_name(name)) {
		errno = EINVAL;
		return -1;
	}
	if (renameat(spool->new_fd, name, spool->queue_fd, name) < 0 ||
	    fstatat(spool->queue_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	*written_r = written_ms(&st);
	return 1;
}

int cm_push_spool_read(struct cm_push_spool *spool, const char *name,
		       struct cm_push_notice *notice_r)
{
	/* one more byte shows that a file is too large */
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	struct stat st;
	ssize_t size;
	int fd = openat(spool->queue_fd, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -1;
	if (fstat(fd, &st) < 0 || (size = cm_read_all(fd, buf,
						      sizeof(buf))) < 0) {
		cm_close_keep_errno(fd);
		return errno == EISDIR ? 0 : -1;
	}
	(void)close(fd);
	if (!S_ISREG(st.st_mode))
		return 0;
	/* whatever stands in it, that it is there means a notice */
	if (!cm_push_record_parse(buf, (size_t)size, written_ms(&st),
				  notice_r))
		(void)cm_push_record_parse("", 0, written_ms(&st), notice_r);
	return 1;
}

int cm_push_spool_write(struct cm_push_spool *spool, const char *name,
			const struct cm_push_notice *notice)
{
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	size_t size = cm_push_record_print(notice, buf);
	int ret, fd = openat(spool->queue_fd, TEMPORARY,
			     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
			     O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	ret = cm_write_all(fd, buf, size);
	cm_close_keep_errno(fd);
	if (ret == 0)
		ret = renameat(spool->queue_fd, TEMPORARY, spool->queue_fd,
			       name);
	return ret;
}

int cm_push_spool_add_done(struct cm_push_spool *spool, const char *name,
			   const struct cm_push_notice *notice,
			   uint64_t digest)
{
	char buf[CM_PUSH_RECORD_DONE_SIZE + 1];
	int ret, fd;

	/* an empty file has no first line yet */
	if (notice->done_count == 0 && notice->tries == 0 &&
	    cm_push_spool_write(spool, name, notice) < 0)
		return -1;
	fd = openat(spool->queue_fd, name,
		    O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	cm_push_record_print_done(digest, buf);
	ret = cm_write_all(fd, buf, CM_PUSH_RECORD_DONE_SIZE);
	cm_close_keep_errno(fd);
	return ret;
}

int cm_push_spool_remove(struct cm_push_spool *spool, const char *name)
{
	return unlinkat(spool->queue_fd, name, 0) < 0 && errno != ENOENT ?
		-1 : 0;
}
