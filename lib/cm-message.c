/* SPDX-License-Identifier: MIT */
#include "cm-message-private.h"
#include "cm-addr.h"

#include <string.h>

void cm_message_init(struct cm_message *msg, bool from_outside,
		     cm_message_skeleton_fn *skeleton, void *ctx)
{
	/* the big buffers behind are set up by their own init functions */
	memset(msg, 0, offsetof(struct cm_message, lines));
	msg->state = CM_MESSAGE_STATE_HEADER;
	msg->from_outside = from_outside;
	msg->join.from_outside = from_outside;
	msg->skeleton = skeleton;
	msg->skeleton_ctx = ctx;
	cm_lines_init(&msg->lines, false);
}

enum cm_rule cm_message_set_rule(struct cm_message *msg, enum cm_rule rule)
{
	if (msg->rule == CM_RULE_NONE)
		msg->rule = rule;
	return msg->rule;
}

static enum cm_rule count_skeleton(struct cm_message *msg, size_t size)
{
	msg->skeleton_size += size;
	if (msg->skeleton_size <= CM_MESSAGE_MAX_SKELETON)
		return CM_RULE_NONE;
	msg->too_large = true;
	return CM_RULE_HEADER_SIZE;
}

enum cm_rule cm_message_skeleton_line(struct cm_message *msg, const void *line,
			   size_t len)
{
	if (count_skeleton(msg, len + 2) != CM_RULE_NONE)
		return CM_RULE_HEADER_SIZE;
	if (msg->skeleton != NULL) {
		msg->skeleton(msg->skeleton_ctx, line, len);
		msg->skeleton(msg->skeleton_ctx, "\r\n", 2);
	}
	return CM_RULE_NONE;
}

static void header_type(struct cm_message *msg, const char *value, size_t len)
{
	if (++msg->type_count > 1)
		msg->type_rule = CM_RULE_HEADER_DUPLICATE;
	else
		msg->type_rule = cm_header_parse(&msg->type, value, len, true);
}

static void header_encoding(struct cm_message *msg, const char *value,
			    size_t len)
{
	if (++msg->encoding_count > 1)
		(void)cm_message_set_rule(msg, CM_RULE_HEADER_DUPLICATE);
	msg->encoding = cm_encoding_parse(value, len);
}

static void header_mime_version(struct cm_message *msg, const char *value,
				size_t len)
{
	(void)value;
	(void)len;
	if (++msg->mime_version_count > 1)
		(void)cm_message_set_rule(msg, CM_RULE_HEADER_DUPLICATE);
}

static void header_securejoin(struct cm_message *msg, const char *value,
			      size_t len)
{
	char text[16];

	if (msg->securejoin != CM_SECUREJOIN_NONE ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0)
		msg->securejoin = CM_SECUREJOIN_OTHER;
	else if (strcmp(text, "vc-request") == 0)
		msg->securejoin = CM_SECUREJOIN_VC;
	else if (strcmp(text, "vg-request") == 0)
		msg->securejoin = CM_SECUREJOIN_VG;
	else
		msg->securejoin = CM_SECUREJOIN_OTHER;
}

static void header_message_id(struct cm_message *msg, const char *value,
			      size_t len)
{
	if (cm_header_unfold(value, len, msg->message_id,
			     sizeof(msg->message_id)) < 0)
		msg->message_id[0] = '\0';
}

/* RFC 3834 5 */
static void header_auto_submitted(struct cm_message *msg, const char *value,
				  size_t len)
{
	char text[CM_HEADER_MAX_VALUE];

	if (cm_header_unfold(value, len, text, sizeof(text)) == 0 &&
	    *text != '\0' && !cm_ascii_equal(text, "no"))
		msg->auto_submitted = true;
}

static bool value_is(const char *value, size_t len, const char *text)
{
	char copy[64];

	return cm_header_unfold(value, len, copy, sizeof(copy)) == 0 &&
	       strcmp(copy, text) == 0;
}

static void header_subject(struct cm_message *msg, const char *value,
			   size_t len)
{
	msg->setup_subject = value_is(value, len, "Autocrypt Setup Message");
}

