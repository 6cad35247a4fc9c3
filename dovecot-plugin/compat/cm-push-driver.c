/* SPDX-License-Identifier: MIT */
#include "cm-push-driver-private.h"

#include "push-notification-event-messagenew.h"
#include "push-notification-txn-msg.h"

/* Dovecot's name for a message that came by delivery. One that a client
 * stores with IMAP APPEND is a "MessageAppend". */
#define EVENT_NAME "MessageNew"

static struct push_notification_driver driver;
static cm_push_driver_new_mail *callback;

static bool begin_txn(struct push_notification_driver_txn *dtxn)
{
	struct push_notification_event_messagenew_config *config =
		p_new(dtxn->ptxn->pool,
		      struct push_notification_event_messagenew_config, 1);

	config->flags = PUSH_NOTIFICATION_MESSAGE_HDR_FROM;
	cm_push_driver_want(dtxn, EVENT_NAME, config);
	return TRUE;
}

/* Is called after the commit. */
static void process_msg(struct push_notification_driver_txn *dtxn,
			struct push_notification_txn_msg *msg)
{
	const struct push_notification_event_messagenew_data *data =
		push_notification_txn_msg_get_eventdata(msg, EVENT_NAME);

	if (data != NULL) T_BEGIN {
		callback(dtxn->ptxn->muser, data->ext.from_address);
	} T_END;
}

void cm_push_driver_register(const char *name,
			     cm_push_driver_new_mail *new_mail)
{
	callback = new_mail;
	driver.name = name;
	driver.v.begin_txn = begin_txn;
	driver.v.process_msg = process_msg;
	cm_push_driver_set_init(&driver);
	push_notification_driver_register(&driver);
}

void cm_push_driver_unregister(void)
{
	push_notification_driver_unregister(&driver);
}
