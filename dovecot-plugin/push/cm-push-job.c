/* SPDX-License-Identifier: MIT */
#include "cm-push-job.h"

#include "llist.h"

#include <stdlib.h>

enum cm_dir_result cm_push_job_open_account(int mailboxes_fd, const char *name,
					    int *fd_r, const char **error_r)
{
	enum cm_dir_result ret;

	ret = cm_account_open(mailboxes_fd, name, fd_r, error_r);
	if (ret != CM_DIR_OK)
		return ret;
	ret = cm_account_has_file(*fd_r, CM_ACCOUNT_FILE_PASSWORD, error_r);
	if (ret != CM_DIR_OK)
		i_close_fd(fd_r);
	return ret;
}

/* Leaves those that are to be told. */
static void choose(struct cm_push_job *job)
{
	struct cm_devicetokens *tokens = &job->tokens;
	unsigned int i, count = 0;

	for (i = 0; i < tokens->count; i++) {
		char *token = tokens->tokens[i];
		uint64_t digest = cm_push_digest(token);

		if (cm_push_is_done(&job->entry->notice, digest) ||
		    cm_push_is_failed(job->entry, digest)) {
			free(token);
			continue;
		}
		job->digests[count] = digest;
		tokens->tokens[count++] = token;
	}
	tokens->count = count;
}

enum cm_push_step cm_push_job_prepare(struct cm_push_job *job,
				      int mailboxes_fd, bool late, time_t now,
				      const char **error_r)
{
	enum cm_dir_result account = CM_DIR_OK, found = CM_DIR_UNKNOWN;
	struct cm_push_telling *telling;
	enum cm_push_step step;
	int fd = -1;

	for (telling = job->tellings; telling != NULL; telling = telling->next)
		telling->old = TRUE;
	cm_devicetokens_deinit(&job->tokens);
	i_zero(&job->sent);
	job->failed = FALSE;
	if (!late) {
		account = cm_push_job_open_account(mailboxes_fd,
						   job->entry->name, &fd,
						   error_r);
	}
	if (fd != -1) {
		found = cm_devicetoken_list(fd, now, &job->tokens, error_r);
		i_close_fd(&fd);
		/* an account without tokens is no account that is gone */
		if (found != CM_DIR_OK && found != CM_DIR_UNKNOWN)
			account = found;
	}
	if (account == CM_DIR_FAILED)
		*error_r = t_strdup_printf("%s: %m", *error_r);
	if (found == CM_DIR_OK)
		choose(job);
	step = cm_push_step(late, account, job->tokens.count);
	if (step != CM_PUSH_SEND)
		cm_devicetokens_deinit(&job->tokens);
	job->left = job->tokens.count;
	return step;
}

static bool is_under_way(const struct cm_push_job *job, uint64_t digest)
{
	const struct cm_push_telling *telling = job->tellings;

	while (telling != NULL && telling->digest != digest)
		telling = telling->next;
	return telling != NULL;
}

static void set_sent(struct cm_push_job *job, unsigned int i)
{
	job->sent[i] = TRUE;
	job->left--;
}

struct cm_push_telling *cm_push_job_next(struct cm_push_job *job)
{
	struct cm_push_telling *telling;
	unsigned int i;
	size_t size;

	if (job->left == 0 || job->telling_count >= CM_PUSH_JOB_MAX_REQUESTS)
		return NULL;
	for (i = 0; i < job->tokens.count; i++) {
		if (!job->sent[i] && !is_under_way(job, job->digests[i]))
			break;
	}
	if (i == job->tokens.count)
		return NULL;
	size = strlen(job->tokens.tokens[i]) + 1;
	telling = i_malloc(MALLOC_ADD(sizeof(*telling), size));
	telling->job = job;
	telling->digest = job->digests[i];
	memcpy(telling->token, job->tokens.tokens[i], size);
	set_sent(job, i);
	DLLIST_PREPEND(&job->tellings, telling);
	job->telling_count++;
	return telling;
}

void cm_push_job_skip(struct cm_push_job *job, uint64_t digest)
{
	unsigned int i;

	for (i = 0; i < job->tokens.count; i++) {
		if (!job->sent[i] && job->digests[i] == digest)
			set_sent(job, i);
	}
}

void cm_push_telling_free(struct cm_push_telling *telling)
{
	DLLIST_REMOVE(&telling->job->tellings, telling);
	telling->job->telling_count--;
	i_free(telling);
}

bool cm_push_job_is_over(const struct cm_push_job *job)
{
	return job->left == 0 && job->tellings == NULL;
}

void cm_push_job_free(struct cm_push_job *job)
{
	while (job->tellings != NULL)
		cm_push_telling_free(job->tellings);
	cm_devicetokens_deinit(&job->tokens);
	i_free(job);
}

enum cm_dir_result cm_push_job_forget(const struct cm_push_job *job,
				      int mailboxes_fd, const char *token,
				      time_t now, const char **error_r)
{
	enum cm_dir_result ret;
	int fd;

	ret = cm_push_job_open_account(mailboxes_fd, job->entry->name, &fd,
				       error_r);
	if (ret != CM_DIR_OK)
		return ret;
	/* If somebody writes it right now, the next notice is soon enough. */
	ret = cm_devicetoken_remove(fd, token, now, 0, error_r);
	i_close_fd(&fd);
	return ret;
}
