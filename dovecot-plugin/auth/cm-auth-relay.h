/* SPDX-License-Identifier: MIT
 *
 * cm-auth-relay: the relay as auth sees it: its settings, and who owns the
 * mailboxes.
 *
 * chatmail.ini is read while Dovecot starts, as root. If it is broken, one
 * error line names file and line, every request is an internal failure (mail
 * clients try again), and the file is read again with a request at most
 * every CM_AUTH_RELAY_RETRY_SECS, until it is right. Dying instead would have
 * Dovecot restart auth for ever. Workers read it again as mail_user, the auth
 * process as Dovecot's internal user; where that one may not, it brakes by the
 * defaults until Dovecot starts or reloads, and says so.
 */
#ifndef CM_AUTH_RELAY_H
#define CM_AUTH_RELAY_H

#include "cm-dovecot.h"

#include "cm-settings.h"

#define CM_AUTH_RELAY_RETRY_SECS 5
#define CM_AUTH_WARNING_SECS 60

struct cm_auth_brake;
struct cm_auth_known;

struct cm_auth_relay {
	struct cm_settings set;
	struct cm_auth_known *known; /* NULL unless in a worker */
	/* NULL in a worker, and with login_brake_after = 0 */
	struct cm_auth_brake *brake;
	uid_t uid; /* of mail_user */
	gid_t gid;
	/* for cm_auth_may_warn() */
	time_t next_unknown_warning, next_limit_warning;
	time_t next_note_warning, next_brake_warning;

	/* cm-auth-relay.c only */
	char *path;
	time_t next_try; /* 0: it is the first */
	bool ready, told;
};

/* For what concerns no single user: nothing of the request's event with its
 * name and address may stand in a line above debug. */
extern struct event *cm_auth_event;

void cm_auth_event_init(void);
void cm_auth_event_deinit(void);

/* The driver's open and close; void for struct cm_auth_relay. */
void *cm_auth_relay_open(const char *config_path);
void cm_auth_relay_close(void *relay);

/* Whether it is time for a warning about what many logins run into: TRUE at
 * most every CM_AUTH_WARNING_SECS, in each worker. *next begins as 0. */
bool cm_auth_may_warn(time_t *next);

/* Settings may be used. FALSE: logged already, answer internal failure. */
bool cm_auth_relay_ready(struct cm_auth_relay *relay);

#endif
