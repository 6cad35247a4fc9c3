/* SPDX-License-Identifier: MIT
 *
 * cm_mail_user_later() and cm_mail_user_is_gone().
 *
 * The former: the user is looked up anew: a reference kept to the one
 * that lmtp has would keep its event loop context alive, in which the reply is
 * sent; what is made there, the next connection's sockets at last, would run
 * in a context that is none of theirs, and the next delivery end in an
 * assertion (event_pop_global()).
 */
#include "cm-mail-user-private.h"

#include "ioloop.h"
#include "istream.h"
#include "llist.h"
#include "master-service.h"

#include <unistd.h>

/* So that log lines of it can be told from those of the delivery. */
#define SESSION_SUFFIX ":later"

struct later {
	struct later *prev, *next;
	struct mail_storage_service_ctx *ctx;
	char *username, *session_id;
	cm_mail_user_func *func;
	struct timeout *to;
	struct istream *input; /* empty; only there for io */
	struct io *io;
};

static struct later *laters;

static void later_free(struct later *later)
{
	DLLIST_REMOVE(&laters, later);
	timeout_remove(&later->to);
	io_remove(&later->io);
	i_stream_unref(&later->input);
	i_free(later->username);
	i_free(later->session_id);
	i_free(later);
}

static void later_do(struct later *later)
{
	struct mail_storage_service_user *service_user;
	struct mail_user *user;
	uid_t old_uid = geteuid();
	const char *error;

	io_remove(&later->io);
	if (cm_mail_user_open(later->ctx, later->username, later->session_id,
			      &service_user, &user, &error) < 0) {
		i_error("Cannot open the user again: %s", error);
	} else {
		i_set_failure_prefix("%s",
			mail_storage_service_user_get_log_prefix(service_user));
		later->func(user);
		mail_user_deinit(&user);
		mail_storage_service_io_deactivate_user(service_user);
		mail_storage_service_user_unref(&service_user);
	}
	cm_mail_user_restore_root(old_uid);
	later_free(later);
}

/* A turn of Dovecot's event loop is: wait, timeouts, sockets, what is pending.
 * The reply waits for its socket since the last turn, so timeouts come too
 * early for us. What is pending comes right behind the reply, and before the
 * next command is read, which may be the one that ends this process. */
static void later_this_turn(struct later *later)
{
	timeout_remove(&later->to);
	later->input = i_stream_create_from_data("", 0);
	later->io = io_add_istream(later->input, later_do, later);
	io_set_pending(later->io);
}

void cm_mail_user_later(struct mail_user *user, cm_mail_user_func *func)
{
	struct mail_storage_service_user *service_user =
		cm_mail_user_service_user(user);
	struct later *later;

	if (service_user == NULL)
		return;
	later = i_new(struct later, 1);
	later->ctx = mail_storage_service_user_get_service_ctx(service_user);
	later->username = i_strdup(user->username);
	if (user->session_id != NULL)
		later->session_id = i_strconcat(user->session_id,
						SESSION_SUFFIX, NULL);
	later->func = func;
	/* the loop of the process, whatever loop or user is current */
	later->to = timeout_add_to(io_loop_get_root(), 0, later_this_turn,
				   later);
	DLLIST_PREPEND(&laters, later);
}

/* By a connection of its own: Dovecot's would get its timeout of the event loop
 * context of the user. */
bool cm_mail_user_is_gone(struct mail_user *user)
{
	struct mail_storage_service_user *service_user =
		cm_mail_user_service_user(user);
	const struct mail_storage_service_input *input;
	struct auth_master_connection *conn;
	struct auth_user_info info;
	const char *username, *const *fields;
	pool_t pool;
	int ret;

	if (service_user == NULL ||
	    strcmp(master_service_get_name(master_service), "lmtp") != 0)
		return FALSE;
	input = mail_storage_service_user_get_input(service_user);
	cm_mail_user_auth_info(input, &info);
	conn = mail_storage_service_get_auth_conn(
		mail_storage_service_user_get_service_ctx(service_user));
	conn = auth_master_init(auth_master_get_socket_path(conn), 0);
	pool = pool_alloconly_create("lookup of a user", 1024);
	ret = auth_master_user_lookup(conn, input->username, &info, pool,
				      &username, &fields);
	pool_unref(&pool);
	auth_master_deinit(&conn);
	return ret == 0;
}

void cm_mail_user_later_deinit(void)
{
	while (laters != NULL)
		later_free(laters);
}
