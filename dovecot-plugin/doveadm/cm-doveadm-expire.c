/* SPDX-License-Identifier: MIT
 *
 * `doveadm chatmail expire`: walks the accounts and keeps nothing of one when
 * it goes to the next, so memory does not depend on how many there are.
 * Interrupted anywhere, the same command does the rest.
 */
#include "cm-doveadm-cmds.h"

#include "lib-signals.h"
#include "time-util.h"

#include "cm-account-dir.h"
#include "cm-account-rules.h"
#include "cm-doveadm-accounts.h"
#include "cm-doveadm-expire.h"
#include "cm-mail-service.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds between two looks of the progress line. */
#define PROGRESS_MSECS 250

/* A signal handler can have no other place for it. */
static volatile sig_atomic_t stopped;

struct progress {
	bool on;
	bool drawn;
	long long last; /* ms */
};

bool cm_expire_stopped(void)
{
	return stopped != 0;
}

void cm_expire_stop(void)
{
	stopped = 1;
}

static void stop(const siginfo_t *si ATTR_UNUSED, void *context ATTR_UNUSED)
{
	stopped = 1;
}

void cm_expire_row(struct cm_expire_run *run, const char *account,
		   const char *what, const char *item, const char *reason)
{
	if (!run->rows)
		return;
	doveadm_print(account);
	doveadm_print(what);
	doveadm_print(item);
	doveadm_print(reason);
}

void cm_expire_trouble(struct cm_expire_run *run, enum cm_dir_result result,
		       const char *error)
{
	T_BEGIN {
		(void)cm_doveadm_trouble(result, error);
	} T_END;
	run->counts.failed++;
}

