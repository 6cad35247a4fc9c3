/* SPDX-License-Identifier: MIT
 *
 * cm-push-job: one notice being sent: an account and its tokens. Between
 * cm-push-service.c and cm-push-job.c.
 */
#ifndef CM_PUSH_JOB_H
#define CM_PUSH_JOB_H

#include "cm-dovecot.h"

#include "cm-push-queue.h"

/* Requests under way for one account, so that those of a few whose tokens are
 * never answered leave room: 16 of them take 48 of CM_PUSH_HTTP_MAX_REQUESTS. */
#define CM_PUSH_JOB_MAX_REQUESTS 3

/* One request that is under way. */
struct cm_push_telling {
	struct cm_push_telling *prev, *next; /* of its job */
	struct cm_push_job *job;
	uint64_t digest;
	bool old; /* a message came since: it tells of one before */
	char token[];
};

struct cm_push_job {
	struct cm_push_job *prev, *next; /* of all that are under way */
	struct cm_push_service *service;
	struct cm_push_entry *entry;
	/* those that are to be told; `left` of them are not sent yet */
	struct cm_devicetokens tokens;
	uint64_t digests[CM_DEVICETOKEN_MAX_TOKENS];
	bool sent[CM_DEVICETOKEN_MAX_TOKENS];
	unsigned int left;

	struct cm_push_telling *tellings;
	unsigned int telling_count;
	bool failed; /* one that is not old */
};

/* Opens the account, as mail_user may. CM_DIR_UNKNOWN: there is none. */
enum cm_dir_result cm_push_job_open_account(int mailboxes_fd, const char *name,
					    int *fd_r, const char **error_r);

/* Finds the account and those of its tokens that are to be told: which this
 * notice has not reached, and which did not fail just before. Also for a job
 * whose account gets a message meanwhile: what is under way is old then. What
 * the queue should do about it; *error_r, perhaps from the data stack, is set
 * for CM_PUSH_HOLD. But for CM_PUSH_SEND nothing is left. */
enum cm_push_step cm_push_job_prepare(struct cm_push_job *job,
				      int mailboxes_fd, bool late, time_t now,
				      const char **error_r);

/* The next token to be sent, as one that is under way. NULL: none can be sent
 * now; if one is left, others have to be answered first: there are as many as
 * may be, or it is one of them, for an older message, as nobody is told twice
 * at one time. */
struct cm_push_telling *cm_push_job_next(struct cm_push_job *job);

/* It was answered, and does not want to be told of the newer message, if there
 * is one. */
void cm_push_job_skip(struct cm_push_job *job, uint64_t digest);

void cm_push_telling_free(struct cm_push_telling *telling);

/* Nothing is left, and nothing is under way. */
bool cm_push_job_is_over(const struct cm_push_job *job);

void cm_push_job_free(struct cm_push_job *job);

/* Takes a token out of the account's metadata.json. */
enum cm_dir_result cm_push_job_forget(const struct cm_push_job *job,
				      int mailboxes_fd, const char *token,
				      time_t now, const char **error_r);

#endif
