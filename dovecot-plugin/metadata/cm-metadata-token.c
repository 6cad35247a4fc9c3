/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "ioloop.h"
#include "istream.h"
#include "mail-storage-private.h"
#include "str.h"

#include "cm-devicetoken.h"
#include "cm-metadata-relay.h"
#include "cm-metadata-token.h"
#include "cm-metadata-user.h"

#define DECIMAL(n) DECIMAL_OF(n)
#define DECIMAL_OF(n) #n

static int refuse(struct mailbox *box, enum mail_error error,
		  const char *text)
{
	mail_storage_set_error(box->storage, error, text);
	return -1;
}

static bool may_set(struct cm_metadata_user *muser)
{
	time_t more;

	if (muser->sets_since == 0) {
		muser->sets_left = CM_METADATA_SETS_AT_ONCE;
		muser->sets_since = ioloop_time;
	}
	more = (ioloop_time - muser->sets_since) / CM_METADATA_SECS_PER_SET;
	if (more > 0) {
		muser->sets_since += more * CM_METADATA_SECS_PER_SET;
		more = I_MIN(more, CM_METADATA_SETS_AT_ONCE);
		muser->sets_left = I_MIN(muser->sets_left + (unsigned int)more,
					 CM_METADATA_SETS_AT_ONCE);
	}
	if (muser->sets_left == 0)
		return FALSE;
	muser->sets_left--;
	return TRUE;
}

/* What failed, for the log; the client learns that it was not its fault. */
static int fail(struct mailbox *box, enum cm_dir_result result,
		const char *error)
{
	if (result == CM_DIR_FAILED && errno == EWOULDBLOCK)
		return refuse(box, MAIL_ERROR_INUSE, "Somebody else is "
			      "changing the device tokens, try again");
	if (result == CM_DIR_FAILED)
		e_error(cm_metadata_event, "failed to %s: %m", error);
	else
		e_error(cm_metadata_event, "%s", error);
	mail_storage_set_internal_error(box->storage);
	return -1;
}

static char *join(struct cm_devicetokens *tokens)
{
	string_t *str = t_str_new(1024);
	unsigned int i;

	for (i = 0; i < tokens->count; i++) {
		if (i > 0)
			str_append_c(str, ' ');
		str_append(str, tokens->tokens[i]);
	}
	cm_devicetokens_deinit(tokens);
	return i_strdup(str_c(str));
}

/* Reads the file unless it is the one that was read in this minute. */
static int refresh(struct mailbox *box, struct cm_metadata_user *muser, int fd)
{
	struct cm_stamp stamp;
	struct cm_devicetokens tokens;
	enum cm_dir_result result;
	const char *error;

	/* before it is read: what changes meanwhile is read the next time */
	cm_stamp_get(fd, CM_DEVICETOKEN_FILE, &stamp);
	if (muser->tokens_read / 60 == ioloop_time / 60 &&
	    cm_stamp_equals(&muser->tokens_stamp, &stamp))
		return 0;
	i_free(muser->tokens);
	muser->tokens_read = 0;
	result = cm_devicetoken_list(fd, ioloop_time, &tokens, &error);
	if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
		return fail(box, result, error);
	if (result == CM_DIR_OK)
		muser->tokens = join(&tokens);
	muser->tokens_stamp = stamp;
	muser->tokens_read = ioloop_time;
	return 0;
}

static int token_get(struct mailbox *box, const char *key ATTR_UNUSED,
		     struct mail_attribute_value *value_r)
{
	struct cm_metadata_user *muser = cm_metadata_user(box->storage->user);
	int fd;

	if (!box->inbox_user)
		return 0;
	fd = cm_metadata_user_account(box->storage->user);
	if (fd < 0) {
		mail_storage_set_internal_error(box->storage);
		return -1;
	}
	if (refresh(box, muser, fd) < 0)
		return -1;
	value_r->value = t_strdup(muser->tokens);
	return value_r->value == NULL ? 0 : 1;
}

