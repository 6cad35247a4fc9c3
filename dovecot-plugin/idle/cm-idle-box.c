/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "ioloop.h"
#include "mail-storage-private.h"

#include "cm-idle-box.h"
#include "cm-idle-files.h"
#include "cm-pace.h"

struct cm_idle_box {
	union mailbox_module_context module_ctx;
	unsigned int delay_msecs;

	/* while somebody waits for changes; NULL: could not be watched */
	struct io *ios[CM_IDLE_MAX_FILES];
	/* while there is a change to tell */
	struct timeout *to;
	struct cm_pace pace;
};

#define CM_IDLE_BOX_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, cm_idle_storage_module)
static MODULE_CONTEXT_DEFINE_INIT(cm_idle_storage_module,
				  &mail_storage_module_register);

static void tell(struct mailbox *box)
{
	struct cm_idle_box *ibox = CM_IDLE_BOX_REQUIRE(box);

	timeout_remove(&ibox->to);
	/* in case that Dovecot heard of it, too: a file that could not be
	   watched by us */
	timeout_remove(&box->to_notify_delay);
	/* may close the mailbox */
	box->notify_callback(box, box->notify_context);
}

static void changed(struct mailbox *box)
{
	struct cm_idle_box *ibox = CM_IDLE_BOX_REQUIRE(box);
	int64_t now = (int64_t)ioloop_timeval.tv_sec * 1000 +
		      ioloop_timeval.tv_usec / 1000;

	/* as Dovecot's callback does: polling begins anew */
	if (box->to_notify != NULL)
		timeout_reset(box->to_notify);
	/* Not here and now: there may be more events in the batch, and the
	   callback may end the watches that they are for. */
	if (ibox->to == NULL)
		ibox->to = timeout_add_short(
			cm_pace_wait(&ibox->pace, ibox->delay_msecs, now),
			tell, box);
}

static void stop(struct cm_idle_box *ibox)
{
	unsigned int i;

	for (i = 0; i < CM_IDLE_MAX_FILES; i++)
		io_remove(&ibox->ios[i]);
	timeout_remove(&ibox->to);
}

/* Behind Dovecot's: who comes last hears first. */
static void start(struct mailbox *box, struct cm_idle_box *ibox)
{
	const char *paths[CM_IDLE_MAX_FILES];
	unsigned int i, count = cm_idle_files(box, paths);

	i_zero(&ibox->pace);
	for (i = 0; i < count; i++)
		(void)io_add_notify(paths[i], changed, box, &ibox->ios[i]);
}

static void cm_idle_notify_changes(struct mailbox *box)
{
	struct cm_idle_box *ibox = CM_IDLE_BOX_REQUIRE(box);

	/* ours first: with it goes the kernel's watch, and Dovecot's may then
	   be told that there is none, but not the other way round */
	stop(ibox);
	ibox->module_ctx.super.notify_changes(box);
	if (box->notify_callback != NULL)
		start(box, ibox);
}

static void cm_idle_close(struct mailbox *box)
{
	struct cm_idle_box *ibox = CM_IDLE_BOX_REQUIRE(box);

	stop(ibox);
	ibox->module_ctx.super.close(box);
}

void cm_idle_box_init(struct mailbox *box, unsigned int delay_msecs)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct cm_idle_box *ibox;

	ibox = p_new(box->pool, struct cm_idle_box, 1);
	ibox->delay_msecs = delay_msecs;
	ibox->module_ctx.super = *v;
	box->vlast = &ibox->module_ctx.super;
	v->notify_changes = cm_idle_notify_changes;
	v->close = cm_idle_close;
	MODULE_CONTEXT_SET(box, cm_idle_storage_module, ibox);
}
