/* SPDX-License-Identifier: MIT
 *
 * cm-push-driver on Dovecot 2.3.
 */
#include "cm-push-driver-private.h"

#include "cm-config.h"

static int init(struct push_notification_driver_config *config ATTR_UNUSED,
		struct mail_user *user ATTR_UNUSED, pool_t pool ATTR_UNUSED,
		void **context ATTR_UNUSED, const char **error_r ATTR_UNUSED)
{
	return 0;
}

void cm_push_driver_set_init(struct push_notification_driver *driver)
{
	driver->v.init = init;
}

void cm_push_driver_want(struct push_notification_driver_txn *dtxn,
			 const char *event_name, void *config)
{
	push_notification_event_init(dtxn, event_name, config);
}

const char *cm_push_driver_config_path(struct mail_user *user,
				       const char **error_r ATTR_UNUSED)
{
	const char *path = mail_user_plugin_getenv(user, "chatmail_config");

	return path == NULL || *path == '\0' ? CM_DEFAULT_CONFIG : path;
}