static void header_setup(struct cm_message *msg, const char *value, size_t len)
{
	msg->setup_header = value_is(value, len, "v1");
}

static const struct {
	const char *name;
	void (*read)(struct cm_message *, const char *, size_t);
} header_readers[] = {
	{ "Content-Type", header_type },
	{ "Content-Transfer-Encoding", header_encoding },
	{ "MIME-Version", header_mime_version },
	{ "Secure-Join", header_securejoin },
	{ "Auto-Submitted", header_auto_submitted },
	{ "Message-ID", header_message_id },
	{ "Subject", header_subject },
	{ "Autocrypt-Setup-Message", header_setup }
};

#define HEADER_READERS (sizeof(header_readers) / sizeof(*header_readers))

/* Fields that say nothing of the shape need no second opinion. Only plain
 * names are sure to be read the same way by everybody. */
static bool field_is_shapeless(const char *name, size_t name_len)
{
	static const char *const shaping[] = { "Content-", "MIME-" };
	size_t i, len;

	for (i = 0; i < sizeof(shaping) / sizeof(*shaping); i++) {
		len = strlen(shaping[i]);
		if (name_len >= len && cm_ascii_equal_n(name, shaping[i], len))
			return false;
	}
	for (i = 0; i < name_len; i++) {
		if (!cm_ascii_is_alnum(name[i]) && name[i] != '-')
			return false;
	}
	return true;
}

static void skeleton_header(struct cm_message *msg, const char *name,
			    size_t name_len, const char *value,
			    size_t value_len)
{
	if (msg->skeleton == NULL || field_is_shapeless(name, name_len))
		return;
	msg->skeleton(msg->skeleton_ctx, name, name_len);
	msg->skeleton(msg->skeleton_ctx, ":", 1);
	msg->skeleton(msg->skeleton_ctx, value, value_len);
	msg->skeleton(msg->skeleton_ctx, "\r\n", 2);
}

static bool is_field(const char *known, const char *name, size_t name_len)
{
	return strlen(known) == name_len &&
	       cm_ascii_equal_n(known, name, name_len);
}

enum cm_rule cm_message_header(struct cm_message *msg, const char *name,
			       size_t name_len, const char *value,
			       size_t value_len)
{
	enum cm_rule rule, size_rule;
	size_t i;

	/* However broken and however late: somebody will show it. */
	if (is_field("From", name, name_len))
		msg->from_count++;
	msg->field_count++;
	size_rule = count_skeleton(msg, name_len + 1 + value_len + 2);
	rule = cm_header_name_valid(name, name_len) ?
		cm_header_value_check(value, value_len) :
		CM_RULE_HEADER_SYNTAX;
	if (rule != CM_RULE_NONE && msg->field_rule == CM_RULE_NONE)
		msg->field_rule = rule;
	if (rule == CM_RULE_NONE)
		rule = size_rule;
	if (rule != CM_RULE_NONE) {
		(void)cm_message_set_rule(msg, rule);
		return rule;
	}
	skeleton_header(msg, name, name_len, value, value_len);
	cm_securejoin_field(&msg->join, name, name_len, value, value_len);
	for (i = 0; i < HEADER_READERS; i++) {
		if (is_field(header_readers[i].name, name, name_len)) {
			header_readers[i].read(msg, value, value_len);
			break;
		}
	}
	return CM_RULE_NONE;
}

static enum cm_rule use_boundary(struct cm_message *msg)
{
	const char *boundary = cm_header_param(&msg->type, "boundary");

	if (boundary == NULL || !cm_header_boundary_valid(boundary))
		return CM_RULE_CONTENT_TYPE_PARAMETER;
	memcpy(msg->boundary, "--", 2);
	strcpy(msg->boundary + 2, boundary);
	msg->boundary_len = strlen(msg->boundary);
	return CM_RULE_NONE;
}

/* Only what the shape needs may stand in the Content-Type. */
static enum cm_rule check_params(const struct cm_message *msg)
{
	unsigned int i;

