/* SPDX-License-Identifier: MIT
 *
 * kill-at: ends a process with kill -9 in front of its Nth system call that
 * changes something on disk. For 13-kill.t, which compiles it and puts it
 * into Dovecot's auth-worker by LD_PRELOAD; nothing of it is shipped.
 *
 *	cc -shared -fPIC -o kill-at.so kill-at.c -ldl
 *
 * CM_KILL_AT names a file of two 32-bit numbers that test and processes
 * share: which call kills (0: none), and how many there have been. Calls are
 * counted while the first number is not 0, in all processes together.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile uint32_t *shared;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("CM_KILL_AT");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map != MAP_FAILED)
		shared = map;
}

static void step(void)
{
	if (shared == NULL || shared[0] == 0)
		return;
	if (__atomic_add_fetch(&shared[1], 1, __ATOMIC_SEQ_CST) == shared[0])
		(void)kill(getpid(), SIGKILL);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(type, name, params, args) \
	type name params \
	{ \
		step(); \
		return NEXT(name) args; \
	}

WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(ssize_t, write, (int fd, const void *buf, size_t size), (fd, buf, size))
WRAP(ssize_t, pwrite, (int fd, const void *buf, size_t size, off_t offset),
     (fd, buf, size, offset))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(int, utimensat, (int fd, const char *path,
		      const struct timespec times[2], int flags),
     (fd, path, times, flags))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, linkat, (int from_fd, const char *from, int to_fd, const char *to,
		   int flags), (from_fd, from, to_fd, to, flags))
WRAP(int, renameat, (int from_fd, const char *from, int to_fd,
		     const char *to), (from_fd, from, to_fd, to))
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))

int openat(int fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if ((flags & O_CREAT) != 0) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
		step();
	}
	return NEXT(openat)(fd, path, flags, mode);
}
