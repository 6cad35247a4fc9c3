/* SPDX-License-Identifier: MIT */
#include "cm-account-scan.h"
#include "cm-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

enum type { TYPE_FILE, TYPE_DIR, TYPE_ODD, TYPE_GONE };

struct scan {
	cm_scan_show_fn *show;
	void *ctx;
	struct cm_scan_facts *facts;
	unsigned int depth;
	bool stopped;
	bool foreign; /* a directory that is no Maildir */
	bool corrupt;
	size_t len; /* of folder */
	char folder[CM_ACCOUNT_SCAN_MAX_PATH + 1];
};

static int scan_folder(struct scan *scan, int fd);

static bool is_sub(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
	       strcmp(name, "tmp") == 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' &&
	       (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static enum type type_of(DIR *dir, const struct dirent *d)
{
	struct stat st;

	switch (d->d_type) {
	case DT_REG:
		return TYPE_FILE;
	case DT_DIR:
		return TYPE_DIR;
	case DT_UNKNOWN:
		break;
	default:
		return TYPE_ODD;
	}
	if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return TYPE_GONE;
	return S_ISREG(st.st_mode) ? TYPE_FILE :
		S_ISDIR(st.st_mode) ? TYPE_DIR : TYPE_ODD;
}

static void show(struct scan *scan, DIR *dir, const char *sub,
		 const char *name)
{
	struct cm_scan_file file = {
		.folder = scan->folder, .sub = sub, .name = name,
		.dir_fd = dirfd(dir)
	};

	if (!scan->show(scan->ctx, &file))
		scan->stopped = true;
}

/* 1: *name_r is the next entry, 0: no more, -1: errno */
static int next(struct scan *scan, DIR *dir, const char **name_r,
		enum type *type_r)
{
	struct dirent *d;

	while (!scan->stopped) {
		errno = 0;
		d = readdir(dir);
		if (d == NULL)
			return errno == 0 ? 0 : -1;
		if (is_dots(d->d_name))
			continue;
		*type_r = type_of(dir, d);
		if (*type_r == TYPE_ODD)
			scan->facts->odd++;
		if (*type_r != TYPE_FILE && *type_r != TYPE_DIR)
			continue;
		*name_r = d->d_name;
		return 1;
	}
	return 0;
}

/* NULL with errno; ENOENT, ELOOP and ENOTDIR: it is gone or is something else
 * by now. */
static DIR *open_dir(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, OPEN_DIR);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL && fd >= 0)
		cm_close_keep_errno(fd);
	return dir;
}

static int close_dir(DIR *dir, int ret)
{
	int saved = errno;

	(void)closedir(dir);
	errno = saved;
	return ret;
}

static bool is_gone(void)
{
	return errno == ENOENT || errno == ELOOP || errno == ENOTDIR;
}

static int scan_sub(struct scan *scan, int fd, const char *name)
{
	DIR *dir = open_dir(fd, name);
	/* name may be readdir()'s: keep ours */
	const char *sub = name[0] == 'c' ? "cur" : name[0] == 'n' ? "new" :
		"tmp";
	enum type type;
	int ret;

	if (dir == NULL)
		return is_gone() ? 0 : -1;
	scan->facts->directories++;
	while ((ret = next(scan, dir, &name, &type)) > 0) {
		if (type == TYPE_FILE)
			show(scan, dir, sub, name);
		else
			scan->foreign = true;
	}
	return close_dir(dir, ret);
}

static int scan_below(struct scan *scan, int fd, const char *name)
{
	size_t len = scan->len, name_len = strlen(name);
	int ret, below;

	if (scan->depth == CM_ACCOUNT_SCAN_MAX_DEPTH ||
	    len + 1 + name_len > CM_ACCOUNT_SCAN_MAX_PATH) {
		scan->corrupt = true;
		return 0;
	}
	below = openat(fd, name, OPEN_DIR);
	if (below < 0)
		return is_gone() ? 0 : -1;
	scan->facts->directories++;
	if (len > 0)
		scan->folder[scan->len++] = '/';
	memcpy(scan->folder + scan->len, name, name_len + 1);
	scan->len += name_len;
	scan->depth++;
	ret = scan_folder(scan, below);
	scan->depth--;
	scan->len = len;
	scan->folder[len] = '\0';
	return ret;
}

/* Takes the descriptor. */
static int scan_folder(struct scan *scan, int fd)
{
	DIR *dir = fdopendir(fd);
	bool has_cur = false;
	enum type type;
	const char *name;
	int ret;

	if (dir == NULL) {
		cm_close_keep_errno(fd);
		return -1;
	}
	while ((ret = next(scan, dir, &name, &type)) > 0) {
		if (type == TYPE_FILE) {
			show(scan, dir, "", name);
			continue;
		}
		if (strcmp(name, "cur") == 0)
			has_cur = true;
		ret = is_sub(name) ? scan_sub(scan, dirfd(dir), name) :
			scan_below(scan, dirfd(dir), name);
		if (ret < 0)
			break;
	}
	if (!has_cur)
		scan->foreign = true;
	return close_dir(dir, ret);
}

enum cm_dir_result cm_account_scan(int account_fd, cm_scan_show_fn *show_fn,
				   void *ctx, struct cm_scan_facts *facts_r,
				   const char **error_r)
{
	struct scan scan = {
		.show = show_fn, .ctx = ctx, .facts = facts_r
	};
	/* not dup(): that would share the position */
	int fd = openat(account_fd, ".", OPEN_DIR);

	memset(facts_r, 0, sizeof(*facts_r));
	if (fd < 0 || scan_folder(&scan, fd) < 0) {
		*error_r = "read an account's directories";
		return CM_DIR_FAILED;
	}
	facts_r->maildir = !scan.foreign && !scan.corrupt;
	if (scan.corrupt) {
		*error_r = "an account's directories are too deep";
		return CM_DIR_CORRUPT;
	}
	return CM_DIR_OK;
}
