/* SPDX-License-Identifier: MIT
 *
 * milter/cm-milter-service, with a libmilter that leaves a session behind: its
 * smfi_main() does not wait for all of its threads.
 */
#include "cm-unit.h"
#include "cm-live.h"
#include "cm-milter.h"
#include "cm-milter-counters.h"
#include "cm-milter-service.h"
#include "cm-milter-socket.h"
#include "cm-mime-gmime.h"
#include "cm-senders.h"
#include "cm-sigwait.h"

#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define ROUNDS 1000

static char dir[] = "/tmp/cm-service.XXXXXX";
static pthread_t session_thread;
static atomic_bool stopped;

static void message(void)
{
	struct cm_live *live = cm_live_get();
	const char *error;

	assert_non_null(live);
	assert_string_equal(live->set.mail_domain, "our.test");
	assert_int_equal(cm_senders_may_send(&live->set, "a@b.test", &error),
			 1);
	cm_milter_count(CM_INCOMING, CM_RULE_NONE);
	cm_live_put(&live);
}

static void *session(void *arg)
{
	unsigned int i;

	(void)arg;
	while (!atomic_load(&stopped))
		message();
	for (i = 0; i < ROUNDS; i++)
		message();
	return NULL;
}

int smfi_main(void)
{
	message();
	return pthread_create(&session_thread, NULL, session, NULL) == 0 ?
		MI_SUCCESS : MI_FAILURE;
}

int smfi_setconn(char *conn)
{
	(void)conn;
	return MI_SUCCESS;
}

int smfi_settimeout(int timeout)
{
	(void)timeout;
	return MI_SUCCESS;
}

int smfi_opensocket(bool remove_old)
{
	(void)remove_old;
	return MI_SUCCESS;
}

int cm_milter_register(void)
{
	return 0;
}

int cm_milter_socket_prepare(const struct cm_settings *set,
			     char conn[CM_MILTER_CONN_MAX],
			     const char **error_r)
{
	(void)set;
	*error_r = NULL;
	conn[0] = '\0';
	return 0;
}

int cm_milter_socket_permit(const struct cm_settings *set,
			    const char **error_r)
{
	(void)set;
	*error_r = NULL;
	return 0;
}

void cm_gmime_init(void)
{
}

bool cm_sigwait_stop_asked(void)
{
	return true;
}

static void session_outlives(void **state)
{
	char path[64];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/ini", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "[params]\nmail_domain = our.test\n"
			    "state_dir = %s\nrun_dir = %s\n"
			    "require_dkim = no\n", dir, dir) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(cm_milter_serve(path), 0);
	atomic_store(&stopped, true);
	assert_int_equal(pthread_join(session_thread, NULL), 0);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/milter.counters", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	cm_unit_test(session_outlives);
	return cm_unit_run();
}
