/* SPDX-License-Identifier: MIT */
#include "cm-delivery-gone.h"

#include "mail-storage-private.h"
#include "mail-user.h"

#include "cm-account-dir.h"
#include "cm-mail-user.h"

#include <sys/stat.h>

#define GONE_BOX(obj) MODULE_CONTEXT_REQUIRE(obj, gone_box_module)

struct gone_box {
	union mailbox_module_context module_ctx;
};

static MODULE_CONTEXT_DEFINE_INIT(gone_box_module,
				  &mail_storage_module_register);

static bool has_password(struct mail_user *user)
{
	const char *home;
	struct stat st;

	if (mail_user_get_home(user, &home) <= 0)
		return TRUE;
	return lstat(t_strconcat(home, "/" CM_ACCOUNT_FILE_PASSWORD, NULL),
		     &st) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}

static int gone_open(struct mailbox *box)
{
	struct gone_box *gbox = GONE_BOX(box);
	struct mail_user *user = box->storage->user;
	bool gone;

	T_BEGIN {
		gone = !has_password(user) && cm_mail_user_is_gone(user);
	} T_END;
	if (!gone)
		return gbox->module_ctx.super.open(box);
	mail_storage_set_error(box->storage, MAIL_ERROR_TEMP,
			       "The account was removed");
	return -1;
}

void cm_delivery_gone_mailbox_allocated(struct mailbox *box)
{
	struct gone_box *gbox;

	/* by which Dovecot tells a delivery from a client's session */
	if ((box->flags & MAILBOX_FLAG_POST_SESSION) == 0)
		return;
	gbox = p_new(box->pool, struct gone_box, 1);
	gbox->module_ctx.super = box->v;
	box->v.open = gone_open;
	MODULE_CONTEXT_SET(box, gone_box_module, gbox);
}