static long long now_msecs(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Only where rows are not in its way. */
static void progress_show(struct progress *progress,
			  const struct cm_expire_run *run)
{
	const struct cm_expire_counts *counts = &run->counts;
	long long now;

	if (!progress->on)
		return;
	now = now_msecs();
	if (now - progress->last < PROGRESS_MSECS)
		return;
	progress->last = now;
	progress->drawn = TRUE;
	fprintf(stderr, "\r%"PRIu64" accounts, removed %"PRIu64" accounts, "
		"%"PRIu64" messages ", counts->accounts,
		counts->accounts_removed, counts->messages_removed);
	(void)fflush(stderr);
}

static void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\r\033[K");
}

static void walk_all(struct cm_expire_run *run, struct progress *progress)
{
	struct cm_account_iter *iter = NULL;
	enum cm_dir_result result;
	const char *name, *error;

	result = cm_account_iter_init(&run->relay.set,
				      run->relay.mailboxes_fd, &iter, &error);
	if (result == CM_DIR_OK)
		cm_account_iter_everything(iter);
	while (result == CM_DIR_OK && !cm_expire_stopped()) {
		result = cm_account_iter_next(iter, &name, &error);
		if (result != CM_DIR_OK)
			break;
		if (!cm_account_name_valid(&run->relay.set, name,
					   strlen(name)))
			continue;
		T_BEGIN {
			(void)cm_expire_account_do(run, name);
		} T_END;
		progress_show(progress, run);
	}
	if (result != CM_DIR_UNKNOWN && result != CM_DIR_OK)
		cm_expire_trouble(run, result, error);
	cm_account_iter_deinit(&iter);
}

static void walk_mask(struct cm_expire_run *run, const char *mask,
		      struct progress *progress)
{
	const char *words[2] = { mask, NULL };
	ARRAY_TYPE(const_string) names;
	const char *name;

	if (!cm_doveadm_accounts_find(&run->relay, words, &names))
		return;
	array_foreach_elem(&names, name) T_BEGIN {
		if (!cm_expire_stopped() &&
		    !cm_expire_account_do(run, name))
			(void)cm_doveadm_trouble(CM_DIR_UNKNOWN, "");
		progress_show(progress, run);
	} T_END;
}

static const struct {
	const char *name;
	size_t offset;
} figures[] = {
#define FIGURE(name) { #name, offsetof(struct cm_expire_counts, name) }
	FIGURE(accounts),
	FIGURE(accounts_removed),
	FIGURE(messages),
	FIGURE(messages_removed),
	FIGURE(bytes_removed),
	FIGURE(files_removed),
	FIGURE(tokens_removed),
	FIGURE(opened),
	FIGURE(failed),
#undef FIGURE
};

static void headers(const struct cm_expire_run *run)
{
	unsigned int i;

	if (!run->rows) {
		doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
		for (i = 0; i < N_ELEMENTS(figures); i++)
			doveadm_print_header_simple(figures[i].name);
		doveadm_print_header_simple("msecs");
		return;
	}
	doveadm_print_init(DOVEADM_PRINT_TYPE_TAB);
	doveadm_print_header_simple("account");
	doveadm_print_header_simple("what");
	doveadm_print_header_simple("item");
	doveadm_print_header_simple("reason");
}

static void summary(const struct cm_expire_run *run, long long msecs)
{
	const struct cm_expire_counts *counts = &run->counts;
	unsigned int i;

	if (run->rows) {
		if (run->cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI)
			return;
		doveadm_print_flush();
		fprintf(stderr, "%s %"PRIu64" of %"PRIu64" accounts, "
			"%"PRIu64" of %"PRIu64" messages (%"PRIu64" bytes), "
			"%"PRIu64" tokens and %"PRIu64" leftovers in "
			"%lld.%03lld s%s\n",
			run->dry ? "would remove" : "removed",
			counts->accounts_removed, counts->accounts,
			counts->messages_removed, counts->messages,
			counts->bytes_removed, counts->tokens_removed,
			counts->files_removed,
			msecs / 1000, msecs % 1000,
			stopped ? ", interrupted" : "");
		return;
	}
	for (i = 0; i < N_ELEMENTS(figures); i++) {
		const void *value = CONST_PTR_OFFSET(counts,
						     figures[i].offset);

		doveadm_print(dec2str(*(const uint64_t *)value));
	}
	doveadm_print(t_strdup_printf("%lld", msecs));
}

static void run_it(struct cm_expire_run *run, const char *mask, bool force)
{
	struct progress progress = {
		.on = !run->rows && isatty(STDERR_FILENO) != 0 &&
			run->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI
	};
	long long begin = now_msecs();

	stopped = 0;
	lib_signals_set_handler(SIGINT, 0, stop, NULL);
	lib_signals_set_handler(SIGTERM, 0, stop, NULL);
	headers(run);
	if (mask != NULL) {
		/* named by somebody: he knows whom he means */
		walk_mask(run, mask, &progress);
	} else {
		cm_expire_spare_begin(run, force);
		walk_all(run, &progress);
	}
	if (!cm_expire_stopped())
		cm_expire_inactive_flush(run);
	if (!cm_expire_stopped() && mask == NULL)
		cm_expire_spool(run);
	pool_unref(&run->inactive_pool);
	cm_expire_inactive_finish(run);
	cm_mail_service_deinit(&run->mail);
	progress_end(&progress);
	summary(run, now_msecs() - begin);
	cm_expire_spare_end(run);
	lib_signals_unset_handler(SIGINT, stop, NULL);
	lib_signals_unset_handler(SIGTERM, stop, NULL);
	if (cm_expire_stopped()) {
		i_error("interrupted; the same command does the rest");
		cm_doveadm_exit(EX_TEMPFAIL);
	}
}

void cm_doveadm_expire(struct doveadm_cmd_context *cctx)
{
	struct cm_expire_run run;
	const char *mask = NULL;
	bool all = FALSE, verbose = FALSE, force = FALSE;

	i_zero(&run);
	run.cctx = cctx;
	(void)doveadm_cmd_param_bool(cctx, "all-users", &all);
	(void)doveadm_cmd_param_str(cctx, "mask", &mask);
	(void)doveadm_cmd_param_bool(cctx, "dry-run", &run.dry);
	(void)doveadm_cmd_param_bool(cctx, "verbose", &verbose);
	(void)doveadm_cmd_param_bool(cctx, "force", &force);
	if (all == (mask != NULL)) {
		cm_doveadm_usage(cctx, "either -A or -u, please");
		return;
	}
	run.rows = run.dry || verbose;
	if (!cm_doveadm_relay_open_mailboxes(cctx, &run.relay))
		return;
	cm_expire_init(&run.rules, &run.relay.set, time(NULL));
	run_it(&run, mask, force);
	cm_doveadm_relay_close(&run.relay);
}
