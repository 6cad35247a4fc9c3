/* SPDX-License-Identifier: MIT
 *
 * cm-header and cm-part on the value of one header field.
 */
#include "fuzz.h"
#include "cm-header.h"
#include "cm-part.h"
#include "cm-qp.h"

static void check_value(const struct cm_header_value *value)
{
	const char *end = value->buf + sizeof(value->buf);
	unsigned int i, k;

	cm_fuzz_assert(value->value >= value->buf && value->value < end);
	cm_fuzz_assert(*value->value != '\0');
	cm_fuzz_assert(value->param_count <= CM_HEADER_MAX_PARAMS);
	for (i = 0; i < value->param_count; i++) {
		const struct cm_header_param *param = &value->params[i];

		cm_fuzz_assert(param->name >= value->buf && param->name < end);
		cm_fuzz_assert(param->value >= value->buf &&
			       param->value < end);
		for (k = 0; k < i; k++)
			cm_fuzz_assert(strcmp(param->name,
					      value->params[k].name) != 0);
		cm_fuzz_assert(cm_header_param(value, param->name) ==
			       param->value);
		(void)cm_header_boundary_valid(param->value);
	}
}

static void unfold(const char *text, size_t size)
{
	char small[16], large[4096];
	int fits = size < sizeof(large);

	if (cm_header_unfold(text, size, small, sizeof(small)) == 0)
		cm_fuzz_assert(memchr(small, '\0', sizeof(small)) != NULL);
	if (fits)
		cm_fuzz_assert(cm_header_unfold(text, size, large,
						sizeof(large)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size);
	unsigned char *qp = malloc(size + 1);
	struct cm_header_value value;
	enum cm_part_kind kind;
	struct cm_part part;
	size_t qp_size;
	bool soft;

	if (qp == NULL)
		abort();
	if (cm_header_parse(&value, text, size, true) == CM_RULE_NONE) {
		check_value(&value);
		cm_fuzz_assert(strchr(value.value, '/') != NULL);
		cm_fuzz_assert(cm_header_value_check(text, size) ==
			       CM_RULE_NONE);
	}
	if (cm_header_parse(&value, text, size, false) == CM_RULE_NONE)
		check_value(&value);
	if (cm_header_name_valid(text, size))
		cm_fuzz_assert(size >= 1 && size <= 76);
	unfold(text, size);
	(void)cm_encoding_parse(text, size);
	(void)cm_part_preamble_known(text, size);
	for (kind = CM_PART_PGP_VERSION; kind <= CM_PART_SECUREJOIN; kind++) {
		enum cm_rule rule;

		cm_part_init(&part, kind, true, "x@localhost");
		rule = cm_part_field(&part, text, size);
		(void)cm_part_headers_end(&part);
		cm_part_init(&part, kind, false, "x@localhost");
		if (cm_part_field(&part, text, size) == CM_RULE_NONE)
			cm_fuzz_assert(rule == CM_RULE_NONE);
		(void)cm_part_headers_end(&part);
	}
	if (cm_qp_decode_line(data, size, qp, &qp_size, &soft) == 0)
		cm_fuzz_assert(qp_size <= size && size <= CM_QP_MAX_LINE);
	free(qp);
	free(text);
	return 0;
}
