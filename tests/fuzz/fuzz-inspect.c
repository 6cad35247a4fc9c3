/* SPDX-License-Identifier: MIT
 *
 * milter/cm-inspect on a whole message, GMime included, as the milter runs
 * it: in a thread with a small stack, all values also as lists of addresses.
 * Slower than fuzz-message: for what the second parser makes of it.
 */
#include "fuzz.h"
#include "fuzz-mail.h"
#include "cm-edits.h"
#include "cm-inspect.h"
#include "cm-milter-service.h"
#include "cm-mime-gmime.h"

#include <pthread.h>

static int exempt_nobody(void *ctx, const struct cm_message *msg,
			 const char **reason_r)
{
	(void)ctx;
	(void)msg;
	(void)reason_r;
	return 0;
}

/* As libmilter does: NUL ends a string. */
static void add_field(void *ctx, const char *name, size_t name_len,
		      const char *value, size_t value_len)
{
	name_len = strnlen(name, name_len);
	value_len = strnlen(value, value_len);
	if (value_len <= CM_EDITS_MAX_ADDRESSES) {
		char *plain;

		(void)cm_gmime_plain_addresses(value, value_len, &plain);
		free(plain);
	}
	cm_inspect_header(ctx, name, name_len, value, value_len);
}

static void inspect_as(const uint8_t *data, size_t size,
		       enum cm_direction direction)
{
	static const struct cm_inspect_envelope common = {
		.mail_from = "",
		.mail_from_is_from = true,
		.login = "",
		.client_ip = "",
		.max_size = 1024 * 1024,
		.exempt = exempt_nobody
	};
	struct cm_inspect_envelope envelope = common;
	struct cm_inspect *inspect = calloc(1, sizeof(*inspect));
	struct cm_verdict verdict;
	size_t body;

	if (inspect == NULL)
		abort();
	envelope.direction = direction;
	cm_inspect_begin(inspect, &envelope);
	body = cm_fuzz_mail_header(data, size, add_field, inspect);
	cm_fuzz_assert(cm_inspect_eoh(inspect, &verdict) == 0);
	if (verdict.action == CM_GATE_PENDING) {
		cm_inspect_body(inspect, data + body, size - body);
		cm_fuzz_assert(cm_inspect_end(inspect, "", &verdict) == 0);
	}
	cm_fuzz_assert(verdict.action != CM_GATE_PENDING);
	cm_inspect_deinit(inspect);
	free(inspect);
}

struct input {
	const uint8_t *data;
	size_t size;
};

static void *inspect_thread(void *arg)
{
	const struct input *input = arg;

	inspect_as(input->data, input->size, CM_OUTGOING);
	inspect_as(input->data, input->size, CM_INCOMING);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	struct input input = { data, size };
	pthread_attr_t attr;
	pthread_t thread;

	if (!ready) {
		cm_gmime_init();
		ready = 1;
	}
	cm_fuzz_assert(pthread_attr_init(&attr) == 0);
	cm_fuzz_assert(pthread_attr_setstacksize(&attr,
						 CM_MILTER_THREAD_STACK) == 0);
	cm_fuzz_assert(pthread_create(&thread, &attr, inspect_thread,
				      &input) == 0);
	cm_fuzz_assert(pthread_join(thread, NULL) == 0);
	(void)pthread_attr_destroy(&attr);
	return 0;
}
