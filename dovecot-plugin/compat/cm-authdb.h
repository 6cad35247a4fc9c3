/* SPDX-License-Identifier: MIT
 *
 * cm-authdb: the seam to Dovecot's auth process, the same on 2.3 and 2.4.
 *
 * What differs behind it: how a driver is set up and gets its settings
 *	2.3	passdb { driver = chatmail args = [config=]/path }
 *	2.4	passdb chatmail { chatmail_config = /path }
 * which functions log a wrong password, and how userdb fields are handed
 * over (2.4 applies the admin's passdb_fields/userdb_fields by them).
 *
 * A loadable object has one driver of one name, which is both passdb and
 * userdb. Every call below runs in an auth-worker, never in the auth process
 * itself: Dovecot forks and throttles the workers, and only they run as the
 * owner of the mailboxes. The exceptions are before_verify and after_verify,
 * which run in the auth process only, and open and close, which run in both.
 */
#ifndef CM_AUTHDB_H
#define CM_AUTHDB_H

#include "cm-auth-headers.h"

struct cm_authdb_driver {
	/* NULL-terminated; what `driver =` says */
	const char *name;

	/* One instance per passdb or userdb section, made while Dovecot
	 * starts and still has its full rights. Must not fail: auth would
	 * die and be restarted for ever. An instance without usable settings
	 * answers each request with an internal failure. */
	void *(*open)(const char *config_path);
	void (*close)(void *instance);

	/* In the auth process, before a worker is asked to verify_plain: how
	 * many milliseconds shall the login wait; 0: not at all, -1: it ends
	 * here, as an internal failure. Must not block. *counted_r is false
	 * before, and for after_verify. */
	int (*before_verify)(void *instance, struct auth_request *request,
			     const char *password, bool *counted_r);
	/* And how it ended: once for each before_verify. Also an internal
	 * failure if no worker was asked, or none answered. */
	void (*after_verify)(void *instance, struct auth_request *request,
			     const char *password, bool counted,
			     enum passdb_result result);

	/* As in Dovecot's passdb.h and userdb.h, with our instance. Each calls
	 * its callback exactly once, before it returns. */
	void (*verify_plain)(void *instance, struct auth_request *request,
			     const char *password,
			     verify_plain_callback_t *callback);
	void (*lookup_credentials)(void *instance,
				   struct auth_request *request,
				   lookup_credentials_callback_t *callback);
	void (*lookup)(void *instance, struct auth_request *request,
		       userdb_callback_t *callback);
	struct userdb_iterate_context *
		(*iterate_init)(void *instance, struct auth_request *request,
				userdb_iter_callback_t *callback,
				void *context);
	void (*iterate_next)(struct userdb_iterate_context *ctx);
	int (*iterate_deinit)(struct userdb_iterate_context *ctx);
};

/* From and to the module's init and deinit. The driver must live until it is
 * unregistered. */
void cm_authdb_register(const struct cm_authdb_driver *driver);
void cm_authdb_unregister(void);

/* Checks a password against "{SCHEME}hash". Logs a mismatch as Dovecot's own
 * drivers do (with auth_verbose only). PASSDB_RESULT_INTERNAL_FAILURE: the
 * hash is unusable, *error_r says why without quoting it. */
enum passdb_result cm_authdb_verify(struct auth_request *request,
				    const char *password, const char *hash,
				    const char **error_r);

/* "{SCHEME}hash" of a new password, allocated from the data stack; NULL if
 * the scheme does not work here. */
const char *cm_authdb_hash(const char *password, const char *scheme);

/* What Dovecot must know to open a mailbox. */
struct cm_authdb_user {
	const char *home;
	uid_t uid;
	gid_t gid;
	uint64_t quota_bytes; /* 0: no limit */
};

/* Hands the user over with the passdb's answer (userdb prefetch then needs no
 * second lookup), or as the userdb's answer. 0, or -1: already logged. */
int cm_authdb_reply_passdb(struct auth_request *request,
			   const struct cm_authdb_user *user);
int cm_authdb_reply_userdb(struct auth_request *request,
			   const struct cm_authdb_user *user);

#endif
