/* SPDX-License-Identifier: MIT
 *
 * The auth process' half of verify_plain: perhaps wait, then ask a worker.
 *
 * To Dovecot the passdb is one that does not block, so that it calls us here
 * and not a worker at once; the worker is then asked as Dovecot's own
 * passdb-blocking.c does. Where auth has to learn first how many workers it may
 * have, the very first request goes alone.
 */
#include "cm-authdb-private.h"

#include "auth-request.h"
#include "ioloop.h"
#include "llist.h"
#include "str.h"
#include "strescape.h"

#include <sys/socket.h>

/* While the first answer of all does not come, one more is asked so often. */
#define FIRST_ANSWER_MSECS 1000

struct cm_authdb_waiting {
	struct cm_authdb_waiting *prev, *next;
	struct cm_authdb_passdb *passdb;
	struct auth_request *request; /* has our reference */
	verify_plain_callback_t *callback;
	struct timeout *to;
	bool counted; /* from before_verify for after_verify */
};

/* Postfix's client of Dovecot's SASL protocol takes every FAIL for a wrong
 * password and answers 535, also when Dovecot says that it is temporary
 * (xsasl_dovecot_server.c, from 2.3 to 3.12). It answers 454 when its
 * connection to auth breaks. Each smtpd has a connection of its own, and one
 * client at a time, so breaking it concerns nobody else; smtpd makes another
 * for the next login. Dovecot's own login processes understand, and other
 * passdbs behind ours have their say. */
static void tell_postfix(struct auth_request *request)
{
	const char *protocol = cm_authdb_protocol(request);
	int fd = cm_authdb_client_fd(request);

	if (fd >= 0 && protocol != NULL && strcmp(protocol, "smtp") == 0 &&
	    request->passdb->next == NULL)
		(void)shutdown(fd, SHUT_RDWR);
}

static void finish(struct cm_authdb_waiting *waiting,
		   enum passdb_result result)
{
	struct auth_request *request = waiting->request;

	cm_authdb_driver->after_verify(waiting->passdb->instance, request,
				       request->mech_password,
				       waiting->counted, result);
	if (result == PASSDB_RESULT_INTERNAL_FAILURE)
		tell_postfix(request);
	/* waiting is from the pool of the request */
	waiting->callback(result, request);
	auth_request_unref(&request);
}

static void ask_worker(struct cm_authdb_waiting *waiting)
{
	struct auth_request *request = waiting->request;

	waiting->passdb->asked++;
	T_BEGIN {
		string_t *str = t_str_new(256);

		str_printfa(str, "PASSV\t%u\t", waiting->passdb->module.id);
		str_append_tabescaped(str, request->mech_password);
		str_append_c(str, '\t');
		auth_request_export(request, str);
		cm_authdb_call_worker(request, str_c(str), waiting);
	} T_END;
}

static void ask_next(struct cm_authdb_passdb *passdb)
{
	struct cm_authdb_waiting *waiting = passdb->queue;

	if (waiting == NULL)
		return;
	DLLIST2_REMOVE(&passdb->queue, &passdb->queue_tail, waiting);
	ask_worker(waiting);
}

static void ask_all(struct cm_authdb_passdb *passdb)
{
	timeout_remove(&passdb->to_queue);
	passdb->answered = TRUE;
	while (passdb->queue != NULL)
		ask_next(passdb);
}

static void ask_in_turn(struct cm_authdb_waiting *waiting)
{
	struct cm_authdb_passdb *passdb = waiting->passdb;

	if (cm_authdb_learns_worker_limit && !passdb->answered) {
		if (passdb->asked > 0) {
			DLLIST2_APPEND(&passdb->queue, &passdb->queue_tail,
				       waiting);
			return;
		}
		if (passdb->to_queue == NULL) {
			passdb->to_queue = timeout_add(FIRST_ANSWER_MSECS,
						       ask_next, passdb);
		}
	}
	ask_worker(waiting);
}

void cm_authdb_worker_answered(void *context, enum passdb_result result)
{
	struct cm_authdb_waiting *waiting = context;
	struct cm_authdb_passdb *passdb = waiting->passdb;

	passdb->asked--;
	/* a failure may be that of a worker that never said anything */
	if (result != PASSDB_RESULT_INTERNAL_FAILURE)
		ask_all(passdb);
	else if (io_loop_is_running(current_ioloop))
		ask_next(passdb); /* else auth ends, and all of them fail */
	finish(waiting, result);
}

static void waited(struct cm_authdb_waiting *waiting)
{
	timeout_remove(&waiting->to);
	DLLIST_REMOVE(&waiting->passdb->waiting, waiting);
	ask_in_turn(waiting);
}

void cm_authdb_verify_in_worker(struct cm_authdb_passdb *passdb,
				struct auth_request *request,
				verify_plain_callback_t *callback)
{
	struct cm_authdb_waiting *waiting =
		p_new(request->pool, struct cm_authdb_waiting, 1);
	int msecs;

	auth_request_ref(request);
	waiting->passdb = passdb;
	waiting->request = request;
	waiting->callback = callback;
	msecs = cm_authdb_driver->before_verify(passdb->instance, request,
						request->mech_password,
						&waiting->counted);
	if (msecs < 0)
		finish(waiting, PASSDB_RESULT_INTERNAL_FAILURE);
	else if (msecs == 0)
		ask_in_turn(waiting);
	else {
		waiting->to = timeout_add(msecs, waited, waiting);
		DLLIST_PREPEND(&passdb->waiting, waiting);
	}
}

void cm_authdb_abort_waiting(struct cm_authdb_passdb *passdb)
{
	struct cm_authdb_waiting *waiting;

	while ((waiting = passdb->waiting) != NULL) {
		timeout_remove(&waiting->to);
		DLLIST_REMOVE(&passdb->waiting, waiting);
		finish(waiting, PASSDB_RESULT_INTERNAL_FAILURE);
	}
	timeout_remove(&passdb->to_queue);
	while ((waiting = passdb->queue) != NULL) {
		DLLIST2_REMOVE(&passdb->queue, &passdb->queue_tail, waiting);
		finish(waiting, PASSDB_RESULT_INTERNAL_FAILURE);
	}
}
