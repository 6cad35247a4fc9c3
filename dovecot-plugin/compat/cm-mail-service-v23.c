/* SPDX-License-Identifier: MIT
 *
 * cm-mail-service on Dovecot 2.3.
 */
#include "cm-mail-service-private.h"

#include "master-service.h"

struct mail_storage_service_ctx *
cm_mail_service_ctx(enum mail_storage_service_flags flags)
{
	return mail_storage_service_init(master_service, NULL, flags);
}

int cm_mail_service_next(struct mail_storage_service_ctx *ctx,
			 struct mail_storage_service_input *input,
			 struct mail_storage_service_user **service_user_r,
			 struct mail_user **user_r, const char **error_r)
{
	input->module = "mail";
	return mail_storage_service_lookup_next(ctx, input, service_user_r,
						user_r, error_r);
}
