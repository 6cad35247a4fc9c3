/* SPDX-License-Identifier: MIT */
#include "cm-state.h"
#include "cm-file.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define TEMP_PREFIX "." CM_STATE_KEY_FILE "."
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 20)

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static enum cm_dir_result corrupt(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_CORRUPT;
}

enum cm_dir_result cm_state_open(const char *state_dir, int *fd_r,
				 const char **error_r)
{
	int fd = open(state_dir, OPEN_DIR);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return CM_DIR_UNKNOWN;
	if (fd < 0)
		return failed("open state_dir", error_r);
	*fd_r = fd;
	return CM_DIR_OK;
}

enum cm_dir_result cm_state_folder(int parent_fd, const char *name, bool make,
				   int *fd_r, const char **error_r)
{
	bool made = make && mkdirat(parent_fd, name, 0700) == 0;
	int fd;

	if (make && !made && errno != EEXIST)
		return failed("make a folder in state_dir", error_r);
	fd = openat(parent_fd, name, OPEN_DIR | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return CM_DIR_UNKNOWN;
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return corrupt("a folder in state_dir is none", error_r);
	if (fd < 0)
		return failed("open a folder in state_dir", error_r);
	/* given also if who made it died before that */
	if ((make && cm_give_to_owner(parent_fd, fd) < 0) ||
	    (made && fsync(parent_fd) < 0)) {
		cm_close_keep_errno(fd);
		return failed("make a folder in state_dir", error_r);
	}
	*fd_r = fd;
	return CM_DIR_OK;
}

static enum cm_dir_result read_key(int state_fd, unsigned char *key_r,
				   const char **error_r)
{
	static const struct cm_file_words words =
		CM_FILE_WORDS("the key in state_dir");
	unsigned char buf[CM_STATE_KEY_SIZE + 1];
	enum cm_dir_result result;
	size_t size;

	result = cm_file_read(state_fd, CM_STATE_KEY_FILE, &words, buf,
			      CM_STATE_KEY_SIZE, &size, error_r);
	if (result != CM_DIR_OK)
		return result;
	if (size != CM_STATE_KEY_SIZE)
		return corrupt("the key in state_dir is damaged", error_r);
	memcpy(key_r, buf, CM_STATE_KEY_SIZE);
	return CM_DIR_OK;
}

/* Returns 0 also if somebody else was first. */
static int make_key(int state_fd, const unsigned char *fresh)
{
	char temp[TEMP_SIZE];
	int fd, ret, saved;

	/* one process makes it one time; leftovers of a crash are replaced */
	(void)snprintf(temp, sizeof(temp), TEMP_PREFIX "%ld", (long)getpid());
	(void)unlinkat(state_fd, temp, 0);
	fd = openat(state_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ret = cm_write_all(fd, fresh, CM_STATE_KEY_SIZE) < 0 ||
	      cm_give_to_owner(state_fd, fd) < 0 || fsync(fd) < 0 ? -1 : 0;
	cm_close_keep_errno(fd);
	if (ret == 0 && linkat(state_fd, temp, state_fd, CM_STATE_KEY_FILE,
			       0) < 0 && errno != EEXIST)
		ret = -1;
	saved = errno;
	(void)unlinkat(state_fd, temp, 0);
	errno = saved;
	return ret == 0 ? fsync(state_fd) : -1;
}

enum cm_dir_result cm_state_key(int state_fd,
				const unsigned char fresh[CM_STATE_KEY_SIZE],
				unsigned char key_r[CM_STATE_KEY_SIZE],
				const char **error_r)
{
	enum cm_dir_result result = read_key(state_fd, key_r, error_r);

	if (result != CM_DIR_UNKNOWN || fresh == NULL)
		return result;
	if (make_key(state_fd, fresh) < 0)
		return failed("make the key in state_dir", error_r);
	result = read_key(state_fd, key_r, error_r);
	if (result == CM_DIR_UNKNOWN)
		return corrupt("the key in state_dir went away", error_r);
	return result;
}

void cm_state_name(const unsigned char key[CM_STATE_KEY_SIZE],
		   cm_state_hmac_fn *hmac, const char *purpose, const void *data, size_t size,
		   char name_r[CM_STATE_NAME_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[CM_STATE_MAC_SIZE];
	unsigned int i;

	/* the NUL keeps the two apart */
	hmac(key, CM_STATE_KEY_SIZE, purpose, strlen(purpose) + 1, data, size,
	     mac);
	for (i = 0; i < CM_STATE_MAC_SIZE; i++) {
		name_r[2 * i] = digits[mac[i] >> 4];
		name_r[2 * i + 1] = digits[mac[i] & 15];
	}
	name_r[CM_STATE_NAME_LEN] = '\0';
}
