/* SPDX-License-Identifier: MIT */
#include "cm-push-job.h"

#include <stdlib.h>

/* What must be there for an account to exist (cm-account-dir.h). */
#define PASSWORD_FILE "password"

enum cm_dir_result cm_push_job_open_account(int mailboxes_fd, const char *name,
					    int *fd_r, const char **error_r)
{
	enum cm_dir_result ret;

	ret = cm_account_open(mailboxes_fd, name, fd_r, error_r);
	if (ret != CM_DIR_OK)
		return ret;
	ret = cm_account_has_file(*fd_r, PASSWORD_FILE, error_r);
	if (ret != CM_DIR_OK)
		i_close_fd(fd_r);
	return ret;
}

/* Leaves those that are not told yet. */
static void drop_done(struct cm_devicetokens *tokens,
		      const struct cm_push_notice *notice)
{
	unsigned int i, count = 0;

	for (i = 0; i < tokens->count; i++) {
		char *token = tokens->tokens[i];

		if (cm_push_is_done(notice, cm_push_digest(token)))
			free(token);
		else
			tokens->tokens[count++] = token;
	}
	tokens->count = count;
}

enum cm_push_step cm_push_job_prepare(struct cm_push_job *job,
				      int mailboxes_fd, bool late, time_t now,
				      const char **error_r)
{
	enum cm_dir_result account = CM_DIR_OK, found = CM_DIR_UNKNOWN;
	enum cm_push_step step;
	int fd = -1;

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
		drop_done(&job->tokens, &job->entry->notice);
	step = cm_push_step(late, account,
			    found == CM_DIR_OK ? job->tokens.count : 0);
	if (step != CM_PUSH_SEND && found == CM_DIR_OK)
		cm_devicetokens_deinit(&job->tokens);
	return step;
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
