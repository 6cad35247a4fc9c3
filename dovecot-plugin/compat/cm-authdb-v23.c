/* SPDX-License-Identifier: MIT
 *
 * cm-authdb on Dovecot 2.3.
 */
#include "cm-authdb-private.h"

#include "auth-client-connection.h"
#include "auth-request-handler.h"
#include "auth-request-handler-private.h"
#include "auth-worker-server.h"
#include "passdb-blocking.h"

#include "cm-config.h"

/* args = [config=]/path/to/chatmail.ini */
static const char *args_to_path(const char *args)
{
	const char *path = args;

	if (strncmp(path, "config=", 7) == 0)
		path += 7;
	return *path == '\0' ? CM_DEFAULT_CONFIG : path;
}

static struct passdb_module *open_passdb(pool_t pool, const char *args)
{
	struct cm_authdb_passdb *passdb =
		p_new(pool, struct cm_authdb_passdb, 1);

	passdb->instance = cm_authdb_driver->open(args_to_path(args));
	/* we ask the worker ourselves: cm-authdb-verify.c */
	passdb->module.blocking = FALSE;
	return &passdb->module;
}

static struct userdb_module *open_userdb(pool_t pool, const char *args)
{
	struct cm_authdb_userdb *userdb =
		p_new(pool, struct cm_authdb_userdb, 1);

	userdb->instance = cm_authdb_driver->open(args_to_path(args));
	userdb->module.blocking = TRUE;
	return &userdb->module;
}

/* from auth_worker_max_count */
const bool cm_authdb_learns_worker_limit = FALSE;

void cm_authdb_iface_init(void)
{
	cm_authdb_passdb_iface.preinit = open_passdb;
	cm_authdb_userdb_iface.preinit = open_userdb;
}

static bool worker_answered(struct auth_worker_connection *conn ATTR_UNUSED,
			    const char *reply, void *context)
{
	struct cm_authdb_call *call = context;

	cm_authdb_worker_answered(
		call->context,
		passdb_blocking_auth_worker_reply_parse(call->request, reply));
	return TRUE;
}

void cm_authdb_call_worker(struct auth_request *request, const char *line,
			   void *context)
{
	struct cm_authdb_call *call =
		p_new(request->pool, struct cm_authdb_call, 1);

	call->request = request;
	call->context = context;
	auth_worker_call(request->pool, CM_AUTHDB_WHO, line, worker_answered,
			 call);
}

const char *cm_authdb_protocol(const struct auth_request *request)
{
	return request->fields.service;
}

int cm_authdb_client_fd(const struct auth_request *request)
{
	const struct auth_request_handler *handler = request->handler;

	return handler == NULL || handler->conn == NULL ? -1 :
		handler->conn->fd;
}

void cm_authdb_log_mismatch(struct auth_request *request)
{
	auth_request_log_password_mismatch(request, AUTH_SUBSYS_DB);
}

struct cm_authdb_field cm_authdb_quota_field(uint64_t bytes)
{
	/* overrides plugin { quota_rule }; nothing without the quota plugin */
	return (struct cm_authdb_field) {
		"quota_rule", t_strdup_printf("*:bytes=%"PRIu64, bytes)
	};
}

int cm_authdb_apply_passdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count)
{
	cm_authdb_set_passdb_fields(request, fields, count);
	return 0;
}

int cm_authdb_apply_userdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count)
{
	cm_authdb_set_userdb_fields(request, fields, count);
	return 0;
}
