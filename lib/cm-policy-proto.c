/* SPDX-License-Identifier: MIT */
#include "cm-policy-proto.h"

#include <string.h>

/* By the length of the name, which is another one for each: of the thirty lines
 * of a request most are told apart by that, and all by one comparison. */
#define MAX_NAME 15
static const struct {
	char name[MAX_NAME + 1];
	enum cm_policy_attr attr;
} names[MAX_NAME + 1] = {
#define NAME(s, attr) [sizeof(s) - 1] = { s, attr }
	NAME("request", CM_POLICY_ATTR_REQUEST),
	NAME("protocol_state", CM_POLICY_ATTR_STATE),
	NAME("instance", CM_POLICY_ATTR_INSTANCE),
	NAME("sender", CM_POLICY_ATTR_SENDER),
	NAME("recipient", CM_POLICY_ATTR_RECIPIENT),
	NAME("recipient_count", CM_POLICY_ATTR_RECIPIENT_COUNT),
	NAME("sasl_username", CM_POLICY_ATTR_LOGIN),
#undef NAME
};

_Static_assert(CM_POLICY_MAX_VALUES < UINT16_MAX, "offsets are 16 bits");
_Static_assert(CM_POLICY_MAX_LINE < UINT16_MAX, "lengths are 16 bits");

void cm_policy_proto_init(struct cm_policy_proto *proto)
{
	memset(proto->value, 0, sizeof(proto->value));
	proto->used = proto->line_used = 0;
	proto->request_used = 0;
	proto->bad = proto->done = proto->skip = false;
}

static int find_attr(const char *name, size_t len)
{
	if (len == 0 || len > MAX_NAME || names[len].name[0] == '\0' ||
	    memcmp(names[len].name, name, len) != 0)
		return -1;
	return (int)names[len].attr;
}

/* One whole line. */
static void take_line(struct cm_policy_proto *proto, const char *line,
		      size_t len)
{
	const char *sep = memchr(line, '=', len);
	size_t value_len;
	int attr;

	if (sep == NULL) {
		proto->bad = true;
		return;
	}
	attr = find_attr(line, (size_t)(sep - line));
	if (attr < 0)
		return;
	value_len = len - (size_t)(sep - line) - 1;
	if (len > CM_POLICY_MAX_LINE || memchr(line, '\0', len) != NULL ||
	    value_len >= sizeof(proto->values) - proto->used) {
		proto->bad = true;
		return;
	}
	proto->value[attr] = (uint16_t)(proto->used + 1);
	memcpy(proto->values + proto->used, sep + 1, value_len);
	proto->values[proto->used + value_len] = '\0';
	proto->used = (uint16_t)(proto->used + value_len + 1);
}

/* A line that no longer fits: only its name is looked at, and whether it has
 * one. */
static void give_up_line(struct cm_policy_proto *proto)
{
	const char *sep = memchr(proto->line, '=', proto->line_used);

	proto->skip = true;
	if (sep == NULL ||
	    find_attr(proto->line, (size_t)(sep - proto->line)) >= 0)
		proto->bad = true;
}

/* Part of a line that is not complete yet. */
static void keep(struct cm_policy_proto *proto, const char *data, size_t size)
{
	size_t room = CM_POLICY_MAX_LINE - proto->line_used;

	if (!proto->skip && size > room) {
		memcpy(proto->line + proto->line_used, data, room);
		proto->line_used = CM_POLICY_MAX_LINE;
		give_up_line(proto);
	}
	if (proto->skip)
		return;
	memcpy(proto->line + proto->line_used, data, size);
	proto->line_used = (uint16_t)(proto->line_used + size);
}

/* The rest of a line, whose LF is behind it. True if it ends the request. */
static bool end_line(struct cm_policy_proto *proto, const char *data,
		     size_t size)
{
	if (proto->line_used == 0 && !proto->skip && size == 0)
		return true;
	if (proto->line_used == 0 && !proto->skip &&
	    size <= CM_POLICY_MAX_LINE) {
		take_line(proto, data, size);
		return false;
	}
	keep(proto, data, size);
	if (!proto->skip)
		take_line(proto, proto->line, proto->line_used);
	proto->skip = false;
	proto->line_used = 0;
	return false;
}

size_t cm_policy_proto_feed(struct cm_policy_proto *proto, const char *data,
			    size_t size, enum cm_policy_event *event_r)
{
	const char *p = data, *end = data + size, *lf;

	if (proto->done)
		cm_policy_proto_init(proto);
	*event_r = CM_POLICY_MORE;
	while (p < end) {
		size_t left = CM_POLICY_MAX_REQUEST - proto->request_used;
		size_t len = (size_t)(end - p);

		lf = memchr(p, '\n', len);
		if (lf != NULL)
			len = (size_t)(lf - p) + 1;
		if (len > left) {
			proto->done = true;
			*event_r = CM_POLICY_TOO_BIG;
			return (size_t)(end - data);
		}
		proto->request_used += (uint32_t)len;
		if (lf == NULL) {
			keep(proto, p, len);
		} else if (end_line(proto, p, len - 1)) {
			proto->done = true;
			*event_r = proto->bad ? CM_POLICY_BAD :
						CM_POLICY_REQUEST;
			return (size_t)(lf + 1 - data);
		}
		p += len;
	}
	return size;
}

const char *cm_policy_get(const struct cm_policy_proto *proto,
			  enum cm_policy_attr attr)
{
	return proto->value[attr] == 0 ? "" :
		proto->values + proto->value[attr] - 1;
}

int cm_policy_proto_set(struct cm_policy_proto *proto, const char *line)
{
	size_t len = strlen(line);

	if (len > CM_POLICY_MAX_LINE)
		return -1;
	take_line(proto, line, len);
	return proto->bad ? -1 : 0;
}

size_t cm_policy_reply(char buf[CM_POLICY_REPLY_SIZE], const char *action)
{
	static const char prefix[] = "action=";
	size_t used = sizeof(prefix) - 1, i;

	memcpy(buf, prefix, used);
	for (i = 0; i < CM_POLICY_MAX_ACTION && action[i] != '\0'; i++) {
		unsigned char c = (unsigned char)action[i];

		buf[used++] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	buf[used++] = '\n';
	buf[used++] = '\n';
	return used;
}
