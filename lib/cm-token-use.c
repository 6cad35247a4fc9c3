/* SPDX-License-Identifier: MIT
 *
 * How often a token was used: see cm-token.h for the file and its promise.
 *
 *	....			four uses
 *	.... <address>\n	the fifth is being made
 *	.....<address>\n	it is made: this one byte decides
 *	.....			and tidied up
 */
#include "cm-token.h"
#include "cm-account-rules.h"
#include "cm-io.h"
#include "cm-token-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Most that can stand behind the last use: blank, address, newline. */
#define MAX_TAIL (CM_ACCOUNT_MAX_NAME + 2)
#define NAP_MSECS 5

struct uses {
	unsigned int used;
	bool untidy; /* something is behind them */
	char name[CM_ACCOUNT_MAX_NAME + 1]; /* being made; "": nobody */
};

static enum cm_dir_result failed(const char *what, const char **error_r)
{
	*error_r = what;
	return CM_DIR_FAILED;
}

static enum cm_dir_result damaged(const char **error_r)
{
	*error_r = "the uses of a registration token are damaged";
	return CM_DIR_CORRUPT;
}

/* What is behind the uses. */
static bool parse_tail(const char *tail, size_t size, struct uses *uses_r)
{
	size_t i;

	uses_r->untidy = true;
	for (i = 0; i + 1 < size; i++) {
		if (tail[i] < ' ' || tail[i] > '~')
			return false;
	}
	/* Not written to its end: nothing was made after it. */
	if (tail[size - 1] != '\n')
		return tail[0] == ' ';
	if (tail[0] == ' ') {
		if (size < 3)
			return false;
		memcpy(uses_r->name, tail + 1, size - 2);
		uses_r->name[size - 2] = '\0';
	}
	return true;
}

static enum cm_dir_result read_uses(int fd, struct uses *uses_r,
				    const char **error_r)
{
	char buf[1 + MAX_TAIL + 1];
	struct stat st;
	off_t start = 0;
	ssize_t ret;
	size_t n = 0, size;

	memset(uses_r, 0, sizeof(*uses_r));
	if (fstat(fd, &st) < 0)
		return failed("stat the uses of a registration token",
			      error_r);
	if (!S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)CM_TOKEN_MAX_COUNT + MAX_TAIL)
		return damaged(error_r);
	if (st.st_size > 1 + MAX_TAIL)
		start = st.st_size - (1 + MAX_TAIL);
	ret = pread(fd, buf, sizeof(buf), start);
	if (ret < 0)
		return failed("read the uses of a registration token",
			      error_r);
	size = (size_t)ret;
	while (n < size && buf[n] == '.')
		n++;
	/* longer than anything that we write */
	if (start > 0 && n == 0)
		return damaged(error_r);
	uses_r->used = (unsigned int)start + (unsigned int)n;
	if (n < size && !parse_tail(buf + n, size - n, uses_r))
		return damaged(error_r);
	return CM_DIR_OK;
}

