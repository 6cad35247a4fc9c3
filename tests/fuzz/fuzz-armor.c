/* SPDX-License-Identifier: MIT
 *
 * cm-lines, cm-armor, cm-base64 and cm-openpgp on an armored message: however
 * it is cut, the answer is one.
 */
#include "fuzz.h"
#include "cm-armor.h"
#include "cm-lines.h"

struct reader {
	struct cm_armor armor;
	struct cm_lines lines;
	size_t readable; /* bytes that were not called data */
};

static enum cm_rule on_line(void *ctx, const unsigned char *line, size_t len)
{
	struct reader *reader = ctx;
	bool is_data = false;
	enum cm_rule rule = cm_armor_line(&reader->armor, line, len, &is_data);

	if (rule != CM_RULE_NONE)
		return rule;
	if (is_data)
		cm_fuzz_assert(len <= CM_ARMOR_MAX_LINE);
	else
		reader->readable += len;
	return rule;
}

static enum cm_rule read_armor(const uint8_t *data, size_t size,
			       bool allow_headers, uint64_t cut)
{
	struct reader *reader = malloc(sizeof(*reader));
	enum cm_rule rule = CM_RULE_NONE;

	if (reader == NULL)
		abort();
	cm_armor_init(&reader->armor, allow_headers);
	cm_lines_init(&reader->lines, false);
	reader->readable = 0;
	while (size > 0 && rule == CM_RULE_NONE) {
		size_t n = cut == 0 ? size : cm_fuzz_piece(&cut, size);
		void *piece = cm_fuzz_copy(data, n);

		rule = cm_lines_feed(&reader->lines, piece, n, on_line, reader);
		free(piece);
		data += n;
		size -= n;
	}
	if (rule == CM_RULE_NONE)
		rule = cm_lines_finish(&reader->lines, on_line, reader);
	if (rule == CM_RULE_NONE)
		rule = cm_armor_finish(&reader->armor);
	/* BEGIN, END and checksum lines, and headers if allowed: of what a
	 * person can read there is little */
	if (rule == CM_RULE_NONE)
		cm_fuzz_assert(reader->readable <= 27 + 25 + 5 +
			       (allow_headers ? CM_ARMOR_MAX_HEADERS *
				CM_ARMOR_MAX_HEADER_LINE : 0));
	free(reader);
	return rule;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t cut = cm_fuzz_hash(data, size) | 1;
	enum cm_rule strict = read_armor(data, size, false, 0);
	enum cm_rule lenient = read_armor(data, size, true, 0);

	cm_fuzz_assert(read_armor(data, size, false, cut) == strict);
	cm_fuzz_assert(read_armor(data, size, true, cut) == lenient);
	if (strict == CM_RULE_NONE)
		cm_fuzz_assert(lenient == CM_RULE_NONE);
	return 0;
}
