/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "mail-user.h"

#include "cm-account-dir.h"
#include "cm-appversions.h"
#include "cm-mail-config.h"
#include "cm-metadata-relay.h"
#include "cm-settings.h"
#include "cm-turn.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is read again when it has changed. */
struct watched {
	char *path;
	/* all zero: there was none */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

static struct {
	struct watched config_file, secret_file, appversions_file;
	struct cm_settings set;
	bool ready; /* set is filled */
	char secret[CM_TURN_MAX_SECRET + 1];
	char *appversions;
} relay;

struct event *cm_metadata_event;

void cm_metadata_relay_init(void)
{
	cm_metadata_event = event_create(NULL);
	event_set_append_log_prefix(cm_metadata_event, "chatmail_metadata: ");
}

void cm_metadata_relay_deinit(void)
{
	if (relay.ready)
		cm_settings_deinit(&relay.set);
	i_free(relay.config_file.path);
	i_free(relay.secret_file.path);
	i_free(relay.appversions_file.path);
	free(relay.appversions);
	i_zero(&relay);
	event_unref(&cm_metadata_event);
}

/* Is it another file than the last time, or another path? */
static bool is_new(struct watched *file, const char *path)
{
	struct watched now;
	struct stat st;

	i_zero(&now);
	if (stat(path, &st) == 0) {
		now.dev = st.st_dev;
		now.ino = st.st_ino;
		now.size = st.st_size;
		/* mtime can be set back, this cannot */
		now.changed = st.st_ctim;
	}
	if (file->path != NULL && strcmp(file->path, path) == 0 &&
	    file->dev == now.dev && file->ino == now.ino &&
	    file->size == now.size &&
	    file->changed.tv_sec == now.changed.tv_sec &&
	    file->changed.tv_nsec == now.changed.tv_nsec)
		return FALSE;
	now.path = i_strdup(path);
	i_free(file->path);
	*file = now;
	return TRUE;
}

const struct cm_settings *cm_metadata_settings(struct mail_user *user)
{
	struct cm_settings set;
	const char *path, *error;

	path = cm_mail_config_path(user, &error);
	if (path == NULL) {
		e_error(cm_metadata_event, "%s", error);
		return relay.ready ? &relay.set : NULL;
	}
	if (!is_new(&relay.config_file, path))
		return relay.ready ? &relay.set : NULL;
	if (cm_settings_read(&set, path, NULL, NULL, &error) < 0) {
		e_error(cm_metadata_event, "%s%s", error, relay.ready ?
			" (going on with what it said before)" : "");
		return relay.ready ? &relay.set : NULL;
	}
	if (relay.ready)
		cm_settings_deinit(&relay.set);
	relay.set = set;
	relay.ready = TRUE;
	return &relay.set;
}

const char *cm_metadata_turn_secret(const struct cm_settings *set)
{
	const char *path = set->turn_secret_file, *error;

	if (is_new(&relay.secret_file, path)) {
		relay.secret[0] = '\0';
		if (cm_turn_read_secret(path, relay.secret, &error) >= 0)
			;
		else if (errno == 0)
			e_warning(cm_metadata_event, "%s %s (clients are told "
				  "of no TURN server)", path, error);
		else
			e_warning(cm_metadata_event, "%s(%s) failed: %m "
				  "(clients are told of no TURN server)",
				  error, path);
	}
	return relay.secret[0] == '\0' ? NULL : relay.secret;
}

const char *cm_metadata_appversions(const struct cm_settings *set)
{
	const char *path = set->appversions_file;
	char error[CM_APPVERSIONS_ERROR_SIZE];

	if (is_new(&relay.appversions_file, path)) {
		free(relay.appversions);
		if (cm_appversions_read(path, &relay.appversions, error) < 0) {
			e_warning(cm_metadata_event, "%s: %s (clients are told "
				  "of no versions)", path, error);
		}
	}
	return relay.appversions;
}

int cm_metadata_open_account(struct mail_user *user)
{
	const struct cm_settings *set = cm_metadata_settings(user);
	enum cm_dir_result result;
	int mailboxes_fd, fd = -1;
	const char *error;

	if (set == NULL)
		return -1;
	result = cm_mailboxes_open(set->mailboxes_dir, &mailboxes_fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_open(mailboxes_fd, user->username, &fd,
					 &error);
		i_close_fd(&mailboxes_fd);
	}
	switch (result) {
	case CM_DIR_OK:
		return fd;
	case CM_DIR_UNKNOWN:
		e_error(cm_metadata_event, "the account's directory is not in "
			"%s", set->mailboxes_dir);
		break;
	case CM_DIR_CORRUPT:
		e_error(cm_metadata_event, "%s", error);
		break;
	default:
		e_error(cm_metadata_event, "failed to %s: %m", error);
		break;
	}
	return -1;
}
