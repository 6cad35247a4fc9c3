/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "array.h"
#include "hmac.h"
#include "ioloop.h"
#include "mail-storage-private.h"
#include "mailbox-attribute-internal.h"
#include "sha1.h"

#include "cm-metadata-relay.h"
#include "cm-metadata-server.h"
#include "cm-settings.h"
#include "cm-turn.h"

/* What IMAP calls the server's entries are attributes of INBOX with this in
 * front. */
#define SERVER MAILBOX_ATTRIBUTE_PREFIX_DOVECOT_PVT_SERVER
#define DELTACHAT SERVER "vendor/deltachat/"

/* From the data stack, or as long as the settings; NULL: NIL. */
typedef const char *entry_get_t(const struct cm_settings *set,
				const struct mail_user *user);

static const char *get_appversions(const struct cm_settings *set,
				   const struct mail_user *user ATTR_UNUSED)
{
	return cm_metadata_appversions(set);
}

static const char *get_irohrelay(const struct cm_settings *set,
				 const struct mail_user *user ATTR_UNUSED)
{
	return *set->iroh_relay == '\0' ? NULL : set->iroh_relay;
}

static const char *
get_maxsmtprecipients(const struct cm_settings *set,
		      const struct mail_user *user ATTR_UNUSED)
{
	return dec2str(set->max_smtp_recipients);
}

static void hmac_sha1(const void *key, size_t key_size, const void *data,
		      size_t size, unsigned char mac_r[CM_TURN_MAC_SIZE])
{
	struct hmac_context ctx;

	hmac_init(&ctx, key, key_size, &hash_method_sha1);
	hmac_update(&ctx, data, size);
	hmac_final(&ctx, mac_r);
}

static const char *get_turn(const struct cm_settings *set,
			    const struct mail_user *user)
{
	const struct cm_turn turn = {
		.host = *set->turn_host != '\0' ? set->turn_host :
						  set->mail_domain,
		.port = set->turn_port,
		.secret = cm_metadata_turn_secret(set),
		.ttl = (time_t)set->turn_ttl * 3600
	};
	char buf[CM_TURN_VALUE_SIZE];

	if (turn.secret == NULL ||
	    cm_turn_value(&turn, user->username, ioloop_time, hmac_sha1,
			  buf) < 0)
		return NULL;
	return t_strdup(buf);
}

static const struct {
	const char *name;
	entry_get_t *get;
} deltachat_entries[] = {
	{ "appversions", get_appversions },
	{ "irohrelay", get_irohrelay },
	{ "maxsmtprecipients", get_maxsmtprecipients },
	{ "turn", get_turn },
};

static int answer(struct mailbox *box, const char *value,
		  struct mail_attribute_value *value_r)
{
	/* a relay without a working chatmail.ini; logged already */
	if (value == NULL && cm_metadata_settings(box->storage->user) == NULL) {
		mail_storage_set_internal_error(box->storage);
		return -1;
	}
	value_r->value = value;
	return value == NULL ? 0 : 1;
}

static int deltachat_get(struct mailbox *box, const char *key,
			 struct mail_attribute_value *value_r)
{
	struct mail_user *user = box->storage->user;
	const struct cm_settings *set = cm_metadata_settings(user);
	const char *name = key + strlen(DELTACHAT), *value = NULL;
	unsigned int i;

	for (i = 0; set != NULL && i < N_ELEMENTS(deltachat_entries); i++) {
		if (strcmp(deltachat_entries[i].name, name) == 0)
			value = deltachat_entries[i].get(set, user);
	}
	return answer(box, value, value_r);
}

/* For GETMETADATA with DEPTH and for doveadm: the names, with or without a
 * value. key_prefix is what the client asked for below vendor/deltachat/. */
static int deltachat_iter(struct mailbox *box ATTR_UNUSED,
			  const char *key_prefix, pool_t pool ATTR_UNUSED,
			  ARRAY_TYPE(const_string) *keys)
{
	unsigned int i;

	if (*key_prefix != '\0')
		return 0;
	for (i = 0; i < N_ELEMENTS(deltachat_entries); i++)
		array_push_back(keys, &deltachat_entries[i].name);
	return 0;
}

static int comment_get(struct mailbox *box, const char *key ATTR_UNUSED,
		       struct mail_attribute_value *value_r)
{
	const struct cm_settings *set =
		cm_metadata_settings(box->storage->user);
	const char *value = box->storage->set->mail_server_comment;

	if (set != NULL && *set->server_comment != '\0')
		value = set->server_comment;
	return answer(box, *value == '\0' ? NULL : value, value_r);
}

static int admin_get(struct mailbox *box, const char *key ATTR_UNUSED,
		     struct mail_attribute_value *value_r)
{
	const struct cm_settings *set =
		cm_metadata_settings(box->storage->user);
	const char *value = box->storage->set->mail_server_admin;

	if (set != NULL && *set->privacy_mail != '\0')
		value = t_strconcat("mailto:", set->privacy_mail, NULL);
	return answer(box, *value == '\0' ? NULL : value, value_r);
}

static int refuse(struct mailbox_transaction_context *t,
		  const char *key ATTR_UNUSED,
		  const struct mail_attribute_value *value ATTR_UNUSED)
{
	mail_storage_set_error(t->box->storage, MAIL_ERROR_PERM,
			       "This entry is set by the server");
	return -1;
}

/* VALIDATED: they are there with imap_metadata = no, too. */
static const struct mailbox_attribute_internal attributes[] = {
	{
		.type = MAIL_ATTRIBUTE_TYPE_SHARED,
		.key = DELTACHAT,
		.rank = MAIL_ATTRIBUTE_INTERNAL_RANK_AUTHORITY,
		.flags = MAIL_ATTRIBUTE_INTERNAL_FLAG_CHILDREN |
			MAIL_ATTRIBUTE_INTERNAL_FLAG_VALIDATED,
		.get = deltachat_get,
		.set = refuse,
		.iter = deltachat_iter
	}, {
		.type = MAIL_ATTRIBUTE_TYPE_SHARED,
		.key = SERVER MAIL_SERVER_ATTRIBUTE_COMMENT,
		.rank = MAIL_ATTRIBUTE_INTERNAL_RANK_AUTHORITY,
		.flags = MAIL_ATTRIBUTE_INTERNAL_FLAG_VALIDATED,
		.get = comment_get,
		.set = refuse
	}, {
		.type = MAIL_ATTRIBUTE_TYPE_SHARED,
		.key = SERVER MAIL_SERVER_ATTRIBUTE_ADMIN,
		.rank = MAIL_ATTRIBUTE_INTERNAL_RANK_AUTHORITY,
		.flags = MAIL_ATTRIBUTE_INTERNAL_FLAG_VALIDATED,
		.get = admin_get,
		.set = refuse
	}
};

void cm_metadata_server_register(void)
{
	/* by type and key; Dovecot's own come first, in mail_storage_init() */
	mailbox_attribute_unregister_internal(&attributes[1]);
	mailbox_attribute_unregister_internal(&attributes[2]);
	mailbox_attribute_register_internals(attributes,
					     N_ELEMENTS(attributes));
}

void cm_metadata_server_unregister(void)
{
	mailbox_attribute_unregister_internals(attributes,
					       N_ELEMENTS(attributes));
}
