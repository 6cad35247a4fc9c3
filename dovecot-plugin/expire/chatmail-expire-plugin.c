/* SPDX-License-Identifier: MIT
 *
 * lib51_chatmail_expire_plugin.so, enabled by mail_plugins in protocol lmtp.
 */
#include "cm-delivery-gone.h"
#include "cm-trim-delivery.h"

#include "mail-storage-hooks.h"

struct module;

CM_EXPORT void chatmail_expire_plugin_init(struct module *module);
CM_EXPORT void chatmail_expire_plugin_deinit(void);
CM_EXPORT extern const char *chatmail_expire_plugin_version;
CM_EXPORT extern const char *chatmail_expire_plugin_dependencies[];

const char *chatmail_expire_plugin_version = DOVECOT_ABI_VERSION;
const char *chatmail_expire_plugin_dependencies[] = { "quota", NULL };

static void mailbox_allocated(struct mailbox *box)
{
	cm_trim_delivery_mailbox_allocated(box);
	cm_delivery_gone_mailbox_allocated(box);
}

static struct mail_storage_hooks hooks = {
	.mail_user_created = cm_trim_delivery_user_created,
	.mailbox_allocated = mailbox_allocated
};

void chatmail_expire_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &hooks);
}

void chatmail_expire_plugin_deinit(void)
{
	mail_storage_hooks_remove(&hooks);
	cm_trim_delivery_deinit();
}
