/* SPDX-License-Identifier: MIT
 *
 * lib30_push_notification_chatmail_plugin.so: the driver `chatmail` of
 * Dovecot's push_notification plugin, for lmtp.
 */
#include "cm-push-handover.h"

struct module;

CM_EXPORT void push_notification_chatmail_plugin_init(struct module *module);
CM_EXPORT void push_notification_chatmail_plugin_deinit(void);
CM_EXPORT extern const char *push_notification_chatmail_plugin_version;
CM_EXPORT extern const char *push_notification_chatmail_plugin_dependencies[];

const char *push_notification_chatmail_plugin_version = DOVECOT_ABI_VERSION;
const char *push_notification_chatmail_plugin_dependencies[] = {
	"push_notification", NULL
};

void push_notification_chatmail_plugin_init(struct module *module ATTR_UNUSED)
{
	cm_push_driver_register("chatmail", cm_push_handover);
}

void push_notification_chatmail_plugin_deinit(void)
{
	cm_push_driver_unregister();
	cm_push_handover_deinit();
}
