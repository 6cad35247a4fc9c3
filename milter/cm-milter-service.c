/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pipe2(), pthread_setattr_default_np() */
#include "cm-milter-service.h"
#include "cm-live.h"
#include "cm-log.h"
#include "cm-milter.h"
#include "cm-milter-counters.h"
#include "cm-milter-socket.h"
#include "cm-mime-gmime.h"
#include "cm-notify.h"
#include "cm-senders.h"
#include "cm-sigwait.h"

#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long libmilter waits for a silent Postfix, in seconds. Postfix waits
 * for us no longer than its own milter_*_timeout. */
#define PEER_TIMEOUT 3600

static void log_failure(const char *what)
{
	cm_log(CM_LOG_ERROR, "%s%s%s", what, errno != 0 ? ": " : "",
	       errno != 0 ? strerror(errno) : "");
}

static void log_socket_failure(const char *path, const char *what)
{
	/* run_dir is gone at a reboot; who makes it is easily forgotten */
	cm_log(CM_LOG_ERROR, "%s: %s%s%s%s", path, what,
	       errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "",
	       errno == ENOENT ? " (systemd-tmpfiles --create)" : "");
}

static int open_socket(const struct cm_settings *set)
{
	char conn[CM_MILTER_CONN_MAX];
	const char *path = set->milter_socket_path;
	const char *error = "libmilter: cannot register";
	mode_t old_mask;
	int ret;

	if (cm_milter_socket_prepare(set, conn, &error) < 0) {
		log_socket_failure(path, error);
		return -1;
	}
	errno = 0;
	if (smfi_setconn(conn) != MI_SUCCESS || cm_milter_register() < 0 ||
	    smfi_settimeout(PEER_TIMEOUT) != MI_SUCCESS) {
		log_socket_failure(path, error);
		return -1;
	}
	/* closed to others from its first moment on */
	old_mask = umask(0177);
	ret = smfi_opensocket(0);
	(void)umask(old_mask);
	if (ret != MI_SUCCESS) {
		log_socket_failure(path, "milter_socket: cannot listen there");
		return -1;
	}
	if (cm_milter_socket_permit(set, &error) < 0) {
		log_socket_failure(path, error);
		return -1;
	}
	return 0;
}

/* What the first thread waits for, one byte each. */
#define EVENT_RELOAD 'r'
#define EVENT_END 'e'

static int events[2]; /* pipe */

static void tell(char event)
{
	int saved_errno = errno;

	/* full means that it has enough to do */
	if (write(events[1], &event, 1) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

static void on_hup(int signo)
{
	(void)signo;
	tell(EVENT_RELOAD);
}

/* smfi_main() gets a thread of its own, so that the first one is free to read
 * settings. SIGHUP is blocked in all threads but the first; cm-sigwait.c keeps
 * libmilter from waiting for it. */
static void *milter_thread(void *arg)
{
	int *ret = arg;

	*ret = smfi_main();
	tell(EVENT_END);
	return NULL;
}

static void reload(const char *config)
{
	const char *error;

	cm_notify_reloading();
	if (cm_live_load(config, &error) < 0)
		cm_log(CM_LOG_ERROR, "settings stay as they were: %s", error);
	else
		cm_log(CM_LOG_INFO, "settings read again");
	cm_notify("READY=1");
}

static int prepare_signals(void)
{
	struct sigaction action = { .sa_handler = on_hup,
				    .sa_flags = SA_RESTART };
	sigset_t ours;

	if (pipe2(events, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    fcntl(events[0], F_SETFL, 0) < 0)
		return -1;
	(void)sigemptyset(&action.sa_mask);
	if (sigaction(SIGHUP, &action, NULL) < 0)
		return -1;
	/* All threads of libmilter inherit this. */
	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGHUP);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGINT);
	errno = pthread_sigmask(SIG_BLOCK, &ours, NULL);
	return errno == 0 ? 0 : -1;
}

static void unblock_hup(void)
{
	sigset_t hup;

	(void)sigemptyset(&hup);
	(void)sigaddset(&hup, SIGHUP);
	(void)pthread_sigmask(SIG_UNBLOCK, &hup, NULL);
}

static int run_threads(const char *config)
{
	int ret = MI_FAILURE;
	pthread_t thread;
	char event = '\0';

	if (prepare_signals() < 0) {
		log_failure("cannot prepare for signals");
		return -1;
	}
	errno = pthread_create(&thread, NULL, milter_thread, &ret);
	if (errno != 0) {
		log_failure("cannot start a thread");
		return -1;
	}
	unblock_hup();
	cm_notify("READY=1");
	while (event != EVENT_END) {
		if (read(events[0], &event, 1) == 1 && event == EVENT_RELOAD)
			reload(config);
	}
	cm_notify("STOPPING=1");
	(void)pthread_join(thread, NULL);
	/* told to stop before it had begun, libmilter calls it a failure */
	return ret == MI_SUCCESS || cm_sigwait_stop_asked() ? 0 : -1;
}

int cm_milter_serve(const char *config)
{
	const char *error;
	struct cm_live *live;
	pthread_attr_t attr;
	int ret;

	if (cm_live_load(config, &error) < 0) {
		cm_log(CM_LOG_ERROR, "%s", error);
		return -1;
	}
	cm_gmime_init();
	if (pthread_attr_init(&attr) == 0) {
		(void)pthread_attr_setstacksize(&attr, CM_MILTER_THREAD_STACK);
		(void)pthread_setattr_default_np(&attr);
		(void)pthread_attr_destroy(&attr);
	}
	live = cm_live_get();
	ret = open_socket(&live->set);
	if (ret == 0 && cm_milter_counters_open(live->set.run_dir) < 0)
		cm_log(CM_LOG_WARNING, "run_dir: cannot keep counters: %s",
		       strerror(errno));
	if (ret == 0)
		cm_log(CM_LOG_INFO, "listening on %s",
		       live->set.milter_socket_path);
	cm_live_put(&live);
	if (ret == 0) {
		ret = run_threads(config);
		cm_log(ret == 0 ? CM_LOG_INFO : CM_LOG_ERROR,
		       ret == 0 ? "stopped" : "libmilter: main loop failed");
	}
	/* Threads of libmilter may still be at a message until the process
	 * ends: what they work with stays. */
	return ret;
}
