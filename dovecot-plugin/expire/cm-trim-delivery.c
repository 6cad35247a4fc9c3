/* SPDX-License-Identifier: MIT */
#include "cm-trim-delivery.h"

#include "mail-storage-private.h"
#include "mail-user.h"

#include "cm-mail-user.h"
#include "cm-quota.h"
#include "cm-trim-mailbox.h"
#include "cm-trim-until.h"

#define TRIM_USER(obj) MODULE_CONTEXT(obj, trim_user_module)
#define TRIM_BOX(obj) MODULE_CONTEXT_REQUIRE(obj, trim_box_module)

struct trim_user {
	union mail_user_module_context module_ctx;
	bool wanted; /* above the level, or may be */
};

/* What is in use is known from before the message was saved, and so it is to
 * other deliveries at the same time. Where so many messages of this size would
 * pass the level it is looked at again afterwards. */
#define MAX_PARALLEL 32

struct trim_box {
	union mailbox_module_context module_ctx;
};

static MODULE_CONTEXT_DEFINE_INIT(trim_user_module, &mail_user_module_register);
static MODULE_CONTEXT_DEFINE_INIT(trim_box_module,
				  &mail_storage_module_register);

static void trim(struct mail_user *user)
{
	const struct cm_trim_rules *rules = cm_trim_rules_get(user);

	if (rules != NULL)
		cm_trim_mailbox(user, rules);
}

/* The quota counts lines as ending in CR LF. To find out what that makes, the
 * message must be read; near the limit only. */
static int message_size(struct mail *mail, uint64_t used, uint64_t limit,
			uint64_t *size_r)
{
	uoff_t size;

	if (mail_get_physical_size(mail, &size) < 0 ||
	    (used + 2 * size > limit && mail_get_virtual_size(mail, &size) < 0))
		return -1;
	*size_r = size;
	return 0;
}

static void before_save(struct mail_user *user, struct trim_user *tuser,
			struct mail *mail)
{
	const struct cm_trim_rules *rules;
	uint64_t used, limit, size;
	const char *error;
	int ret;

	ret = cm_quota_get(user, FALSE, &used, &limit, &error);
	/* the quota plugin says in the log what is wrong */
	if (ret <= 0)
		return;
	rules = cm_trim_rules_get(user);
	if (rules == NULL || message_size(mail, used, limit, &size) < 0)
		return;
	if (used + size > limit)
		cm_trim_make_room(user, rules, size);
	if (cm_trim_excess(&rules->limits, limit,
			   used + MAX_PARALLEL * size) > 0)
		tuser->wanted = TRUE;
}

/* mailbox_save_using_mail(), by which lmtp saves. */
static int trim_copy(struct mail_save_context *ctx, struct mail *mail)
{
	struct mailbox *box = ctx->transaction->box;
	struct trim_box *tbox = TRIM_BOX(box);
	struct mail_user *user = box->storage->user;
	struct trim_user *tuser = TRIM_USER(user);

	if (ctx->saving && tuser != NULL) T_BEGIN {
		before_save(user, tuser, mail);
	} T_END;
	return tbox->module_ctx.super.copy(ctx, mail);
}

static void trim_user_deinit(struct mail_user *user)
{
	struct trim_user *tuser = TRIM_USER(user);

	if (tuser->wanted)
		cm_mail_user_later(user, trim);
	tuser->module_ctx.super.deinit(user);
}

void cm_trim_delivery_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	struct trim_user *tuser;

	if (user->autocreated)
		return;
	tuser = p_new(user->pool, struct trim_user, 1);
	tuser->module_ctx.super = *v;
	user->vlast = &tuser->module_ctx.super;
	v->deinit = trim_user_deinit;
	MODULE_CONTEXT_SET(user, trim_user_module, tuser);
}

void cm_trim_delivery_mailbox_allocated(struct mailbox *box)
{
	struct trim_box *tbox;

	/* by which Dovecot tells a delivery from a client's session */
	if ((box->flags & MAILBOX_FLAG_POST_SESSION) == 0)
		return;
	/* Not at vlast, which would put it behind the plugins before this one:
	   the quota plugin notes how much fits when its own copy is called, so
	   the room must be there by then. */
	tbox = p_new(box->pool, struct trim_box, 1);
	tbox->module_ctx.super = box->v;
	box->v.copy = trim_copy;
	MODULE_CONTEXT_SET(box, trim_box_module, tbox);
}

void cm_trim_delivery_deinit(void)
{
	cm_mail_user_later_deinit();
	cm_trim_until_deinit();
}
