/* SPDX-License-Identifier: MIT
 *
 * cm-authdb on Dovecot 2.4.
 */
#include "cm-authdb-private.h"

#include "connection.h"

#include "auth-client-connection.h"
#include "auth-request-handler.h"
#include "auth-request-handler-private.h"
#include "auth-settings.h"
#include "auth-worker-connection.h"
#include "passdb-blocking.h"
#include "settings.h"

#include "cm-authdb-settings-v24.h"

static int open_instance(struct event *event, void **instance_r,
			 const char **error_r)
{
	const struct cm_authdb_settings *set;

	if (settings_get(event, &cm_authdb_setting_parser_info, 0, &set,
			 error_r) < 0)
		return -1;
	*instance_r = cm_authdb_driver->open(set->chatmail_config);
	settings_free(set);
	return 0;
}

static int open_passdb(pool_t pool, struct event *event,
			  struct passdb_module **module_r,
			  const char **error_r)
{
	struct cm_authdb_passdb *passdb =
		p_new(pool, struct cm_authdb_passdb, 1);

	*module_r = &passdb->module;
	return open_instance(event, &passdb->instance, error_r);
}

static int open_userdb(pool_t pool, struct event *event,
			  struct userdb_module **module_r,
			  const char **error_r)
{
	struct cm_authdb_userdb *userdb =
		p_new(pool, struct cm_authdb_userdb, 1);

	*module_r = &userdb->module;
	return open_instance(event, &userdb->instance, error_r);
}

/* Since 2.4.3 these have one parameter more, about a cache that needs a key
 * and ours has none. */
#if DOVECOT_PREREQ(2, 4, 3)
static int preinit_passdb(pool_t pool, struct event *event,
			  const struct passdb_parameters *params ATTR_UNUSED,
			  struct passdb_module **module_r,
			  const char **error_r)
{
	return open_passdb(pool, event, module_r, error_r);
}

static int preinit_userdb(pool_t pool, struct event *event,
			  const struct userdb_parameters *params ATTR_UNUSED,
			  struct userdb_module **module_r,
			  const char **error_r)
{
	return open_userdb(pool, event, module_r, error_r);
}
#else
#  define preinit_passdb open_passdb
#  define preinit_userdb open_userdb
#endif

/* After preinit Dovecot sets blocking from passdb_use_worker and
 * userdb_use_worker. Ours are yes by default (cm-authdb-settings-v24.c), and
 * "no" cannot work: the auth process neither owns the mailboxes nor may wait
 * for a hash. The passdb asks the worker itself: cm-authdb-verify.c. */
static void start_passdb(struct passdb_module *module)
{
	module->blocking = FALSE;
}

static void start_userdb(struct userdb_module *module)
{
	module->blocking = TRUE;
}

/* auth_worker_create(), 2.4.0 to 2.4.4 */
const bool cm_authdb_learns_worker_limit = TRUE;

void cm_authdb_iface_init(void)
{
	cm_authdb_passdb_iface.preinit = preinit_passdb;
	cm_authdb_passdb_iface.init = start_passdb;
	cm_authdb_userdb_iface.preinit = preinit_userdb;
	cm_authdb_userdb_iface.init = start_userdb;
}

static bool worker_answered(struct auth_worker_connection *conn ATTR_UNUSED,
			    const char *const *args, void *context)
{
	struct cm_authdb_call *call = context;

	cm_authdb_worker_answered(
		call->context,
		passdb_blocking_auth_worker_reply_parse(call->request, args));
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
	return request->fields.protocol;
}

int cm_authdb_client_fd(const struct auth_request *request)
{
	const struct auth_request_handler *handler = request->handler;

	return handler == NULL || handler->conn == NULL ? -1 :
		handler->conn->conn.fd_in;
}

void cm_authdb_log_mismatch(struct auth_request *request)
{
	auth_request_db_log_password_mismatch(request);
}

struct cm_authdb_field cm_authdb_quota_field(uint64_t bytes)
{
	/* overrides the setting of the same name */
	return (struct cm_authdb_field) {
		"quota_storage_size", t_strdup_printf("%"PRIu64"B", bytes)
	};
}

/* The fields by name for %{chatmail:name} in the admin's passdb_fields and
 * userdb_fields, which are applied after ours. */
static struct auth_fields *
fields_table(pool_t pool, const struct cm_authdb_field *fields,
	     unsigned int count)
{
	struct auth_fields *table = auth_fields_init(pool);
	unsigned int i;

	for (i = 0; i < count; i++)
		auth_fields_add(table, fields[i].name, fields[i].value, 0);
	return table;
}

int cm_authdb_apply_passdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count)
{
	if (request->passdb->set->fields_import_all)
		cm_authdb_set_passdb_fields(request, fields, count);
	return auth_request_set_passdb_fields(
		request, fields_table(request->pool, fields, count));
}

int cm_authdb_apply_userdb(struct auth_request *request,
			   const struct cm_authdb_field *fields,
			   unsigned int count)
{
	if (request->userdb->set->fields_import_all)
		cm_authdb_set_userdb_fields(request, fields, count);
	return auth_request_set_userdb_fields(
		request, fields_table(request->pool, fields, count));
}
