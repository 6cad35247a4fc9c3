/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "cm-addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size);
	struct cm_addr addr, again;

	if (cm_addr_parse(&addr, text, size) == 0) {
		cm_fuzz_assert(strlen(addr.text) == size);
		cm_fuzz_assert(addr.local_len >= 1 &&
			       addr.local_len <= CM_ADDR_MAX_LOCAL);
		cm_fuzz_assert(addr.text[addr.local_len] == '@');
		cm_fuzz_assert(addr.domain == addr.text + addr.local_len + 1);
		cm_fuzz_assert(cm_addr_domain_valid(addr.domain,
						    strlen(addr.domain)));
		cm_fuzz_assert(strpbrk(addr.text, " \r\n\t\\<>(),;\"") == NULL);
		/* lower-cased is the same address, and stays so */
		cm_fuzz_assert(cm_addr_parse(&again, addr.text, size) == 0);
		cm_fuzz_assert(strcmp(again.text, addr.text) == 0);
		cm_fuzz_assert(cm_ascii_equal(again.text, addr.text));
	}
	free(text);
	return 0;
}
