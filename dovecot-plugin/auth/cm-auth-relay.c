/* SPDX-License-Identifier: MIT */
#include "cm-auth-headers.h"

#include "cm-auth-brake.h"
#include "cm-auth-known.h"
#include "cm-auth-relay.h"

#include <grp.h>
#include <pwd.h>
#include <time.h>

struct event *cm_auth_event;

void cm_auth_event_init(void)
{
	cm_auth_event = event_create(NULL);
	event_add_category(cm_auth_event, &event_category_auth);
	event_set_append_log_prefix(cm_auth_event, "chatmail: ");
}

void cm_auth_event_deinit(void)
{
	event_unref(&cm_auth_event);
}

static void warn(void *context ATTR_UNUSED, const char *message)
{
	/* once, not again from each worker */
	if (!worker)
		e_warning(cm_auth_event, "%s", message);
}

/* mail_user is a name or a number; the group comes with the user. */
static int find_owner(struct cm_auth_relay *relay, const char **error_r)
{
	const char *name = relay->set.mail_user;
	const struct passwd *pw;
	uid_t uid;

	errno = 0;
	if (str_to_uid(name, &uid) == 0)
		pw = getpwuid(uid);
	else
		pw = getpwnam(name);
	if (pw == NULL) {
		*error_r = errno == 0 || errno == ENOENT ?
			t_strdup_printf("%s: mail_user: no user %s on this "
					"system", relay->path, name) :
			t_strdup_printf("%s: mail_user: looking up %s failed: "
					"%m", relay->path, name);
		return -1;
	}
	if (pw->pw_uid == 0) {
		*error_r = t_strdup_printf("%s: mail_user must not be root",
					   relay->path);
		return -1;
	}
	relay->uid = pw->pw_uid;
	relay->gid = pw->pw_gid;
	return 0;
}

static void load(struct cm_auth_relay *relay)
{
	const char *error;

	relay->next_try = time(NULL) + CM_AUTH_RELAY_RETRY_SECS;
	if (cm_settings_read(&relay->set, relay->path, warn, NULL,
			     &error) == 0) {
		if (find_owner(relay, &error) == 0) {
			if (worker) {
				relay->known = cm_auth_known_new(
					relay->set.login_cache_size);
			} else
				relay->brake = cm_auth_brake_new(&relay->set);
			relay->ready = TRUE;
			return;
		}
		/* error is from the data stack, not from the struct */
		cm_settings_deinit(&relay->set);
	}
	e_error(cm_auth_event, "%s (all logins are refused as a temporary "
		"failure until this is put right)", error);
}

void *cm_auth_relay_open(const char *config_path)
{
	struct cm_auth_relay *relay = i_new(struct cm_auth_relay, 1);

	relay->path = i_strdup(config_path);
	load(relay);
	return relay;
}

void cm_auth_relay_close(void *instance)
{
	struct cm_auth_relay *relay = instance;

	cm_auth_brake_free(&relay->brake);
	cm_auth_known_free(&relay->known);
	if (relay->ready)
		cm_settings_deinit(&relay->set);
	i_free(relay->path);
	i_free(relay);
}

bool cm_auth_may_warn(time_t *next)
{
	time_t now = time(NULL);

	/* a clock set back must not silence us for long */
	if (now < *next && *next - now <= CM_AUTH_WARNING_SECS)
		return FALSE;
	*next = now + CM_AUTH_WARNING_SECS;
	return TRUE;
}

bool cm_auth_relay_ready(struct cm_auth_relay *relay)
{
	if (!relay->ready && time(NULL) >= relay->next_try)
		load(relay);
	return relay->ready;
}
