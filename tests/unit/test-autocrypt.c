/* SPDX-License-Identifier: MIT
 *
 * cm-autocrypt, and with it cm-openpgp-key: a key made by chatmail/core 2.57
 * (tests/data/deltachat/legacy-vc-request.eml), and what is none. Its packets
 * are taken to pieces by tests/data/gate/attacks_join.py.
 */
#include "cm-unit.h"
#include "cm-autocrypt.h"
#include "cm-openpgp-key.h"

#define LINE1 "xjMEawFOZxYJKwYBBAHaRw8BAQdAvd/R7YuDqtjr6Gucj0uhzhvm04XMffPodP6/czw68m"
#define REST \
	"HCtwQfFggAaQUCawFOZxYhBHzBco1cuye0pV3Vwb32goJDbJP4AhsDAh4JBAsJCAcFFQgJCgsDFgIB" \
	"AycJAgIZAS8UgAAAAAASABRyZWxheXNAY2hhdG1haWwuYXRkYXZlZTAwMDRAcmVsYXkudGVzdAAAXp" \
	"8A/RN+9Da23jMIH7qW4C7kDVD1IHFwe50Cup/0H/xvjpuhAP0ar/X9FrckByiW8HQ8rzIb9or8u7aF" \
	"6w3xC3XuvsP9BM0WPGRhdmVlMDAwNEByZWxheS50ZXN0PsKRBBMWCAA5BQJrAU5nFiEEfMFyjVy7J7" \
	"SlXdXBvfaCgkNsk/gCGwMCHgkECwkIBwUVCAkKCwMWAgEDJwkCAhkBAAoJEL32goJDbJP4QuQA/A+S" \
	"JngA7BX/qofy0AyJD+ZUDp6193pgKzCHOM9noekBAQC8+i2V8/YqnrdUdMOTd5SqjKhAjvV2kVzZ82" \
	"cHOFZGDc44BGsBTmcSCisGAQQBl1UBBQEBB0BEHVgf9tmEmv1DVxxflwQOqympNcxcb6x4zfaOaLbT" \
	"FwMBCAfCeAQYFggAIAUCawFOZwIbDBYhBHzBco1cuye0pV3Vwb32goJDbJP4AAoJEL32goJDbJP4OE" \
	"MBAJqZrjR6enqfnMBuMx82MMMKS2D2n/NueHbpWDBzFAycAPsHbey3l8qt5oWOX2czNRvNXrERWjOo"
#define LAST "9Dn9TbKh/+wBBg=="
#define KEY LINE1 REST LAST
#define A "addr=Dave@relay.test; "

static const struct row {
	const char *name;
	const char *value;
	bool valid;
} rows[] = {
	{ "as core", " " A "prefer-encrypt=mutual; keydata=" LINE1 "\r\n\t "
	  REST LAST, true },
	{ "in one line", A "keydata=" KEY, true },
	{ "folded before it", A "\n keydata=\n " KEY, true },
	{ "a space", A "keydata=" LINE1 " " REST LAST, true },
	{ "any order, semicolon at the end", "keydata=" KEY "; "
	  "prefer-encrypt=nopreference; addr=dave@relay.test;", true },
	{ "no preference of that name", A "prefer-encrypt=maybe; keydata="
	  KEY, false },
	{ "other attribute", A "_x=1; keydata=" KEY, false },
	{ "no address", "keydata=" KEY, false },
	{ "no key", A, false },
	{ "empty key", A "keydata=", false },
	{ "two addresses", A A "keydata=" KEY, false },
	{ "two keys", A "keydata=" KEY "; keydata=" KEY, false },
	{ "text in the address", "addr=read this; keydata=" KEY, false },
	{ "empty attribute", A "; keydata=" KEY, false },
	{ "no attribute", "read this", false },
	{ "empty", "", false },
	{ "words", A "keydata=Hello Bob meet me at five oclock here", false },
	{ "line too short", A "keydata=xjMEawFO " "ZxYJ" KEY, false },
	{ "words behind", A "keydata=" KEY " Hello", false },
	{ "not of the alphabet", A "keydata=" LINE1 "," REST LAST, false },
	{ "no padding", A "keydata=" LINE1 REST "9Dn9TbKh/+wBBg", false },
	{ "a packet cut off", A "keydata=" LINE1 REST, false },
	{ "name of an attribute alone", "addr", false }
};

static void judges(void **state)
{
	const struct row *row = *state;
	size_t len = strlen(row->value);
	char *copy = malloc(len + 1);
	struct cm_addr addr;

	/* not one byte behind it may be read */
	assert_non_null(copy);
	memcpy(copy, row->value, len);
	copy = realloc(copy, len > 0 ? len : 1);
	assert_non_null(copy);
	assert_int_equal(cm_autocrypt_valid(copy, len, &addr), row->valid);
	if (row->valid)
		assert_string_equal(addr.text, "dave@relay.test");
	free(copy);
}

/* Packets for the limits: a key with an Ed25519 point that is noise. */
static size_t begin_key(unsigned char *out)
{
	static const unsigned char head[] = { 0xc6, 38, 6, 0, 0, 0, 1, 27,
					      0, 0, 0, 32 };
	size_t i;

	memcpy(out, head, sizeof(head));
	for (i = 0; i < 32; i++)
		out[sizeof(head) + i] = (unsigned char)(i * 151);
	/* version, time, algorithm, length, point */
	out[1] = 10 + 32;
	return sizeof(head) + 32;
}

