/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-sha256.h"

static void hex(const unsigned char digest[CM_SHA256_SIZE], char *text_r)
{
	unsigned int i;

	for (i = 0; i < CM_SHA256_SIZE; i++)
		(void)sprintf(text_r + 2 * i, "%02x", digest[i]);
}

/* As sha256sum(1) says: FIPS 180-4's samples, and 'x' around the block's
 * edges. */
static const struct digest_row {
	const char *name, *text;
	unsigned int repeat;
	const char *digest;
} digest_rows[] = {
	{ "empty", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4"
	  "95991b7852b855" },
	{ "abc", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4"
	  "10ff61f20015ad" },
	{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomno"
	  "pnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd"
	  "419db06c1" },
	{ "55 bytes", "x", 55, "d5e285683cd4efc02d021a5c62014694958901005d6f7"
	  "1e89e0989fac77e4072" },
	{ "56 bytes", "x", 56, "04c26261370ee7541549d16dee320c723e3fd14671e66"
	  "a099afe0a377c16888e" },
	{ "64 bytes", "x", 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7e"
	  "e8d5fd6219506b5393c" },
	{ "200 bytes", "x", 200, "aa20c23e3201834050679e1d88941b9a6fed0557c9a7"
	  "05cb2c315e2e63fd486d" }
};

static void digests(void **state)
{
	const struct digest_row *row = *state;
	unsigned char digest[CM_SHA256_SIZE];
	char text[256] = "", got[2 * CM_SHA256_SIZE + 1];
	unsigned int i;

	for (i = 0; i < row->repeat; i++)
		strcat(text, row->text);
	cm_sha256(text, strlen(text), digest);
	hex(digest, got);
	assert_string_equal(got, row->digest);
}

/* RFC 4231, 4.2 to 4.7 */
static const struct hmac_row {
	const char *name;
	unsigned char key_byte; /* 0: "Jefe" */
	size_t key_size;
	const char *first, *second;
	const char *digest;
} hmac_rows[] = {
	{ "case 1", 0x0b, 20, "Hi ", "There", "b0344c61d8db38535ca8afceaf0bf12"
	  "b881dc200c9833da726e9376c2e32cff7" },
	{ "case 2", 0, 4, "what do ya want ", "for nothing?", "5bdcc146bf60754"
	  "e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "case 6", 0xaa, 131, "Test Using Larger Than Block-Size Key - ",
	  "Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140"
	  "546040f0ee37f54" }
};

static void hmacs(void **state)
{
	const struct hmac_row *row = *state;
	unsigned char key[131] = "Jefe", digest[CM_SHA256_SIZE];
	char got[2 * CM_SHA256_SIZE + 1];

	if (row->key_byte != 0)
		memset(key, row->key_byte, sizeof(key));
	cm_hmac_sha256(key, row->key_size, row->first, strlen(row->first),
		       row->second, strlen(row->second), digest);
	hex(digest, got);
	assert_string_equal(got, row->digest);
}

int main(void)
{
	cm_unit_rows(digests, digest_rows);
	cm_unit_rows(hmacs, hmac_rows);
	return cm_unit_run();
}
