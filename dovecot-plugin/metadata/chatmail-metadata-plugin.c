/* SPDX-License-Identifier: MIT
 *
 * lib50_chatmail_metadata_plugin.so: what Dovecot looks up by name.
 */
#include "cm-dovecot.h"

#include "mail-storage-hooks.h"
#include "mail-storage-private.h"

#include "cm-metadata-none.h"
#include "cm-metadata-relay.h"
#include "cm-metadata-server.h"
#include "cm-metadata-token.h"
#include "cm-metadata-user.h"

CM_EXPORT extern const char *chatmail_metadata_plugin_version;
CM_EXPORT void chatmail_metadata_plugin_init(struct module *module);
CM_EXPORT void chatmail_metadata_plugin_deinit(void);

const char *chatmail_metadata_plugin_version = DOVECOT_ABI_VERSION;

static struct mail_storage_hooks hooks = {
	.mail_user_created = cm_metadata_user_created,
	.mailbox_allocated = cm_metadata_none_init
};

void chatmail_metadata_plugin_init(struct module *module)
{
	cm_metadata_relay_init();
	cm_metadata_server_register();
	cm_metadata_token_register();
	mail_storage_hooks_add(module, &hooks);
}

void chatmail_metadata_plugin_deinit(void)
{
	mail_storage_hooks_remove(&hooks);
	cm_metadata_token_unregister();
	cm_metadata_server_unregister();
	cm_metadata_relay_deinit();
}
