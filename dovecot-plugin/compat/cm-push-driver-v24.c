/* SPDX-License-Identifier: MIT
 *
 * cm-push-driver on Dovecot 2.4.
 */
#include "cm-push-driver-private.h"

static int init(struct mail_user *user ATTR_UNUSED, pool_t pool ATTR_UNUSED,
		const char *name ATTR_UNUSED, void **context ATTR_UNUSED,
		const char **error_r ATTR_UNUSED)
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
	push_notification_event_init(dtxn, event_name, config,
				     dtxn->ptxn->event);
}