static enum cm_dir_result open_uses(int length_fd, const char *id, int flags,
				    int *fd_r, const char **error_r)
{
	char name[CM_TOKEN_USES_SIZE];
	int fd;

	cm_token_uses_name(id, name);
	fd = openat(length_fd, name,
		    flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		return CM_DIR_UNKNOWN;
	/* ENXIO: a FIFO */
	if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return damaged(error_r);
	if (fd < 0)
		return failed("open the uses of a registration token",
			      error_r);
	*fd_r = fd;
	return CM_DIR_OK;
}

enum cm_dir_result cm_token_used(int length_fd, const char *id,
				 unsigned int *used_r, const char **error_r)
{
	enum cm_dir_result result;
	struct uses uses;
	int fd;

	*used_r = 0;
	result = open_uses(length_fd, id, O_RDONLY, &fd, error_r);
	if (result == CM_DIR_UNKNOWN)
		return CM_DIR_OK;
	if (result != CM_DIR_OK)
		return result;
	result = read_uses(fd, &uses, error_r);
	cm_close_keep_errno(fd);
	*used_r = uses.used;
	return result;
}

/* The kernel opens the lock of who has died. */
static int lock(int fd)
{
	const struct timespec nap = { .tv_nsec = NAP_MSECS * 1000000L };
	unsigned int naps;

	for (naps = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; naps++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (naps >= CM_TOKEN_LOCK_SECS * 1000 / NAP_MSECS) {
			errno = ETIMEDOUT;
			return -1;
		}
		(void)nanosleep(&nap, NULL);
	}
	return 0;
}

static int account_there(int mailboxes_fd, const char *name)
{
	const char *error;
	enum cm_dir_result result;
	int fd;

	result = cm_account_open(mailboxes_fd, name, &fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_has_file(fd, CM_ACCOUNT_FILE_PASSWORD,
					     &error);
		cm_close_keep_errno(fd);
	}
	if (result == CM_DIR_FAILED)
		return -1;
	return result == CM_DIR_OK ? 1 : 0;
}

static int finish(int fd, unsigned int used, bool made)
{
	/* over the blank in front of the address */
	if (made && pwrite(fd, ".", 1, (off_t)used) != 1)
		return -1;
	return ftruncate(fd, (off_t)used + (made ? 1 : 0));
}

/* What a process that died has left. */
static enum cm_dir_result recover(int fd, int mailboxes_fd, struct uses *uses,
				  const char **error_r)
{
	int made = 0;

	if (!uses->untidy)
		return CM_DIR_OK;
	if (uses->name[0] != '\0')
		made = account_there(mailboxes_fd, uses->name);
	if (made < 0 || finish(fd, uses->used, made > 0) < 0)
		return failed("tidy up the uses of a registration token",
			      error_r);
	uses->used += made > 0 ? 1 : 0;
	return CM_DIR_OK;
}

static int announce(int fd, unsigned int used, const char *name)
{
	char tail[MAX_TAIL + 1];
	size_t len = strlen(name);

	if (len == 0 || len > CM_ACCOUNT_MAX_NAME) {
		errno = EINVAL;
		return -1;
	}
	tail[0] = ' ';
	memcpy(tail + 1, name, len);
	tail[len + 1] = '\n';
	if (lseek(fd, (off_t)used, SEEK_SET) < 0 ||
	    cm_write_all(fd, tail, len + 2) < 0 || fsync(fd) < 0) {
		int saved = errno;

		/* if that fails the next use does it */
		(void)finish(fd, used, false);
		errno = saved;
		return -1;
	}
	return 0;
}

/* With the lock. */
static enum cm_dir_result begin(int length_fd, const struct cm_token *token,
				int mailboxes_fd, const char *name,
				struct cm_token_use *use,
				const char **error_r)
{
	enum cm_dir_result result;
	struct cm_token now;
	struct uses uses;
	struct stat st;

	/* removed, or its limit changed, while we waited? */
	if (fstat(use->fd, &st) == 0 && st.st_nlink == 0)
		return CM_DIR_UNKNOWN;
	result = cm_token_read(length_fd, token->id, &now, error_r);
	if (result == CM_DIR_OK)
		result = read_uses(use->fd, &uses, error_r);
	if (result == CM_DIR_OK)
		result = recover(use->fd, mailboxes_fd, &uses, error_r);
	if (result != CM_DIR_OK)
		return result;
	if (uses.used >= (now.max_uses > 0 ? now.max_uses :
			  CM_TOKEN_MAX_COUNT))
		return CM_DIR_UNKNOWN;
	use->used = uses.used;
	if (announce(use->fd, uses.used, name) < 0)
		return failed("note the use of a registration token", error_r);
	/* the file may be new */
	if (uses.used == 0)
		(void)fsync(length_fd);
	return CM_DIR_OK;
}

enum cm_dir_result cm_token_use_begin(const struct cm_tokens *tokens,
				      const struct cm_token *token,
				      int mailboxes_fd, const char *name,
				      struct cm_token_use *use_r,
				      const char **error_r)
{
	char folder[CM_TOKEN_LENGTH_SIZE];
	enum cm_dir_result result;
	int fd;

	use_r->fd = -1;
	cm_token_length_name(token->length, folder);
	result = cm_state_folder(tokens->fd, folder, false, &fd, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = open_uses(fd, token->id, O_RDWR | O_CREAT, &use_r->fd,
			   error_r);
	if (result == CM_DIR_OK) {
		if (cm_give_to_owner(fd, use_r->fd) < 0 || lock(use_r->fd) < 0)
			result = failed("lock the uses of a registration "
					"token", error_r);
		else
			result = begin(fd, token, mailboxes_fd, name, use_r,
				       error_r);
		if (result != CM_DIR_OK) {
			cm_close_keep_errno(use_r->fd);
			use_r->fd = -1;
		}
	}
	cm_close_keep_errno(fd);
	return result;
}

void cm_token_use_end(struct cm_token_use *use, bool made)
{
	if (use->fd < 0)
		return;
	/* Should this fail, the next use does it. */
	(void)finish(use->fd, use->used, made);
	(void)close(use->fd);
	use->fd = -1;
}
