/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "cm-account-dir.h"
#include "cm-metadata-door.h"
#include "cm-metadata-user.h"
#include "cm-settings.h"

#include <unistd.h>

#define USER(obj) MODULE_CONTEXT_REQUIRE(obj, cm_metadata_user_module)
static MODULE_CONTEXT_DEFINE_INIT(cm_metadata_user_module,
				  &mail_user_module_register);

static void user_deinit(struct mail_user *user)
{
	struct cm_metadata_user *muser = USER(user);

	cm_metadata_door_deinit(muser);
	i_close_fd(&muser->account_fd);
	i_free(muser->tokens);
	muser->module_ctx.super.deinit(user);
}

void cm_metadata_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	struct cm_metadata_user *muser =
		p_new(user->pool, struct cm_metadata_user, 1);

	muser->account_fd = -1;
	muser->module_ctx.super = *v;
	user->vlast = &muser->module_ctx.super;
	v->deinit = user_deinit;
	MODULE_CONTEXT_SET(user, cm_metadata_user_module, muser);
	cm_metadata_door_init(user);
}

struct cm_metadata_user *cm_metadata_user(struct mail_user *user)
{
	return USER(user);
}

int cm_metadata_user_account(struct mail_user *user)
{
	struct cm_metadata_user *muser = USER(user);
	const struct cm_settings *set;
	enum cm_dir_result result;
	int mailboxes_fd;
	const char *error;

	if (muser->account_fd >= 0)
		return muser->account_fd;
	set = cm_metadata_settings(user);
	if (set == NULL)
		return -1;
	result = cm_mailboxes_open(set->mailboxes_dir, &mailboxes_fd, &error);
	if (result == CM_DIR_OK) {
		result = cm_account_open(mailboxes_fd, user->username,
					 &muser->account_fd, &error);
		i_close_fd(&mailboxes_fd);
	}
	switch (result) {
	case CM_DIR_OK:
		return muser->account_fd;
	case CM_DIR_UNKNOWN:
		e_error(cm_metadata_event, "the account's directory is not in "
			"%s", set->mailboxes_dir);
		break;
	case CM_DIR_CORRUPT:
		e_error(cm_metadata_event, "%s", error);
		break;
	default:
		e_error(cm_metadata_event, "failed to %s: %m", error);
		break;
	}
	return -1;
}
