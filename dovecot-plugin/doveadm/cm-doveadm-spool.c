/* SPDX-License-Identifier: MIT
 *
 * Notices of new mail that nobody will send: <state_dir>/push has a file for
 * each, named as the account (cm-push-spool.h). chatmail-push drops them by
 * itself; it may have been turned off. It does not mind what vanishes.
 */
#include "cm-doveadm-expire.h"

#include "cm-account-edit.h"
#include "cm-push-spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_gone(struct cm_expire_run *run, const char *name)
{
	enum cm_dir_result result;
	const char *error;
	int fd;

	result = cm_account_open(run->relay.mailboxes_fd, name, &fd, &error);
	if (result != CM_DIR_OK)
		return result == CM_DIR_UNKNOWN;
	result = cm_account_exists(fd, NULL, &error);
	i_close_fd(&fd);
	return result == CM_DIR_UNKNOWN;
}

static void judge(struct cm_expire_run *run, int dir_fd, const char *folder,
		  const char *name)
{
	struct stat st;
	bool gone;

	/* a dot: somebody's who writes just now */
	if (*name == '.' ||
	    fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	gone = is_gone(run, name);
	if (!gone && !cm_expire_leftover(&run->rules, st.st_mtim.tv_sec))
		return;
	if (!run->dry && unlinkat(dir_fd, name, 0) < 0) {
		if (errno != ENOENT) {
			cm_expire_trouble(run, CM_DIR_FAILED,
					  "remove a notice of new mail");
		}
		return;
	}
	run->counts.files_removed++;
	cm_expire_row(run, name, "file", t_strconcat(CM_PUSH_DIR"/", folder,
						     "/", name, NULL),
		      gone ? "notice of no account" : "notice too late");
}

static void sweep(struct cm_expire_run *run, int push_fd, const char *folder)
{
	int fd = openat(push_fd, folder, OPEN_DIR);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (dir == NULL) {
		i_close_fd(&fd);
		return;
	}
	while (!cm_expire_stopped() && (d = readdir(dir)) != NULL) T_BEGIN {
		judge(run, fd, folder, d->d_name);
	} T_END;
	(void)closedir(dir);
}

void cm_expire_spool(struct cm_expire_run *run)
{
	const char *path = t_strconcat(run->relay.set.state_dir,
				       "/"CM_PUSH_DIR, NULL);
	int fd = open(path, OPEN_DIR);

	/* most likely there is no push here */
	if (fd < 0)
		return;
	sweep(run, fd, "new");
	sweep(run, fd, "queue");
	i_close_fd(&fd);
}
