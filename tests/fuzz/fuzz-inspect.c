/* SPDX-License-Identifier: MIT
 *
 * milter/cm-inspect on a whole message, GMime included, as the milter runs
 * it. Slower than fuzz-message: for what the second parser makes of it.
 */
#include "fuzz.h"
#include "fuzz-mail.h"
#include "cm-inspect.h"
#include "cm-mime-gmime.h"

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
	cm_inspect_header(ctx, name, name_len, value, value_len);
}

static void inspect_as(const uint8_t *data, size_t size,
		       enum cm_direction direction)
{
	static const struct cm_inspect_envelope common = {
		.mail_from = "",
		.mail_from_is_from = true,
		.login = "",
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;

	if (!ready) {
		cm_gmime_init();
		ready = 1;
	}
	inspect_as(data, size, CM_OUTGOING);
	inspect_as(data, size, CM_INCOMING);
	return 0;
}
