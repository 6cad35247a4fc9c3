/* SPDX-License-Identifier: MIT
 *
 * cm-push-job: one notice being sent: an account and its tokens. Between
 * cm-push-service.c and cm-push-job.c.
 */
#ifndef CM_PUSH_JOB_H
#define CM_PUSH_JOB_H

#include "cm-dovecot.h"

#include "cm-push-queue.h"

/* One request. */
struct cm_push_telling {
	struct cm_push_job *job;
	unsigned int token; /* index into job->tokens */
};

struct cm_push_job {
	struct cm_push_job *prev, *next; /* of all that are under way */
	struct cm_push_service *service;
	struct cm_push_entry *entry;
	/* those that are to be told; the first `sent` of them are under way or
	 * done */
	struct cm_devicetokens tokens;
	struct cm_push_telling tellings[CM_DEVICETOKEN_MAX_TOKENS];
	unsigned int sent, answered;
	bool failed;
};

/* Opens the account, as mail_user may. CM_DIR_UNKNOWN: there is none. */
enum cm_dir_result cm_push_job_open_account(int mailboxes_fd, const char *name,
					    int *fd_r, const char **error_r);

/* Finds the account and those of its tokens that this notice has not reached.
 * What the queue should do about it; *error_r, perhaps from the data stack, is
 * set for CM_PUSH_HOLD. The job's tokens are set, and need cm_devicetokens_deinit(), if it is
 * CM_PUSH_SEND. */
enum cm_push_step cm_push_job_prepare(struct cm_push_job *job,
				      int mailboxes_fd, bool late, time_t now,
				      const char **error_r);

/* Takes a token out of the account's metadata.json. */
enum cm_dir_result cm_push_job_forget(const struct cm_push_job *job,
				      int mailboxes_fd, const char *token,
				      time_t now, const char **error_r);

#endif
