/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "ioloop.h"

#include "cm-appversions.h"
#include "cm-mail-config.h"
#include "cm-metadata-relay.h"
#include "cm-metadata-user.h"
#include "cm-settings.h"
#include "cm-turn.h"

#include <fcntl.h>
#include <stdlib.h>

/* A file that is read again when it has changed. */
struct watched {
	char *path;
	struct cm_stamp stamp;
	struct timeval checked;
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
	struct cm_stamp now;
	bool same_path = file->path != NULL && strcmp(file->path, path) == 0;

	/* a command with many entries asks for it again and again */
	if (same_path && file->checked.tv_sec == ioloop_timeval.tv_sec &&
	    file->checked.tv_usec == ioloop_timeval.tv_usec)
		return FALSE;
	file->checked = ioloop_timeval;
	cm_stamp_get(AT_FDCWD, path, &now);
	if (same_path && cm_stamp_equals(&file->stamp, &now))
		return FALSE;
	if (!same_path) {
		i_free(file->path);
		file->path = i_strdup(path);
	}
	file->stamp = now;
	return TRUE;
}

static const char *get_config_path(struct mail_user *user)
{
	struct cm_metadata_user *muser = cm_metadata_user(user);
	const char *path, *error;

	if (muser->config_path == NULL) {
		path = cm_mail_config_path(user, &error);
		if (path == NULL)
			e_error(cm_metadata_event, "%s", error);
		muser->config_path = p_strdup(user->pool, path);
	}
	return muser->config_path;
}

const struct cm_settings *cm_metadata_settings(struct mail_user *user)
{
	struct cm_settings set;
	const char *path = get_config_path(user), *error;

	if (path == NULL || !is_new(&relay.config_file, path))
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