/* A literal arrives as a stream, of any size. */
static int read_stream(struct mailbox *box, struct istream *input,
		       const char **token_r)
{
	string_t *str = t_str_new(1024);
	const unsigned char *data;
	size_t size;

	i_stream_seek(input, 0);
	while (str_len(str) <= CM_DEVICETOKEN_MAX_SIZE &&
	       i_stream_read_more(input, &data, &size) > 0) {
		size = I_MIN(size, CM_DEVICETOKEN_MAX_SIZE + 1 - str_len(str));
		/* "\n" is as little a part of a token as NUL */
		if (memchr(data, '\0', size) != NULL)
			str_append_c(str, '\n');
		else
			str_append_data(str, data, size);
		i_stream_skip(input, size);
	}
	if (input->stream_errno != 0) {
		e_error(cm_metadata_event, "read(%s) failed: %s",
			i_stream_get_name(input), i_stream_get_error(input));
		mail_storage_set_internal_error(box->storage);
		return -1;
	}
	*token_r = str_c(str);
	return 0;
}

/* *token_r = NULL: all are to go. */
static int get_token(struct mailbox *box,
		     const struct mail_attribute_value *value,
		     const char **token_r)
{
	*token_r = value->value;
	if (value->value_stream != NULL &&
	    read_stream(box, value->value_stream, token_r) < 0)
		return -1;
	if (*token_r == NULL)
		return 0;
	if (strlen(*token_r) > CM_DEVICETOKEN_MAX_SIZE) {
		/* RFC 5464, 4.3 */
		return refuse(box, MAIL_ERROR_LIMIT, "[METADATA MAXSIZE "
			      DECIMAL(CM_DEVICETOKEN_MAX_SIZE) "] "
			      "A device token is not that long");
	}
	if (!cm_devicetoken_valid(*token_r, strlen(*token_r))) {
		return refuse(box, MAIL_ERROR_PARAMS, "A device token is "
			      "printable ASCII without blanks");
	}
	return 0;
}

static enum cm_dir_result change(int fd, const char *token,
				 const char **error_r)
{
	enum cm_dir_result result;

	if (token == NULL) {
		result = cm_devicetoken_remove_all(fd, CM_DEVICETOKEN_WAIT_MS,
						   error_r);
		return result == CM_DIR_UNKNOWN ? CM_DIR_OK : result;
	}
	return cm_devicetoken_add(fd, token, ioloop_time,
				  CM_DEVICETOKEN_WAIT_MS, error_r);
}

static int token_set(struct mailbox_transaction_context *t,
		     const char *key ATTR_UNUSED,
		     const struct mail_attribute_value *value)
{
	struct mailbox *box = t->box;
	enum cm_dir_result result;
	const char *token, *error;
	int fd;

	if (!box->inbox_user) {
		return refuse(box, MAIL_ERROR_NOTPOSSIBLE,
			      "Only INBOX has device tokens");
	}
	if (get_token(box, value, &token) < 0)
		return -1;
	if (!may_set(cm_metadata_user(box->storage->user))) {
		return refuse(box, MAIL_ERROR_LIMIT, "Too many changes of "
			      "device tokens, try again later");
	}
	fd = cm_metadata_user_account(box->storage->user);
	if (fd < 0) {
		mail_storage_set_internal_error(box->storage);
		return -1;
	}
	result = change(fd, token, &error);
	if (result == CM_DIR_CORRUPT) {
		/* The other devices come back when they connect; without this
		 * none would. */
		e_warning(cm_metadata_event, "%s: set aside as "
			  CM_DEVICETOKEN_FILE_DAMAGED, error);
		result = cm_devicetoken_set_aside(fd, CM_DEVICETOKEN_WAIT_MS,
						  &error);
		if (result == CM_DIR_OK || result == CM_DIR_UNKNOWN)
			result = change(fd, token, &error);
	}
	if (result == CM_DIR_UNKNOWN)
		return refuse(box, MAIL_ERROR_NOTFOUND, "No such account");
	return result == CM_DIR_OK ? 0 : fail(box, result, error);
}

static const struct mailbox_attribute_internal attribute = {
	.type = MAIL_ATTRIBUTE_TYPE_PRIVATE,
	.key = "devicetoken",
	.rank = MAIL_ATTRIBUTE_INTERNAL_RANK_AUTHORITY,
	.flags = MAIL_ATTRIBUTE_INTERNAL_FLAG_VALIDATED,
	.get = token_get,
	.set = token_set
};

void cm_metadata_token_register(void)
{
	mailbox_attribute_register_internal(&attribute);
}

void cm_metadata_token_unregister(void)
{
	mailbox_attribute_unregister_internal(&attribute);
}
