/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-siphash.h"

/* Key 00 01 .. 0f, message 00 01 .. of each length: appendix A of the paper
 * has 15, the authors' vectors.h the others. */
static const struct row {
	const char *name;
	size_t size;
	uint64_t hash;
} rows[] = {
	{ "no byte", 0, UINT64_C(0x726fdb47dd0e0e31) },
	{ "1 byte", 1, UINT64_C(0x74f839c593dc67fd) },
	{ "2 bytes", 2, UINT64_C(0x0d6c8009d9a94f5a) },
	{ "3 bytes", 3, UINT64_C(0x85676696d7fb7e2d) },
	{ "7 bytes", 7, UINT64_C(0xab0200f58b01d137) },
	{ "8 bytes", 8, UINT64_C(0x93f5f5799a932462) },
	{ "15 bytes", 15, UINT64_C(0xa129ca6149be45e5) },
};

static void hashes(void **state)
{
	const struct row *row = *state;
	unsigned char key[CM_SIPHASH_KEY_SIZE], data[64];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	memcpy(key, data, sizeof(key));
	assert_true(cm_siphash(key, data, row->size) == row->hash);
	key[15] ^= 1;
	assert_true(cm_siphash(key, data, row->size) != row->hash);
}

int main(void)
{
	cm_unit_rows(hashes, rows);
	return cm_unit_run();
}
