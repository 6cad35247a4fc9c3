/* SPDX-License-Identifier: MIT */
#include "cm-authdb-private.h"

#include "passdb-blocking.h"

const struct cm_authdb_driver *cm_authdb_driver;

static struct cm_authdb_passdb *our_passdb(struct auth_request *request)
{
	return container_of(request->passdb->passdb, struct cm_authdb_passdb,
			    module);
}

static void *userdb_instance(struct auth_request *request)
{
	struct cm_authdb_userdb *userdb =
		container_of(request->userdb->userdb, struct cm_authdb_userdb,
			     module);
	return userdb->instance;
}

static void close_passdb(struct passdb_module *module)
{
	struct cm_authdb_passdb *passdb =
		container_of(module, struct cm_authdb_passdb, module);

	cm_authdb_abort_waiting(passdb);
	cm_authdb_driver->close(passdb->instance);
}

static void close_userdb(struct userdb_module *module)
{
	struct cm_authdb_userdb *userdb =
		container_of(module, struct cm_authdb_userdb, module);

	cm_authdb_driver->close(userdb->instance);
}

static void verify_plain(struct auth_request *request, const char *password,
			 verify_plain_callback_t *callback)
{
	struct cm_authdb_passdb *passdb = our_passdb(request);

	if (!worker)
		cm_authdb_verify_in_worker(passdb, request, callback);
	else {
		cm_authdb_driver->verify_plain(passdb->instance, request,
					       password, callback);
	}
}

static void lookup_credentials(struct auth_request *request,
			       lookup_credentials_callback_t *callback)
{
	if (!worker)
		passdb_blocking_lookup_credentials(request);
	else {
		cm_authdb_driver->lookup_credentials(
			our_passdb(request)->instance, request, callback);
	}
}

static void lookup_user(struct auth_request *request, userdb_callback_t *callback)
{
	cm_authdb_driver->lookup(userdb_instance(request), request, callback);
}

static struct userdb_iterate_context *
iterate_init(struct auth_request *request, userdb_iter_callback_t *callback,
	     void *context)
{
	return cm_authdb_driver->iterate_init(userdb_instance(request),
					      request, callback, context);
}

struct passdb_module_interface cm_authdb_passdb_iface = {
	.deinit = close_passdb,
	.verify_plain = verify_plain,
	.lookup_credentials = lookup_credentials
};

struct userdb_module_interface cm_authdb_userdb_iface = {
	.deinit = close_userdb,
	.lookup = lookup_user,
	.iterate_init = iterate_init
};

void cm_authdb_register(const struct cm_authdb_driver *driver)
{
	i_assert(cm_authdb_driver == NULL);

	cm_authdb_driver = driver;
	cm_authdb_passdb_iface.name = driver->name;
	cm_authdb_userdb_iface.name = driver->name;
	cm_authdb_userdb_iface.iterate_next = driver->iterate_next;
	cm_authdb_userdb_iface.iterate_deinit = driver->iterate_deinit;
	cm_authdb_iface_init();
	passdb_register_module(&cm_authdb_passdb_iface);
	userdb_register_module(&cm_authdb_userdb_iface);
}

void cm_authdb_unregister(void)
{
	passdb_unregister_module(&cm_authdb_passdb_iface);
	userdb_unregister_module(&cm_authdb_userdb_iface);
	cm_authdb_driver = NULL;
}

/* Not auth_request_password_verify(): where the hash is damaged that one logs
 * an error with the user's name and address in front. */
enum passdb_result cm_authdb_verify(struct auth_request *request,
				    const char *password, const char *hash,
				    const char **error_r)
{
	const struct password_generate_params params = {
		.user = request->fields.original_username
	};
	const char *scheme, *error;
	const unsigned char *raw;
	size_t size;
	int ret;

	if (request->fields.skip_password_check) {
		/* an earlier passdb has done it (result_success = continue) */
		return PASSDB_RESULT_OK;
	}
	scheme = password_get_scheme(&hash);
	if (scheme == NULL) {
		*error_r = "a password hash names no scheme";
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	ret = password_decode(hash, scheme, &raw, &size, &error);
	if (ret == 0) {
		*error_r = "a password hash has a scheme unknown to Dovecot";
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	if (ret > 0) {
		ret = password_verify(password, &params, scheme, raw, size,
				      &error);
	}
	if (ret < 0) {
		*error_r = "a password hash is not valid for its scheme";
		return PASSDB_RESULT_INTERNAL_FAILURE;
	}
	if (ret == 0) {
		cm_authdb_log_mismatch(request);
		return PASSDB_RESULT_PASSWORD_MISMATCH;
	}
	return PASSDB_RESULT_OK;
}

const char *cm_authdb_hash(const char *password, const char *scheme)
{
	const struct password_generate_params params = { .user = "" };
	const char *encoded;

	if (!password_generate_encoded(password, &params, scheme, &encoded))
		return NULL;
	return t_strdup_printf("{%s}%s", scheme, encoded);
}

static unsigned int fill_fields(const struct cm_authdb_user *user,
				struct cm_authdb_field *fields)
{
	unsigned int count = 0;

	fields[count].name = "home";
	fields[count++].value = user->home;
	fields[count].name = "uid";
	fields[count++].value = dec2str(user->uid);
	fields[count].name = "gid";
	fields[count++].value = dec2str(user->gid);
	if (user->quota_bytes > 0)
		fields[count++] = cm_authdb_quota_field(user->quota_bytes);
	return count;
}

void cm_authdb_set_passdb_fields(struct auth_request *request,
				 const struct cm_authdb_field *fields,
				 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		auth_request_set_field(request,
				       t_strconcat("userdb_", fields[i].name,
						   NULL),
				       fields[i].value, NULL);
	}
}

void cm_authdb_set_userdb_fields(struct auth_request *request,
				 const struct cm_authdb_field *fields,
				 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		auth_request_set_userdb_field(request, fields[i].name,
					      fields[i].value);
	}
}

int cm_authdb_reply_passdb(struct auth_request *request,
			   const struct cm_authdb_user *user)
{
	struct cm_authdb_field fields[CM_AUTHDB_MAX_FIELDS];

	return cm_authdb_apply_passdb(request, fields,
				      fill_fields(user, fields));
}

int cm_authdb_reply_userdb(struct auth_request *request,
			   const struct cm_authdb_user *user)
{
	struct cm_authdb_field fields[CM_AUTHDB_MAX_FIELDS];

	return cm_authdb_apply_userdb(request, fields,
				      fill_fields(user, fields));
}
