/* SPDX-License-Identifier: MIT */
#include "cm-mail-service-private.h"

#include "mail-user.h"

#include <unistd.h>

struct cm_mail_service {
	struct mail_storage_service_ctx *ctx;
	struct mail_storage_service_user *user;
	uid_t uid;
};

struct cm_mail_service *cm_mail_service_init(void)
{
	struct cm_mail_service *service = i_new(struct cm_mail_service, 1);

	service->uid = geteuid();
	service->ctx = cm_mail_service_ctx(
		MAIL_STORAGE_SERVICE_FLAG_USERDB_LOOKUP |
		MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP |
		MAIL_STORAGE_SERVICE_FLAG_NO_CHDIR |
		MAIL_STORAGE_SERVICE_FLAG_NO_LOG_INIT |
		MAIL_STORAGE_SERVICE_FLAG_NO_IDLE_TIMEOUT);
	return service;
}

static void restore(struct cm_mail_service *service)
{
	if (geteuid() != service->uid && seteuid(service->uid) < 0)
		i_fatal("seteuid(%s) failed: %m", dec2str(service->uid));
}

int cm_mail_service_open(struct cm_mail_service *service, const char *name,
			 struct mail_user **user_r, const char **error_r)
{
	struct mail_storage_service_input input;
	int ret;

	i_zero(&input);
	input.service = "doveadm";
	input.username = name;
	ret = cm_mail_service_next(service->ctx, &input, &service->user,
				   user_r, error_r);
	if (ret <= 0)
		restore(service);
	/* -2: trouble that is this user's alone */
	return ret < 0 ? -1 : ret;
}

void cm_mail_service_close(struct cm_mail_service *service,
			   struct mail_user **user)
{
	mail_user_deinit(user);
	if (service->user != NULL)
		mail_storage_service_user_unref(&service->user);
	restore(service);
}

void cm_mail_service_deinit(struct cm_mail_service **_service)
{
	struct cm_mail_service *service = *_service;

	*_service = NULL;
	if (service == NULL)
		return;
	mail_storage_service_deinit(&service->ctx);
	i_free(service);
}
