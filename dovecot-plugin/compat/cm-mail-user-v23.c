/* SPDX-License-Identifier: MIT
 *
 * cm-mail-user on Dovecot 2.3.
 */
#include "cm-mail-user-private.h"

#include "master-service.h"
#include "restrict-access.h"

#include <unistd.h>

struct mail_storage_service_user *
cm_mail_user_service_user(struct mail_user *user)
{
	return user->_service_user;
}

int cm_mail_user_open(struct mail_storage_service_ctx *ctx,
		      const char *username, const char *session_id,
		      struct mail_storage_service_user **service_user_r,
		      struct mail_user **user_r, const char **error_r)
{
	struct mail_storage_service_input input = {
		.module = master_service_get_name(master_service),
		.service = master_service_get_name(master_service),
		.username = username,
		.session_id = session_id
	};

	*error_r = "no such user";
	return mail_storage_service_lookup_next(ctx, &input, service_user_r,
						user_r, error_r) > 0 ? 0 : -1;
}

void cm_mail_user_auth_info(const struct mail_storage_service_input *input,
			    struct auth_user_info *info_r)
{
	i_zero(info_r);
	info_r->service = input->service != NULL ? input->service :
		master_service_get_name(master_service);
	info_r->local_ip = input->local_ip;
	info_r->remote_ip = input->remote_ip;
	info_r->local_port = input->local_port;
	info_r->remote_port = input->remote_port;
	info_r->forward_fields = input->forward_fields;
	info_r->debug = input->debug;
}

void cm_mail_user_restore_root(uid_t old_uid)
{
	if (old_uid != 0 || geteuid() == 0)
		return;
	if (seteuid(0) < 0)
		i_fatal("seteuid(0) failed: %m");
	restrict_access_allow_coredumps(TRUE);
}
