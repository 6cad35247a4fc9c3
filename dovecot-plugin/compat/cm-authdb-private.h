/* SPDX-License-Identifier: MIT
 *
 * Between cm-authdb.c and the one of cm-authdb-v23.c and -v24.c that is built.
 */
#ifndef CM_AUTHDB_PRIVATE_H
#define CM_AUTHDB_PRIVATE_H

#include "cm-authdb.h"

struct cm_authdb_waiting;

struct cm_authdb_passdb {
	struct passdb_module module;
	void *instance;

	/* cm-authdb-verify.c only: those that wait for their time, and those
	 * that wait for the first answer of any worker */
	struct cm_authdb_waiting *waiting;
	struct cm_authdb_waiting *queue, *queue_tail;
	struct timeout *to_queue;
	unsigned int asked; /* workers, now */
	bool answered;
};

struct cm_authdb_userdb {
	struct userdb_module module;
	void *instance;
};

/* while a worker is at it */
struct cm_authdb_call {
	struct auth_request *request;
	void *context;
};

struct cm_authdb_field {
	const char *name, *value;
};

/* home, uid, gid, quota */
#define CM_AUTHDB_MAX_FIELDS 4

/* cm-authdb.c: the driver of this loadable object, and the interfaces that
 * lead to it; the version adds .preinit (and on 2.4 .init). */
extern const struct cm_authdb_driver *cm_authdb_driver;
extern struct passdb_module_interface cm_authdb_passdb_iface;
extern struct userdb_module_interface cm_authdb_userdb_iface;

/* cm-authdb.c: what of a user Dovecot shall know without the admin's word. */
void cm_authdb_set_passdb_fields(struct auth_request *request,
				 const struct cm_authdb_field *fields,
				 unsigned int count);
void cm_authdb_set_userdb_fields(struct auth_request *request,
				 const struct cm_authdb_field *fields,
				 unsigned int count);

/* cm-authdb-verify.c */
void cm_authdb_verify_in_worker(struct cm_authdb_passdb *passdb,
				struct auth_request *request,
				verify_plain_callback_t *callback);
void cm_authdb_worker_answered(void *context, enum passdb_result result);
void cm_authdb_abort_waiting(struct cm_authdb_passdb *passdb);

/* cm-authdb-v23.c, -v24.c */
/* Stands for the name in auth_worker_call(), which has one for the error log
 * only: "Aborted PASSV request for ...", of a worker that has died. */
#define CM_AUTHDB_WHO "a login"
void cm_authdb_iface_init(void);
/* Does auth learn from the first worker how many of them there may be? Until
 * then it takes more than that, and stands still. See README, "Known". */
extern const bool cm_authdb_learns_worker_limit;
/* Sends a line to a worker; cm_authdb_worker_answered() gets the answer. */
void cm_authdb_call_worker(struct auth_request *request, const char *line,
			   void *context);
/* What the login is for ("imap", "smtp"), and the connection of the process
 * that asks auth; -1: there is none. */
const char *cm_authdb_protocol(const struct auth_request *request);
int cm_authdb_client_fd(const struct auth_request *request);
void cm_authdb_log_mismatch(struct auth_request *request);
struct cm_authdb_field cm_authdb_quota_field(uint64_t bytes);
int cm_authdb_apply_passdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count);
int cm_authdb_apply_userdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count);

#endif
