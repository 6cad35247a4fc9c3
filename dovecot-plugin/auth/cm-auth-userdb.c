/* SPDX-License-Identifier: MIT */
#include "cm-auth-userdb.h"

#include "cm-auth-account.h"
#include "cm-auth-relay.h"

struct cm_auth_iterate {
	struct userdb_iterate_context ctx;
	struct cm_account_iter *iter;
};

static enum userdb_result lookup(struct cm_auth_relay *relay,
				 struct auth_request *request)
{
	struct cm_auth_account account;
	struct cm_authdb_user user;

	if (!cm_auth_relay_ready(relay))
		return USERDB_RESULT_INTERNAL_FAILURE;
	switch (cm_auth_account_open(relay, request->fields.user, &account)) {
	case CM_DIR_OK:
		break;
	case CM_DIR_UNKNOWN:
		e_debug(authdb_event(request), "no such account");
		return USERDB_RESULT_USER_UNKNOWN;
	default:
		return USERDB_RESULT_INTERNAL_FAILURE;
	}
	cm_auth_account_close(&account);
	cm_auth_account_user(relay, request->fields.user, &user);
	if (cm_authdb_reply_userdb(request, &user) < 0)
		return USERDB_RESULT_INTERNAL_FAILURE;
	return USERDB_RESULT_OK;
}

void cm_auth_lookup(void *instance, struct auth_request *request,
		    userdb_callback_t *callback)
{
	callback(lookup(instance, request), request);
}

struct userdb_iterate_context *
cm_auth_iterate_init(void *instance, struct auth_request *request,
		     userdb_iter_callback_t *callback, void *context)
{
	struct cm_auth_relay *relay = instance;
	struct cm_auth_iterate *ctx = i_new(struct cm_auth_iterate, 1);
	enum cm_dir_result result;
	const char *error;
	int fd;

	ctx->ctx.auth_request = request;
	ctx->ctx.callback = callback;
	ctx->ctx.context = context;
	if (!cm_auth_relay_ready(relay)) {
		ctx->ctx.failed = TRUE;
		return &ctx->ctx;
	}
	result = cm_mailboxes_open(relay->set.mailboxes_dir, &fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_iter_init(&relay->set, fd, &ctx->iter,
					      &error);
		i_close_fd(&fd);
	}
	if (result != CM_DIR_OK) {
		cm_auth_log_trouble(result, error);
		ctx->ctx.failed = TRUE;
	}
	return &ctx->ctx;
}

void cm_auth_iterate_next(struct userdb_iterate_context *_ctx)
{
	struct cm_auth_iterate *ctx =
		container_of(_ctx, struct cm_auth_iterate, ctx);
	enum cm_dir_result result = CM_DIR_UNKNOWN;
	const char *name = NULL, *error;

	if (ctx->iter != NULL)
		result = cm_account_iter_next(ctx->iter, &name, &error);
	if (result == CM_DIR_FAILED) {
		cm_auth_log_trouble(result, error);
		_ctx->failed = TRUE;
	}
	_ctx->callback(result == CM_DIR_OK ? name : NULL, _ctx->context);
}

int cm_auth_iterate_deinit(struct userdb_iterate_context *_ctx)
{
	struct cm_auth_iterate *ctx =
		container_of(_ctx, struct cm_auth_iterate, ctx);
	int ret = _ctx->failed ? -1 : 0;

	cm_account_iter_deinit(&ctx->iter);
	i_free(ctx);
	return ret;
}
