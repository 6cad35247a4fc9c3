/* SPDX-License-Identifier: MIT
 *
 * cm-push-driver-private: between cm-push-driver.c and its -v23.c or -v24.c.
 */
#ifndef CM_PUSH_DRIVER_PRIVATE_H
#define CM_PUSH_DRIVER_PRIVATE_H

#include "cm-push-driver.h"

#include "push-notification-drivers.h"
#include "push-notification-events.h"

/* Dovecot's init function has other parameters on each; we need none. */
void cm_push_driver_set_init(struct push_notification_driver *driver);

/* In this transaction, look at that event. */
void cm_push_driver_want(struct push_notification_driver_txn *dtxn,
			 const char *event_name, void *config);

#endif