static size_t add_signature(unsigned char *out)
{
	static const unsigned char head[] = { 0xc2, 10 + 64, 4, 0x13, 27, 8,
					      0, 0, 0, 0, 1, 2 };
	size_t i;

	memcpy(out, head, sizeof(head));
	for (i = 0; i < 64; i++)
		out[sizeof(head) + i] = (unsigned char)(i * 151);
	return sizeof(head) + 64;
}

static size_t add_user_id(unsigned char *out)
{
	memcpy(out, "\xcd\3a@b", 5);
	return 5;
}

static size_t add_subkey(unsigned char *out)
{
	size_t size = begin_key(out);

	out[0] = 0xce;
	return size;
}

static void counts(void **state)
{
	static const struct {
		size_t (*add)(unsigned char *);
		unsigned int before, max;
	} kinds[] = {
		{ add_signature, 0, CM_OPENPGP_MAX_KEY_SIGNATURES },
		{ add_user_id, 1, CM_OPENPGP_MAX_KEY_USER_IDS },
		{ add_subkey, 1, CM_OPENPGP_MAX_KEY_SUBKEYS }
	};
	unsigned char key[4096];
	size_t i, n, k, size;

	(void)state;
	size = begin_key(key);
	assert_false(cm_openpgp_key_valid(key, size)); /* not signed */
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		for (n = kinds[i].max - 1; n <= kinds[i].max + 1; n++) {
			size = begin_key(key);
			if (kinds[i].before > 0)
				size += add_signature(key + size);
			for (k = 0; k < n; k++)
				size += kinds[i].add(key + size);
			assert_int_equal(cm_openpgp_key_valid(key, size),
					 n <= kinds[i].max);
		}
	}
}

/* With the signer's user ID in both areas, as often as said. */
static size_t add_signer(unsigned char *out, unsigned int hashed,
			 unsigned int unhashed)
{
	static const unsigned char signer[] = { 4, 28, 'a', '@', 'b' };
	unsigned char *p = out;
	unsigned int i;

	memcpy(p, "\xc2\0\4\x13\x1b\x08\0", 7);
	p[1] = (unsigned char)(10 + (hashed + unhashed) * 5 + 64);
	p += 7;
	*p++ = (unsigned char)(hashed * 5);
	for (i = 0; i < hashed; i++, p += 5)
		memcpy(p, signer, 5);
	*p++ = 0;
	*p++ = (unsigned char)(unhashed * 5);
	for (i = 0; i < unhashed; i++, p += 5)
		memcpy(p, signer, 5);
	for (i = 0; i < 2 + 64; i++)
		*p++ = (unsigned char)(i * 151);
	return (size_t)(p - out);
}

static void addresses(void **state)
{
	unsigned char key[4096];
	unsigned int n, k;
	size_t size;

	(void)state;
	for (n = CM_OPENPGP_MAX_KEY_ADDRESSES - 1;
	     n <= CM_OPENPGP_MAX_KEY_ADDRESSES + 1; n++) {
		size = begin_key(key);
		for (k = 0; k < n / 2; k++)
			size += add_signer(key + size, 1, 1);
		if (n % 2 != 0)
			size += add_user_id(key + size);
		assert_int_equal(cm_openpgp_key_valid(key, size),
				 n <= CM_OPENPGP_MAX_KEY_ADDRESSES);
	}
	/* no subpacket twice */
	size = begin_key(key);
	size += add_signer(key + size, 2, 0);
	assert_false(cm_openpgp_key_valid(key, size));
}

/* An RSA signature; mpi: its octets. */
static size_t add_rsa(unsigned char *out, size_t mpi)
{
	static const unsigned char head[] = { 4, 0x13, 1, 8, 0, 0, 0, 0, 1,
					      2 };
	size_t i, len = sizeof(head) + 2 + mpi;

	memcpy(out, "\xc2\xff\0\0", 4);
	out[4] = (unsigned char)(len >> 8);
	out[5] = (unsigned char)len;
	memcpy(out + 6, head, sizeof(head));
	out[16] = (unsigned char)(mpi * 8 >> 8);
	out[17] = (unsigned char)(mpi * 8);
	for (i = 0; i < mpi; i++)
		out[18 + i] = (unsigned char)(i * 151);
	return 18 + mpi;
}

static void size_limit(void **state)
{
	static unsigned char key[CM_OPENPGP_MAX_KEY + 1];
	size_t size, n;

	(void)state;
	for (n = CM_OPENPGP_MAX_KEY - 1; n <= CM_OPENPGP_MAX_KEY + 1; n++) {
		size = begin_key(key);
		while (n - size > 3000)
			size += add_rsa(key + size, 2048);
		size += add_rsa(key + size, (n - size) / 2 - 18);
		size += add_rsa(key + size, n - size - 18);
		assert_int_equal(size, n);
		assert_int_equal(cm_openpgp_key_valid(key, size),
				 n <= CM_OPENPGP_MAX_KEY);
	}
}

int main(void)
{
	cm_unit_test(addresses);
	cm_unit_test(size_limit);
	cm_unit_rows(judges, rows);
	cm_unit_test(counts);
	return cm_unit_run();
}
