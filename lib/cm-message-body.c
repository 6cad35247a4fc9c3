/* SPDX-License-Identifier: MIT */
#include "cm-message-private.h"
#include "cm-qp.h"

#include <string.h>

enum delimiter { DELIMITER_NONE, DELIMITER_OPEN, DELIMITER_CLOSE,
		 DELIMITER_BAD };

static const enum cm_part_kind encrypted_parts[] = { CM_PART_PGP_VERSION,
						     CM_PART_PGP_DATA };
static const enum cm_part_kind securejoin_parts[] = { CM_PART_SECUREJOIN };

static unsigned int parts_expected(const struct cm_message *msg)
{
	return msg->kind == CM_MESSAGE_ENCRYPTED ? 2 : 1;
}

static enum delimiter delimiter(const struct cm_message *msg,
				const unsigned char *line, size_t len)
{
	size_t rest;

	if (len < msg->boundary_len ||
	    memcmp(line, msg->boundary, msg->boundary_len) != 0)
		return DELIMITER_NONE;
	rest = len - msg->boundary_len;
	if (rest == 0)
		return DELIMITER_OPEN;
	if (rest == 2 && memcmp(line + msg->boundary_len, "--", 2) == 0)
		return DELIMITER_CLOSE;
	/* Some parsers take it for a delimiter, some do not. */
	return DELIMITER_BAD;
}

static enum cm_rule part_begin(struct cm_message *msg)
{
	if (msg->part_index >= parts_expected(msg))
		return CM_RULE_PART_COUNT;
	cm_part_init(&msg->part, msg->kind == CM_MESSAGE_ENCRYPTED ?
				 encrypted_parts[msg->part_index] :
				 securejoin_parts[msg->part_index],
		     msg->from_outside, msg->message_id);
	msg->part_index++;
	msg->field_len = 0;
	msg->state = CM_MESSAGE_STATE_PART_HEADER;
	return CM_RULE_NONE;
}

static enum cm_rule decoded_line(void *ctx, const unsigned char *line,
				 size_t len)
{
	struct cm_message *msg = ctx;
	bool is_data;

	return cm_armor_line(&msg->armor, line, len, &is_data);
}

static enum cm_rule part_end(struct cm_message *msg)
{
	enum cm_rule rule;

	if (msg->part.kind != CM_PART_PGP_DATA)
		return msg->content_seen ? CM_RULE_NONE : CM_RULE_PART_BODY;
	if (msg->part.encoding != CM_ENCODING_IDENTITY) {
		if (!cm_base64_at_end(&msg->base64))
			return CM_RULE_TRANSFER_ENCODING;
		rule = cm_lines_finish(&msg->decoded, decoded_line, msg);
		if (rule != CM_RULE_NONE)
			return rule;
	}
	return cm_armor_finish(&msg->armor);
}

static enum cm_rule field_end(struct cm_message *msg)
{
	size_t len = msg->field_len;

	msg->field_len = 0;
	return len == 0 ? CM_RULE_NONE :
			  cm_part_field(&msg->part, msg->field, len);
}

static enum cm_rule part_header_line(struct cm_message *msg,
				     const unsigned char *line, size_t len)
{
	enum cm_rule rule;

	if (len > 0 && (*line == ' ' || *line == '\t')) {
		if (msg->field_len == 0)
			return CM_RULE_HEADER_SYNTAX;
		if (msg->field_len + 2 + len > sizeof(msg->field))
			return CM_RULE_PART_HEADER;
		memcpy(msg->field + msg->field_len, "\r\n", 2);
		msg->field_len += 2;
		memcpy(msg->field + msg->field_len, line, len);
		msg->field_len += len;
		return CM_RULE_NONE;
	}
	rule = field_end(msg);
	if (rule != CM_RULE_NONE)
		return rule;
	if (len > sizeof(msg->field))
		return CM_RULE_PART_HEADER;
	memcpy(msg->field, line, len);
	msg->field_len = len;
	if (len > 0)
		return CM_RULE_NONE;

	rule = cm_part_headers_end(&msg->part);
	msg->state = CM_MESSAGE_STATE_PART_BODY;
	msg->blank = 0;
	msg->content_seen = false;
	if (msg->part.kind == CM_PART_PGP_DATA) {
		msg->armor_begun = true;
		cm_armor_init(&msg->armor, msg->from_outside);
		cm_lines_init(&msg->decoded, true);
		memset(&msg->base64, 0, sizeof(msg->base64));
	}
	return rule;
}

static enum cm_rule encoded_line(struct cm_message *msg,
				 const unsigned char *line, size_t len)
{
	/* quoted-printable without escapes decodes to all of itself */
	unsigned char out[CM_QP_MAX_LINE + 2];
	bool soft = true;
	size_t size;

	if (len > CM_QP_MAX_LINE) /* the same for base64 */
		return CM_RULE_TRANSFER_ENCODING;
	if (msg->part.encoding == CM_ENCODING_BASE64) {
		if (len == 0)
			return ++msg->blank > CM_MESSAGE_MAX_BLANK ?
				CM_RULE_TRANSFER_ENCODING : CM_RULE_NONE;
		if (cm_base64_decode(&msg->base64, line, len, out, &size) < 0)
			return CM_RULE_TRANSFER_ENCODING;
	} else {
		if (cm_qp_decode_line(line, len, out, &size, &soft) < 0)
			return CM_RULE_TRANSFER_ENCODING;
		if (!soft) {
			out[size++] = '\r';
			out[size++] = '\n';
		}
	}
	return cm_lines_feed(&msg->decoded, out, size, decoded_line, msg);
}