	for (i = 0; i < msg->type.param_count; i++) {
		const struct cm_header_param *param = &msg->type.params[i];

		if (strcmp(param->name, "boundary") == 0)
			continue;
		if (msg->kind == CM_MESSAGE_ENCRYPTED &&
		    strcmp(param->name, "protocol") == 0 &&
		    cm_ascii_equal(param->value, "application/pgp-encrypted"))
			continue;
		/* written by clients whose library puts it on every type */
		if (strcmp(param->name, "charset") == 0 &&
		    cm_ascii_equal(param->value, "utf-8"))
			continue;
		return CM_RULE_CONTENT_TYPE_PARAMETER;
	}
	/* RFC 3156 4 requires the protocol. */
	if (msg->kind == CM_MESSAGE_ENCRYPTED &&
	    cm_header_param(&msg->type, "protocol") == NULL)
		return CM_RULE_CONTENT_TYPE_PARAMETER;
	return CM_RULE_NONE;
}

static enum cm_rule begin_shape(struct cm_message *msg)
{
	enum cm_rule rule = check_params(msg);

	if (rule == CM_RULE_NONE && msg->encoding != CM_ENCODING_IDENTITY)
		rule = CM_RULE_TRANSFER_ENCODING;
	if (rule == CM_RULE_NONE && msg->kind == CM_MESSAGE_SECUREJOIN &&
	    !cm_securejoin_valid(&msg->join))
		rule = CM_RULE_SECUREJOIN;
	if (rule == CM_RULE_NONE)
		rule = use_boundary(msg);
	if (rule == CM_RULE_NONE)
		rule = cm_message_skeleton_line(msg, "", 0);
	msg->state = CM_MESSAGE_STATE_PREAMBLE;
	return rule;
}

/* RFC 3464 2. What other reports there are, no server sends. */
static bool is_delivery_report(const struct cm_message *msg)
{
	const char *kind = cm_header_param(&msg->type, "report-type");

	return strcmp(msg->type.value, "multipart/report") == 0 &&
	       kind != NULL && cm_ascii_equal(kind, "delivery-status") &&
	       cm_header_param(&msg->type, "boundary") != NULL;
}

enum cm_rule cm_message_eoh(struct cm_message *msg)
{
	const char *type = msg->type_count == 0 ||
		msg->type_rule != CM_RULE_NONE ? "" : msg->type.value;

	if (strcmp(type, "multipart/encrypted") == 0)
		msg->kind = CM_MESSAGE_ENCRYPTED;
	else if (strcmp(type, "multipart/mixed") == 0 &&
		 (msg->securejoin == CM_SECUREJOIN_VC ||
		  msg->securejoin == CM_SECUREJOIN_VG))
		msg->kind = CM_MESSAGE_SECUREJOIN;
	else if (*type != '\0' && is_delivery_report(msg))
		msg->kind = CM_MESSAGE_REPORT;
	msg->setup_message = msg->setup_subject && msg->setup_header &&
		strcmp(type, "multipart/mixed") == 0;
	if (msg->rule == CM_RULE_NONE)
		msg->rule = msg->type_rule;
	if (msg->rule == CM_RULE_NONE) {
		if (msg->kind == CM_MESSAGE_ENCRYPTED ||
		    msg->kind == CM_MESSAGE_SECUREJOIN)
			msg->rule = begin_shape(msg);
		else
			msg->rule = CM_RULE_NOT_ENCRYPTED;
	}
	if (msg->rule != CM_RULE_NONE)
		msg->state = CM_MESSAGE_STATE_IGNORE;
	return msg->rule;
}

void cm_message_get_seen(const struct cm_message *msg,
			 struct cm_message_seen *seen_r)
{
	memset(seen_r, 0, sizeof(*seen_r));
	seen_r->header_fields = msg->field_count;
	seen_r->type = msg->type_count == 1 &&
		msg->type_rule == CM_RULE_NONE ? msg->type.value : "";
	seen_r->body_lines = msg->line_count;
	seen_r->parts = msg->part_index;
	seen_r->skeleton_size = msg->skeleton_size;
	seen_r->armor = msg->armor_begun;
	if (msg->armor_begun) {
		seen_r->armor_encoding = msg->part.encoding;
		seen_r->session_keys = msg->armor.pgp.esk_count;
		seen_r->data_version = msg->armor.pgp.data_version;
		seen_r->data_size = msg->armor.pgp.data_size;
	}
}
