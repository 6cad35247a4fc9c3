/* SPDX-License-Identifier: MIT
 *
 * lib52_chatmail_idle_plugin.so: what Dovecot looks up by name, and the
 * setting of each user.
 */
#include "cm-dovecot.h"

#include "mail-storage-hooks.h"
#include "mail-storage-private.h"
#include "mail-user.h"

#include "cm-idle-box.h"
#include "cm-idle-settings.h"

struct cm_idle_user {
	union mail_user_module_context module_ctx;
	unsigned int delay_msecs;
};

CM_EXPORT extern const char *chatmail_idle_plugin_version;
CM_EXPORT void chatmail_idle_plugin_init(struct module *module);
CM_EXPORT void chatmail_idle_plugin_deinit(void);

const char *chatmail_idle_plugin_version = DOVECOT_ABI_VERSION;

#define CM_IDLE_USER(obj) MODULE_CONTEXT(obj, cm_idle_user_module)
static MODULE_CONTEXT_DEFINE_INIT(cm_idle_user_module,
				  &mail_user_module_register);

static void user_created(struct mail_user *user)
{
	struct cm_idle_user *iuser;
	unsigned int delay;
	const char *error;

	if (cm_idle_settings_get(user, &delay, &error) < 0) {
		/* mail is announced all the same, only later */
		e_error(user->event, "chatmail_idle: %s", error);
		return;
	}
	iuser = p_new(user->pool, struct cm_idle_user, 1);
	iuser->delay_msecs = delay;
	MODULE_CONTEXT_SET(user, cm_idle_user_module, iuser);
}

static void mailbox_allocated(struct mailbox *box)
{
	struct cm_idle_user *iuser = CM_IDLE_USER(box->storage->user);

	if (iuser != NULL)
		cm_idle_box_init(box, iuser->delay_msecs);
}

static struct mail_storage_hooks hooks = {
	.mail_user_created = user_created,
	.mailbox_allocated = mailbox_allocated
};

void chatmail_idle_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &hooks);
}

void chatmail_idle_plugin_deinit(void)
{
	mail_storage_hooks_remove(&hooks);
}