static enum cm_rule fixed_line(struct cm_message *msg,
			       const unsigned char *line, size_t len)
{
	const char *text =
		msg->part.kind == CM_PART_PGP_VERSION ? "Version: 1" :
		msg->securejoin == CM_SECUREJOIN_VC ?
		"Secure-Join: vc-request" : "Secure-Join: vg-request";
	enum cm_rule rule = msg->part.kind == CM_PART_PGP_VERSION ?
		CM_RULE_PART_BODY : CM_RULE_SECUREJOIN;

	if (len == 0)
		return ++msg->blank > CM_MESSAGE_MAX_BLANK ? rule :
							     CM_RULE_NONE;
	if (msg->content_seen || len != strlen(text) ||
	    memcmp(line, text, len) != 0)
		return rule;
	msg->content_seen = true;
	return CM_RULE_NONE;
}

static enum cm_rule part_body_line(struct cm_message *msg,
				   const unsigned char *line, size_t len)
{
	enum cm_rule rule;
	bool is_data;

	if (msg->part.kind != CM_PART_PGP_DATA) {
		rule = fixed_line(msg, line, len);
		return rule != CM_RULE_NONE ? rule :
			cm_message_skeleton_line(msg, line, len);
	}
	if (msg->part.encoding != CM_ENCODING_IDENTITY)
		return encoded_line(msg, line, len);
	rule = cm_armor_line(&msg->armor, line, len, &is_data);
	if (rule == CM_RULE_NONE && !is_data)
		rule = cm_message_skeleton_line(msg, line, len);
	return rule;
}

static enum cm_rule outside_line(struct cm_message *msg,
				 const unsigned char *line, size_t len,
				 enum cm_rule rule)
{
	if (len == 0) {
		if (++msg->blank > CM_MESSAGE_MAX_BLANK)
			return rule;
	} else if (msg->state == CM_MESSAGE_STATE_PREAMBLE &&
		   !msg->preamble_seen &&
		   msg->kind == CM_MESSAGE_ENCRYPTED &&
		   cm_part_preamble_known((const char *)line, len)) {
		msg->preamble_seen = true;
	} else {
		return rule;
	}
	return cm_message_skeleton_line(msg, line, len);
}

static enum cm_rule delimiter_line(struct cm_message *msg,
				   enum delimiter which,
				   const unsigned char *line, size_t len)
{
	enum cm_rule rule = cm_message_skeleton_line(msg, line, len);

	if (rule == CM_RULE_NONE && msg->state == CM_MESSAGE_STATE_PART_BODY)
		rule = part_end(msg);
	if (rule != CM_RULE_NONE)
		return rule;
	if (which == DELIMITER_OPEN)
		return part_begin(msg);
	if (msg->part_index != parts_expected(msg))
		return CM_RULE_PART_COUNT;
	msg->state = CM_MESSAGE_STATE_EPILOGUE;
	msg->blank = 0;
	return CM_RULE_NONE;
}

static enum cm_rule body_line(void *ctx, const unsigned char *line, size_t len)
{
	struct cm_message *msg = ctx;
	enum delimiter which = DELIMITER_NONE;
	enum cm_rule rule;

	msg->line_count++;
	if (len >= 2 && line[0] == '-' && line[1] == '-' &&
	    msg->state != CM_MESSAGE_STATE_PART_HEADER)
		which = delimiter(msg, line, len);
	if (which == DELIMITER_BAD)
		return CM_RULE_BOUNDARY;
	/* After the close delimiter everything is epilogue. */
	if (which != DELIMITER_NONE && msg->state != CM_MESSAGE_STATE_EPILOGUE)
		return delimiter_line(msg, which, line, len);
	switch (msg->state) {
	case CM_MESSAGE_STATE_PREAMBLE:
		return outside_line(msg, line, len, CM_RULE_PREAMBLE);
	case CM_MESSAGE_STATE_PART_HEADER:
		rule = part_header_line(msg, line, len);
		return rule != CM_RULE_NONE ? rule :
			cm_message_skeleton_line(msg, line, len);
	case CM_MESSAGE_STATE_PART_BODY:
		return part_body_line(msg, line, len);
	default:
		return outside_line(msg, line, len, CM_RULE_EPILOGUE);
	}
}

enum cm_rule cm_message_body(struct cm_message *msg, const void *data,
			     size_t size)
{
	enum cm_rule rule;

	if (msg->state == CM_MESSAGE_STATE_IGNORE)
		return msg->rule;
	rule = cm_lines_feed(&msg->lines, data, size, body_line, msg);
	if (rule != CM_RULE_NONE) {
		msg->state = CM_MESSAGE_STATE_IGNORE;
		(void)cm_message_set_rule(msg, rule);
	}
	return msg->rule;
}

enum cm_rule cm_message_finish(struct cm_message *msg)
{
	enum cm_rule rule;

	if (msg->state == CM_MESSAGE_STATE_IGNORE)
		return msg->rule;
	rule = cm_lines_finish(&msg->lines, body_line, msg);
	if (rule == CM_RULE_NONE && msg->state != CM_MESSAGE_STATE_EPILOGUE)
		rule = msg->state == CM_MESSAGE_STATE_PREAMBLE ?
			CM_RULE_PART_COUNT : CM_RULE_CLOSE_DELIMITER;
	msg->state = CM_MESSAGE_STATE_IGNORE;
	return cm_message_set_rule(msg, rule);
}
