/* SPDX-License-Identifier: MIT
 *
 * cm-policy-proto: in any pieces, the same requests come out; values hold no
 * line end and no NUL, replies are one line.
 */
#include "fuzz.h"
#include "cm-policy-proto.h"

/* Of so many requests all values are compared; an input of line ends alone has
 * tens of thousands, and then a run takes milliseconds. */
#define MAX_COMPARED 16
/* Larger inputs are not cut into bytes. */
#define MAX_BYTEWISE 8192

/* FNV-1a over what came out. */
static uint64_t add(uint64_t hash, const void *data, size_t size)
{
	return hash * 31 + cm_fuzz_hash(data, size);
}

static uint64_t add_request(uint64_t hash, const struct cm_policy_proto *proto)
{
	char reply[CM_POLICY_REPLY_SIZE];
	const char *value;
	size_t size;
	int attr;

	for (attr = 0; attr < CM_POLICY_ATTR_COUNT; attr++) {
		value = cm_policy_get(proto, (enum cm_policy_attr)attr);
		cm_fuzz_assert(strchr(value, '\n') == NULL);
		cm_fuzz_assert(strlen(value) < CM_POLICY_MAX_LINE);
		size = cm_policy_reply(reply, value);
		cm_fuzz_assert(size <= sizeof(reply));
		cm_fuzz_assert(memcmp(reply, "action=", 7) == 0);
		cm_fuzz_assert((const char *)memchr(reply, '\n', size) ==
			       reply + size - 2);
		hash = add(hash, value, strlen(value) + 1);
	}
	return hash;
}

/* piece 0: of random sizes. */
static uint64_t run(const uint8_t *data, size_t size, size_t piece)
{
	uint64_t state = cm_fuzz_hash(data, size), hash = 0;
	static struct cm_policy_proto proto;
	enum cm_policy_event event;
	unsigned int requests = 0;
	/* pieces end where this ends, for the sanitizers */
	size_t room = size == 0 || piece == 1 ? 1 : size;
	char *buf = malloc(room), *end = buf + room;

	if (buf == NULL)
		abort();
	cm_policy_proto_init(&proto);
	while (size > 0) {
		size_t n = piece != 0 ? piece : cm_fuzz_piece(&state, size);
		size_t used;

		n = n < size ? n : size;
		memcpy(end - n, data, n);
		used = cm_policy_proto_feed(&proto, end - n, n, &event);
		cm_fuzz_assert(used > 0 && used <= n);
		if (event == CM_POLICY_MORE)
			cm_fuzz_assert(used == n);
		else
			hash = add(hash, &event, sizeof(event));
		if (event == CM_POLICY_REQUEST && requests++ < MAX_COMPARED)
			hash = add_request(hash, &proto);
		if (event == CM_POLICY_TOO_BIG)
			break;
		data += used;
		size -= used;
	}
	free(buf);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = run(data, size, SIZE_MAX);

	if (size <= MAX_BYTEWISE)
		cm_fuzz_assert(run(data, size, 1) == whole);
	cm_fuzz_assert(run(data, size, 0) == whole);
	return 0;
}
