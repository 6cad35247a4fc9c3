/* SPDX-License-Identifier: MIT
 *
 * sigwait() for libmilter, without SIGHUP.
 *
 * libmilter has a thread that waits for SIGTERM, SIGINT and SIGHUP, and stops
 * at each of them; there is no way to tell it that SIGHUP means something
 * else here. Blocking does not help: sigwait() takes a signal that is pending
 * for the process even while another thread is on its way to handle it, which
 * under load ended us at one SIGHUP of a hundred soon after the start.
 *
 * A program's own definition of a function comes before the C library's, for
 * shared libraries too (System V ABI, "Shared Object Dependencies"), so this
 * is the one that libmilter calls. Nothing else in the process waits for
 * signals by it.
 */
#include "cm-sigwait.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* Of the process, as signals are. */
static atomic_bool stop_asked;

bool cm_sigwait_stop_asked(void)
{
	return atomic_load(&stop_asked);
}

int sigwait(const sigset_t *set, int *signo_r)
{
	sigset_t without_hup = *set;
	int signo;

	(void)sigdelset(&without_hup, SIGHUP);
	do {
		signo = sigwaitinfo(&without_hup, NULL);
	} while (signo < 0 && errno == EINTR);
	if (signo < 0)
		return errno;
	atomic_store(&stop_asked, true);
	*signo_r = signo;
	return 0;
}
