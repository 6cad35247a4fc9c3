/* SPDX-License-Identifier: MIT
 *
 * cm-mail-user on Dovecot 2.4.
 */
#include "cm-mail-user-private.h"

#include "master-service.h"

struct mail_storage_service_user *
cm_mail_user_service_user(struct mail_user *user)
{
	return user->service_user;
}

int cm_mail_user_open(struct mail_storage_service_ctx *ctx,
		      const char *username, const char *session_id,
		      struct mail_storage_service_user **service_user_r,
		      struct mail_user **user_r, const char **error_r)
{
	struct mail_storage_service_input input = {
		.service = master_service_get_name(master_service),
		.username = username,
		.session_id = session_id
	};

	*error_r = "no such user";
	if (mail_storage_service_lookup_next(ctx, &input, user_r,
					     error_r) <= 0)
		return -1;
	/* ours: mail_user has one of its own */
	*service_user_r = (*user_r)->service_user;
	mail_storage_service_user_ref(*service_user_r);
	return 0;
}

void cm_mail_user_auth_info(const struct mail_storage_service_input *input,
			    struct auth_user_info *info_r)
{
	i_zero(info_r);
	info_r->protocol = input->protocol != NULL ? input->protocol :
		input->service != NULL ? input->service :
		master_service_get_name(master_service);
	info_r->local_name = input->local_name;
	info_r->local_ip = input->local_ip;
	info_r->remote_ip = input->remote_ip;
	info_r->local_port = input->local_port;
	info_r->remote_port = input->remote_port;
	info_r->forward_fields = input->forward_fields;
	info_r->debug = input->debug;
}

void cm_mail_user_restore_root(uid_t old_uid)
{
	if (old_uid == 0)
		mail_storage_service_restore_privileges(old_uid, NULL, NULL);
}
