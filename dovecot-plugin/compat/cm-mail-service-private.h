/* SPDX-License-Identifier: MIT
 *
 * Between cm-mail-service.c (both versions) and cm-mail-service-v2X.c.
 */
#ifndef CM_MAIL_SERVICE_PRIVATE_H
#define CM_MAIL_SERVICE_PRIVATE_H

#include "cm-mail-service.h"

#include "mail-storage-service.h"

struct mail_storage_service_ctx *
cm_mail_service_ctx(enum mail_storage_service_flags flags);

/* Below 0 for any trouble, otherwise as cm_mail_service_open(). Where Dovecot
 * counts references to the service's user beside those to the mail user,
 * *service_user_r is one, otherwise NULL. */
int cm_mail_service_next(struct mail_storage_service_ctx *ctx,
			 struct mail_storage_service_input *input,
			 struct mail_storage_service_user **service_user_r,
			 struct mail_user **user_r, const char **error_r);

#endif
