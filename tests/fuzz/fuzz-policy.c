/* SPDX-License-Identifier: MIT
 *
 * cm-policy-proto: in any pieces, the same requests come out; values hold no
 * line end and no NUL, replies are one line.
 */
#include "fuzz.h"
#include "cm-policy-proto.h"

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

	cm_policy_proto_init(&proto);
	while (size > 0) {
		size_t n = piece != 0 ? piece : cm_fuzz_piece(&state, size);
		char *copy;
		size_t used;

		n = n < size ? n : size;
		copy = cm_fuzz_copy(data, n);
		used = cm_policy_proto_feed(&proto, copy, n, &event);
		free(copy);
		cm_fuzz_assert(used > 0 && used <= n);
		if (event == CM_POLICY_MORE)
			cm_fuzz_assert(used == n);
		else
			hash = add(hash, &event, sizeof(event));
		if (event == CM_POLICY_REQUEST)
			hash = add_request(hash, &proto);
		if (event == CM_POLICY_TOO_BIG)
			break;
		data += used;
		size -= used;
	}
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = run(data, size, SIZE_MAX);

	cm_fuzz_assert(run(data, size, 1) == whole);
	cm_fuzz_assert(run(data, size, 0) == whole);
	return 0;
}
