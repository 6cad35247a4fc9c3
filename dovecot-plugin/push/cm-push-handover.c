/* SPDX-License-Identifier: MIT */
#include "cm-push-handover.h"

#include "cm-account-rules.h"
#include "cm-addr.h"
#include "cm-mail-config.h"
#include "cm-push-spool.h"
#include "cm-settings.h"

#include "mail-storage-settings.h"
#include "net.h"

#include <sys/stat.h>
#include <time.h>

/* A file that is missing is missing for every message: one line for all of
 * them in so many seconds. */
#define COMPLAIN_SECS 60

static struct handover {
	struct cm_settings *set; /* NULL: not read yet */
	int mailboxes_fd, new_fd;
	time_t complained;
} handover = { NULL, -1, -1, 0 };

/* Not with the user's event: its prefix has the address. */
static void complain(const char *what)
{
	time_t now = time(NULL);

	if (handover.complained != 0 &&
	    now - handover.complained < COMPLAIN_SECS)
		return;
	handover.complained = now;
	i_error("push: %s", what);
}

static int read_settings(struct mail_user *user)
{
	struct cm_settings *set;
	const char *path, *error;

	if (handover.set != NULL)
		return 0;
	path = cm_mail_config_path(user, &error);
	set = i_new(struct cm_settings, 1);
	/* warnings are for auth and doveadm to give */
	if (path == NULL ||
	    cm_settings_read(set, path, NULL, NULL, &error) < 0) {
		complain(error);
		i_free(set);
		return -1;
	}
	handover.set = set;
	return 0;
}

static int open_folders(void)
{
	const char *error;

	if (handover.mailboxes_fd == -1 &&
	    cm_mailboxes_open(handover.set->mailboxes_dir,
			      &handover.mailboxes_fd, &error) != CM_DIR_OK) {
		handover.mailboxes_fd = -1;
		complain(t_strdup_printf("mailboxes_dir: %s: %m", error));
		return -1;
	}
	if (handover.new_fd == -1)
		handover.new_fd =
			cm_push_spool_open_new(handover.set->state_dir);
	if (handover.new_fd == -1) {
		complain(t_strdup_printf("Cannot open or make %s/%s: %m",
					       handover.set->state_dir,
					       CM_PUSH_DIR));
		return -1;
	}
	return 0;
}

/* Could any device want to hear of it? Most accounts of robots and all that
 * never had a token have no such file. */
static bool has_devices(const char *name)
{
	const char *error;
	bool found;
	int fd;

	if (cm_account_open(handover.mailboxes_fd, name, &fd, &error) !=
	    CM_DIR_OK)
		return FALSE;
	found = cm_account_has_file(fd, CM_DEVICETOKEN_FILE, &error) ==
		CM_DIR_OK;
	i_close_fd(&fd);
	return found;
}

/* 1: chatmail-push is to be woken. */
static int mark(const char *name)
{
	int ret = cm_push_spool_mark(handover.new_fd, name);

	/* somebody removed the folder while we had it open */
	if (ret < 0 && errno == ENOENT) {
		i_close_fd(&handover.new_fd);
		if (open_folders() < 0)
			return -1;
		ret = cm_push_spool_mark(handover.new_fd, name);
	}
	if (ret < 0)
		complain(t_strdup_printf("Cannot write to %s/%s/new: %m",
					       handover.set->state_dir,
					       CM_PUSH_DIR));
	return ret;
}

/* Whether anybody listens does not matter: chatmail-push looks when it starts,
 * and from time to time. It never reads from such a connection. */
static void wake(struct mail_user *user)
{
	int fd = net_connect_unix(t_strconcat(user->set->base_dir,
					      "/"CM_PUSH_SOCKET, NULL));

	if (fd < 0)
		e_debug(user->event, "push: connect("CM_PUSH_SOCKET"): %m");
	else
		net_disconnect(fd);
}

void cm_push_handover(struct mail_user *user, const char *from)
{
	const char *name = user->username;

	if (from != NULL && cm_ascii_equal(from, name))
		return;
	if (read_settings(user) < 0 || *handover.set->notify_url == '\0')
		return;
	if (!cm_account_name_valid(handover.set, name, strlen(name)) ||
	    open_folders() < 0 || !has_devices(name))
		return;
	if (mark(name) > 0)
		wake(user);
}

void cm_push_handover_deinit(void)
{
	i_close_fd(&handover.mailboxes_fd);
	i_close_fd(&handover.new_fd);
	if (handover.set != NULL)
		cm_settings_deinit(handover.set);
	i_free(handover.set);
}
