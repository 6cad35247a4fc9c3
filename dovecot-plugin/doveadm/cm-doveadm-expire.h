/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-expire: one run of `doveadm chatmail expire`, and what its parts
 * share:
 *
 *	cm-doveadm-expire.c     the command: which accounts, progress, summary
 *	cm-doveadm-due.c        one account: what of it is due, and leftovers
 *	cm-doveadm-inactive.c   accounts that go as a whole
 *	cm-doveadm-expunge.c    messages go, through Dovecot
 *	cm-doveadm-spare.c      whether those are kept this time
 *	cm-doveadm-spool.c      push notices of accounts that are gone
 *
 * A dry run makes the same decisions and changes nothing.
 */
#ifndef CM_DOVEADM_EXPIRE_H
#define CM_DOVEADM_EXPIRE_H

#include "cm-doveadm.h"

#include "cm-doveadm-relay.h"
#include "cm-expire-runs.h"
#include "cm-expire.h"

struct cm_mail_service;

/* So often in a row Dovecot may fail to open an account, then the run ends:
 * it is down, and each of the others would say the same. */
#define CM_EXPIRE_MAX_UNOPENED 5

/* Accounts whose sessions are ended together before they go. */
#define CM_EXPIRE_MAX_INACTIVE 64

struct cm_expire_counts {
	uint64_t accounts, accounts_removed;
	uint64_t messages, messages_removed, bytes_removed;
	uint64_t files_removed; /* leftovers */
	uint64_t tokens_removed; /* of devices, for push */
	uint64_t failed;	/* accounts that something went wrong with */
	uint64_t opened;	/* mailboxes' owners whom Dovecot was asked for */
};

struct cm_expire_run {
	struct doveadm_cmd_context *cctx;
	struct cm_doveadm_relay relay;
	struct cm_expire rules;
	struct cm_expire_counts counts;
	bool dry;
	bool rows; /* a row for all that is due */
	struct cm_mail_service *mail; /* NULL until somebody needs it */
	unsigned int unopened; /* accounts in a row */

	/* inactive accounts are kept; in cm-doveadm-spare.c */
	bool spare;
	uint64_t spared;
	int spare_until; /* UTC day; 0: not known */
	struct cm_expire_runs runs;

	/* in cm-doveadm-inactive.c */
	pool_t inactive_pool;
	ARRAY_TYPE(const_string) inactive;
};

/* Has somebody asked us to stop? What is begun is finished. */
bool cm_expire_stopped(void);
/* The same from within. */
void cm_expire_stop(void);

/* `what` is "account", "message", "token" or "file". */
void cm_expire_row(struct cm_expire_run *run, const char *account,
		   const char *what, const char *item, const char *reason);

/* Something went wrong with one account: logs it (without the name), sets the
 * exit code, counts. As cm_doveadm_trouble(). */
void cm_expire_trouble(struct cm_expire_run *run, enum cm_dir_result result,
		       const char *error);

/* Looks at one account and does what is due. A name that is none yet, or none
 * any more: FALSE. */
bool cm_expire_account_do(struct cm_expire_run *run, const char *name);

/* A blocked account is not removed, however long ago its last login was. */
bool cm_expire_is_blocked(int account_fd);

/* Puts an account on the list of those that go; with CM_EXPIRE_MAX_INACTIVE on
 * it, and at the end of the run, the list is worked off. */
void cm_expire_inactive_add(struct cm_expire_run *run, const char *name);
void cm_expire_inactive_flush(struct cm_expire_run *run);
/* What earlier runs, or interrupted ones, have left in .removed/. */
void cm_expire_inactive_finish(struct cm_expire_run *run);

/* A run of all accounts begins: sets run->spare, and remembers the run unless
 * it is dry. force: sets it to FALSE, whatever was before. */
void cm_expire_spare_begin(struct cm_expire_run *run, bool force);
/* Says how many were spared, until when and why, if any was. */
void cm_expire_spare_end(const struct cm_expire_run *run);

/* Notices that wait in <state_dir>/push for an account that is gone, or for so
 * long that chatmail-push would not send them any more. */
void cm_expire_spool(struct cm_expire_run *run);

#endif
