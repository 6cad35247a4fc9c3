/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "mail-storage-private.h"
#include "mailbox-attribute-private.h"

#include "cm-metadata-none.h"

static int none_set(struct mailbox_transaction_context *t,
		    enum mail_attribute_type type_flags ATTR_UNUSED,
		    const char *key ATTR_UNUSED,
		    const struct mail_attribute_value *value ATTR_UNUSED)
{
	mail_storage_set_error(t->box->storage, MAIL_ERROR_NOTPOSSIBLE,
			       "No such entry on this server");
	return -1;
}

static int none_get(struct mailbox *box ATTR_UNUSED,
		    enum mail_attribute_type type_flags ATTR_UNUSED,
		    const char *key ATTR_UNUSED,
		    struct mail_attribute_value *value_r ATTR_UNUSED)
{
	return 0;
}

static struct mailbox_attribute_iter *
none_iter_init(struct mailbox *box,
	       enum mail_attribute_type type_flags ATTR_UNUSED,
	       const char *prefix ATTR_UNUSED)
{
	struct mailbox_attribute_iter *iter =
		i_new(struct mailbox_attribute_iter, 1);

	iter->box = box;
	return iter;
}

static const char *
none_iter_next(struct mailbox_attribute_iter *iter ATTR_UNUSED)
{
	return NULL;
}

static int none_iter_deinit(struct mailbox_attribute_iter *iter)
{
	i_free(iter);
	return 0;
}

void cm_metadata_none_init(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;

	v->attribute_set = none_set;
	v->attribute_get = none_get;
	v->attribute_iter_init = none_iter_init;
	v->attribute_iter_next = none_iter_next;
	v->attribute_iter_deinit = none_iter_deinit;
}
