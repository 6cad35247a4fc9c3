/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp on binary packets: however they are cut, the answer is one.
 */
#include "fuzz.h"
#include "cm-openpgp.h"

static enum cm_rule scan(const uint8_t *data, size_t size, uint64_t cut)
{
	struct cm_openpgp *pgp = malloc(sizeof(*pgp));
	enum cm_rule rule = CM_RULE_NONE;

	if (pgp == NULL)
		abort();
	cm_openpgp_init(pgp);
	while (size > 0) {
		size_t n = cut == 0 ? size : cm_fuzz_piece(&cut, size);
		void *piece = cm_fuzz_copy(data, n);

		rule = cm_openpgp_feed(pgp, piece, n);
		free(piece);
		data += n;
		size -= n;
		/* broken stays broken, for the same reason */
		if (rule != CM_RULE_NONE)
			cm_fuzz_assert(cm_openpgp_feed(pgp, data, 0) == rule);
	}
	if (rule != CM_RULE_NONE)
		cm_fuzz_assert(cm_openpgp_finish(pgp) == rule);
	else
		rule = cm_openpgp_finish(pgp);
	cm_fuzz_assert(pgp->esk_count <= CM_OPENPGP_MAX_ESK + 1);
	free(pgp);
	return rule;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum cm_rule whole = scan(data, size, 0);

	cm_fuzz_assert(scan(data, size, cm_fuzz_hash(data, size) | 1) ==
		       whole);
	/* nothing may stand behind a message */
	if (whole == CM_RULE_NONE) {
		uint8_t *longer = malloc(size + 1);

		if (longer == NULL)
			abort();
		memcpy(longer, data, size);
		longer[size] = 0xd2;
		cm_fuzz_assert(scan(longer, size + 1, 0) != CM_RULE_NONE);
		/* and no part of one is a message */
		cm_fuzz_assert(scan(data, size - 1, 0) != CM_RULE_NONE);
		free(longer);
	}
	return 0;
}
