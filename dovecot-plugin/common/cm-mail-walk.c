/* SPDX-License-Identifier: MIT */
#include "cm-mail-walk.h"

#include "mail-namespace.h"
#include "mail-storage-private.h"
#include "mail-user.h"
#include "mailbox-list-iter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where Maildir has messages below a mailbox's path. */
static const char *const message_dirs[] = { "cur", "new", NULL };

static int open_dir(int dir_fd, const char *name)
{
	return openat(dir_fd, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens root/path, no component of it a link; root itself may be below any. */
static int open_below(const char *root, const char *path)
{
	const char *const *names = t_strsplit(path, "/");
	size_t len = strlen(root);
	int fd, next;

	/* "link/" would be followed */
	while (len > 1 && root[len - 1] == '/')
		len--;
	fd = open_dir(AT_FDCWD, t_strndup(root, len));
	for (; fd >= 0 && *names != NULL; names++) {
		if (**names == '\0')
			continue;
		next = open_dir(fd, *names);
		i_close_fd(&fd);
		fd = next;
	}
	return fd;
}

static bool has_link(int fd)
{
	const char *const *name;
	struct stat st;

	for (name = message_dirs; *name != NULL; name++) {
		if (fstatat(fd, *name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(st.st_mode))
			return TRUE;
	}
	return FALSE;
}

bool cm_mail_walk_is_own(struct mailbox *box)
{
	const char *root, *path;
	size_t len;
	bool own;
	int fd;

	/* has none, such as a virtual one */
	if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX,
				&path) <= 0)
		return FALSE;
	root = mailbox_list_get_root_forced(box->list,
					    MAILBOX_LIST_PATH_TYPE_DIR);
	len = strlen(root);
	while (len > 1 && root[len - 1] == '/')
		len--;
	/* INBOX may be elsewhere */
	if (strncmp(path, root, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		fd = open_below(path, "");
	else
		fd = open_below(root, path + len);
	if (fd < 0)
		return FALSE;
	own = !has_link(fd);
	i_close_fd(&fd);
	return own;
}

static int walk_box(struct mail_namespace *ns, const char *vname,
		    cm_mail_walk_func *func, void *context)
{
	struct mailbox *box = mailbox_alloc(ns->list, vname, 0);
	enum mail_error error;
	int ret = 0;

	if (!cm_mail_walk_is_own(box)) {
		e_debug(box->event, "Left alone: behind a symbolic link, or "
			"without files");
	} else if (mailbox_open(box) < 0 || mailbox_sync(box, 0) < 0) {
		/* may have been deleted just now */
		const char *text = mailbox_get_last_internal_error(box, &error);
		if (error != MAIL_ERROR_NOTFOUND)
			e_error(box->event, "Left alone: %s", text);
	} else {
		ret = func(box, context);
	}
	mailbox_free(&box);
	return ret;
}

static int walk_namespace(struct mail_namespace *ns, cm_mail_walk_func *func,
			  void *context)
{
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	int ret = 0;

	iter = mailbox_list_iter_init(ns->list, "*",
				      MAILBOX_LIST_ITER_SKIP_ALIASES |
				      MAILBOX_LIST_ITER_RETURN_NO_FLAGS |
				      MAILBOX_LIST_ITER_NO_AUTO_BOXES);
	while (ret >= 0 && (info = mailbox_list_iter_next(iter)) != NULL) {
		if ((info->flags & (MAILBOX_NONEXISTENT |
				    MAILBOX_NOSELECT)) != 0)
			continue;
		T_BEGIN {
			ret = walk_box(ns, info->vname, func, context);
		} T_END;
	}
	if (mailbox_list_iter_deinit(&iter) < 0) {
		e_error(ns->user->event, "Cannot list mailboxes: %s",
			mailbox_list_get_last_internal_error(ns->list, NULL));
		ret = -1;
	}
	return ret;
}

int cm_mail_walk(struct mail_user *user, cm_mail_walk_func *func,
		 void *context)
{
	struct mail_namespace *ns;

	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		if (ns->type != MAIL_NAMESPACE_TYPE_PRIVATE ||
		    ns->alias_for != NULL)
			continue;
		if (walk_namespace(ns, func, context) < 0)
			return -1;
	}
	return 0;
}
