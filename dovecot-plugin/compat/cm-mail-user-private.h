/* SPDX-License-Identifier: MIT
 *
 * Between cm-mail-user.c (both versions) and cm-mail-user-v2X.c.
 */
#ifndef CM_MAIL_USER_PRIVATE_H
#define CM_MAIL_USER_PRIVATE_H

#include "cm-mail-user.h"

#include "auth-master.h"
#include "mail-storage-service.h"

/* Who the user is to the process; NULL if nobody (an internal user). */
struct mail_storage_service_user *
cm_mail_user_service_user(struct mail_user *user);

/* Looks the user up and opens it, as lmtp does at RCPT and DATA. 0, or -1 with
 * *error_r: nothing is left then. */
int cm_mail_user_open(struct mail_storage_service_ctx *ctx,
		      const char *username, const char *session_id,
		      struct mail_storage_service_user **service_user_r,
		      struct mail_user **user_r, const char **error_r);

/* What Dovecot tells auth about such a lookup. */
void cm_mail_user_auth_info(const struct mail_storage_service_input *input,
			    struct auth_user_info *info_r);

/* An lmtp that runs as root becomes the user's system user when it opens a
 * mail user; this makes it root again if it was. */
void cm_mail_user_restore_root(uid_t old_uid);

#endif
