/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-user: what is kept for a user in a process, so that an answer
 * costs little: where his settings are, his account's directory, open, and
 * the tokens as they were read. Gone with the user.
 */
#ifndef CM_METADATA_USER_H
#define CM_METADATA_USER_H

#include "cm-dovecot.h"

#include "mail-storage-private.h"
#include "mail-user.h"

#include "cm-metadata-relay.h"

struct cm_metadata_user {
	union mail_user_module_context module_ctx;

	const char *config_path; /* NULL: not known yet */
	int account_fd;		 /* -1: not open */
	struct timeout *to_door; /* cm-metadata-door.c only */

	/* cm-metadata-token.c only */
	unsigned int sets_left;
	time_t sets_since;
	struct cm_stamp tokens_stamp;
	time_t tokens_read; /* 0: never */
	char *tokens;	    /* joined, NULL: none */
};

/* A hook of mail storage. */
void cm_metadata_user_created(struct mail_user *user);

struct cm_metadata_user *cm_metadata_user(struct mail_user *user);

/* The user's account directory: a descriptor that stays ours, or -1, which is
 * logged. */
int cm_metadata_user_account(struct mail_user *user);

#endif
