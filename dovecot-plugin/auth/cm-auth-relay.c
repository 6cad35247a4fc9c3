/* SPDX-License-Identifier: MIT */
#include "cm-auth-headers.h"

#include "cm-auth-brake.h"
#include "cm-auth-known.h"
#include "cm-auth-relay.h"

#include <grp.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

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

static void use(struct cm_auth_relay *relay)
{
	if (worker) {
		relay->known = cm_auth_known_new(relay->set.login_cache_size);
	} else {
		cm_auth_brake_free(&relay->brake);
		relay->brake = cm_auth_brake_new(&relay->set);
	}
	relay->ready = TRUE;
}

/* Workers may get along with a file that is put right before the auth process
 * does, which reads it again as Dovecot's internal user. */
static void brake_by_defaults(struct cm_auth_relay *relay)
{
	struct cm_settings set;
	const char *error;

	if (relay->brake != NULL)
		return;
	if (cm_settings_defaults(&set, &error) < 0)
		i_fatal_status(FATAL_OUTOFMEM, "chatmail: %s", error);
	relay->brake = cm_auth_brake_new(&set);
	cm_settings_deinit(&set);
}

/* Each worker says what is wrong, as often as it looks; auth says it at its
 * start, and what concerns only itself once. */
static void log_trouble(struct cm_auth_relay *relay, const char *error)
{
	if (worker || relay->next_try == 0) {
		e_error(cm_auth_event, "%s (all logins are refused as a "
			"temporary failure until this is put right)", error);
	} else if (!relay->told && access(relay->path, R_OK) < 0 &&
		   errno == EACCES) {
		relay->told = TRUE;
		e_warning(cm_auth_event, "%s: the auth process may not read "
			  "it again; until doveadm reload, login_brake_after "
			  "and login_cache_size have their defaults there",
			  relay->path);
	}
}

static void load(struct cm_auth_relay *relay)
{
	const char *error;

	if (cm_settings_read(&relay->set, relay->path, warn, NULL,
			     &error) == 0) {
		if (find_owner(relay, &error) == 0) {
			use(relay);
			return;
		}
		/* error is from the data stack, not from the struct */
		cm_settings_deinit(&relay->set);
	}
	if (!worker)
		brake_by_defaults(relay);
	log_trouble(relay, error);
	relay->next_try = time(NULL) + CM_AUTH_RELAY_RETRY_SECS;
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
