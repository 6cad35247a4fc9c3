/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "pgp-sample.h"
#include "cm-openpgp.h"

static struct sample s;

static enum cm_rule scan_in_pieces(size_t piece)
{
	struct cm_openpgp pgp;
	size_t pos, n;

	cm_openpgp_init(&pgp);
	for (pos = 0; pos < s.size; pos += n) {
		unsigned char *copy;

		n = piece != 0 ? piece : 1 + sample_noise() % 97u;
		if (n > s.size - pos)
			n = s.size - pos;
		/* on its own, so that an over-read is seen */
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, s.data + pos, n);
		(void)cm_openpgp_feed(&pgp, copy, n);
		free(copy);
	}
	return cm_openpgp_finish(&pgp);
}

/* However it is cut, the answer is the same. */
static const char *scan(void)
{
	enum cm_rule rule = scan_in_pieces(s.size);

	assert_int_equal(scan_in_pieces(1), rule);
	assert_int_equal(scan_in_pieces(3), rule);
	assert_int_equal(scan_in_pieces(0), rule);
	return cm_rule_info(rule)->name;
}

static void hex(const char *text)
{
	unsigned int byte;
	int n;

	while (sscanf(text, " %2x%n", &byte, &n) == 1) {
		sample_byte(&s, byte);
		text += n;
	}
}

/* A packet of a session key: tag, body in hex with `*N` octets of noise. */
static void packet(unsigned int tag, const char *body)
{
	static struct sample outer;

	outer = s;
	s.size = 0;
	while (*body != '\0') {
		size_t len = strcspn(body, "*");
		char text[256];

		(void)snprintf(text, sizeof(text), "%.*s", (int)len, body);
		hex(text);
		body += len;
		if (*body == '*')
			sample_random(&s, strtoul(body + 1, (char **)&body,
						  10));
	}
	{
		static struct sample inner;

		inner = s;
		s = outer;
		sample_header(&s, tag, inner.size);
		sample_put(&s, inner.data, inner.size);
	}
}

/* Session key packets before a good SEIPD. */
static const struct esk {
	const char *name;
	unsigned int tag;
	const char *body;
	const char *expect;
} esks[] = {
	{ "PKESK v3 ECDH", 1, "03 *8 12 0107 40 *32 30 *48", "none" },
	{ "PKESK v3 ECDH, key cut", 1, "03 *8 12 0107 40 *32 30 *47",
	  "openpgp-session-key" },
	{ "PKESK v3 ECDH, one more", 1, "03 *8 12 0107 40 *32 30 *49",
	  "openpgp-session-key" },
	{ "PKESK v3 ECDH, short key", 1, "03 *8 12 0107 40 *32 0f *15",
	  "openpgp-session-key" },
	{ "PKESK v3 RSA", 1, "03 *8 01 0800 ff *255", "none" },
	{ "PKESK v3 RSA, cut", 1, "03 *8 01 0800 ff *254",
	  "openpgp-session-key" },
	{ "PKESK v3 RSA, 0 bits", 1, "03 *8 01 0000", "openpgp-session-key" },
	{ "PKESK v3 Elgamal", 1, "03 *8 10 0400 ff *127 0400 ff *127",
	  "none" },
	{ "PKESK v3 Elgamal, one number", 1, "03 *8 10 0400 ff *127",
	  "openpgp-session-key" },
	{ "PKESK v3 X25519", 1, "03 *8 19 *32 29 07 *40", "none" },
	{ "PKESK v3 X448", 1, "03 *8 1a *56 29 07 *40", "none" },
	{ "PKESK v3 ML-KEM-768", 1, "03 *8 23 *1120 29 07 *40", "none" },
	{ "PKESK v3 DSA", 1, "03 *8 11 0400 ff *127", "openpgp-session-key" },
	{ "PKESK v6 anonymous", 1, "06 00 19 *32 28 *40", "none" },
	{ "PKESK v6 for a v4 key", 1, "06 15 04 *20 19 *32 28 *40", "none" },
	{ "PKESK v6 for a v6 key", 1, "06 21 06 *32 19 *32 28 *40", "none" },
	{ "PKESK v6 for a v5 key", 1, "06 21 05 *32 19 *32 28 *40",
	  "openpgp-session-key" },
	{ "PKESK v6, fingerprint of a wrong length", 1,
	  "06 14 04 *19 19 *32 28 *40", "openpgp-session-key" },
	{ "PKESK v2", 1, "02 *8 01 0800 ff *255", "openpgp-session-key" },
	{ "PKESK empty", 1, "", "openpgp-session-key" },
	{ "PKESK text", 1, "68 65 6c 6c 6f", "openpgp-session-key" },
	{ "SKESK v4 iterated", 3, "04 09 03 08 *8 ff", "none" },
	{ "SKESK v4 with a key", 3, "04 09 03 08 *8 ff *33", "none" },
	{ "SKESK v4, too long a key", 3, "04 09 03 08 *8 ff *34",
	  "openpgp-session-key" },
	{ "SKESK v4 salted", 3, "04 07 01 08 *8", "none" },
	{ "SKESK v4 simple", 3, "04 07 00 08", "none" },
	{ "SKESK v4 Argon2", 3, "04 09 04 *16 03 04 10", "none" },
	{ "SKESK v4, S2K cut", 3, "04 09 03 08 *8", "openpgp-session-key" },
	{ "SKESK v4, unknown S2K", 3, "04 09 65 08 *8 ff",
	  "openpgp-session-key" },
	{ "SKESK v4, plaintext cipher", 3, "04 00 03 08 *8 ff",
	  "openpgp-session-key" },
	{ "SKESK v5 OCB", 3, "05 09 02 03 08 *8 ff *15 *32 *16", "none" },
	{ "SKESK v6 OCB", 3, "06 1d 09 02 0b 03 08 *8 ff *15 *32 *16",
	  "none" },
	{ "SKESK v6 Argon2 GCM", 3, "06 23 07 03 14 04 *16 03 04 10 *12 *16 "
	  "*16", "none" },
	{ "SKESK v6, count wrong", 3, "06 1c 09 02 0b 03 08 *8 ff *15 *32 *16",
	  "openpgp-session-key" },
	{ "SKESK v6, no key", 3, "06 1d 09 02 0b 03 08 *8 ff *15",
	  "openpgp-session-key" },
	{ "SKESK v6, S2K beyond its count", 3, "06 1d 09 02 ff 03",
	  "openpgp-session-key" },
	{ "SKESK v6, unknown AEAD", 3, "06 1d 09 04 0b 03 08 *8 ff *15 *48",
	  "openpgp-session-key" },
};

static void session_key(void **state)
{
	const struct esk *row = *state;

	s.size = 0;
	packet(row->tag, row->body);
	sample_seipd(&s, 100);
	assert_string_equal(scan(), row->expect);
}

/* Whole streams; P a PKESK, S an SEIPD of 100 octets, hex otherwise. */
static const struct stream {
	const char *name, *text, *expect;
} streams[] = {
	{ "message", "P S", "none" },
	{ "two keys", "P P S", "none" },
	{ "empty", "", "openpgp-syntax" },
	{ "keys alone", "P", "openpgp-syntax" },
	{ "no key", "S", "openpgp-session-key" },
	{ "two messages", "P S P S", "openpgp-trailing" },
	{ "octet behind", "P S 00", "openpgp-trailing" },
	{ "no packet", "68 65 6c 6c 6f", "openpgp-syntax" },
	{ "literal data", "P cb 03 62 00 00", "openpgp-packet" },
	{ "compressed data", "P c8 01 00", "openpgp-packet" },
	{ "old encrypted data", "P c9 01 00", "openpgp-packet" },
	{ "marker", "ca 03 50 47 50 P S", "openpgp-packet" },
	{ "padding", "d5 01 00 P S", "openpgp-packet" },
	{ "private tag", "fc 01 00 P S", "openpgp-packet" },
	{ "legacy indeterminate", "P 8b", "openpgp-length" },
	{ "PKESK of indeterminate length", "87", "openpgp-length" },
	{ "PKESK in parts", "c1 e9", "openpgp-length" },
	{ "PKESK too long", "c1 ff 00 00 10 01", "openpgp-length" },
	{ "SEIPD cut", "P d2 7f 01 00", "openpgp-syntax" },
	{ "length cut", "P d2 ff 00", "openpgp-syntax" },
	{ "SEIPD empty", "P d2 00", "openpgp-data" },
	{ "SEIPD version 0", "P d2 01 00", "openpgp-data" },
	{ "SEIPD version 3", "P d2 01 03", "openpgp-data" },
	{ "SEIPD v2 without salt", "P d2 04 02 09 02 06", "openpgp-data" },
	{ "SEIPD v2, unknown cipher", "P d2 04 02 01 02 06", "openpgp-data" },
	{ "SEIPD v2, unknown AEAD", "P d2 04 02 09 00 06", "openpgp-data" },
	{ "SEIPD v2, chunk of 8 MB", "P d2 04 02 09 02 11", "openpgp-data" },
};

static void stream(void **state)
{
	const struct stream *row = *state;
	const char *p;

	s.size = 0;
	for (p = row->text; *p != '\0'; p++) {
		if (*p == 'P') {
			sample_pkesk(&s);
		} else if (*p == 'S') {
			sample_seipd(&s, 100);
		} else if (*p != ' ') {
			char two[3] = { p[0], p[1], '\0' };

			hex(two);
			p++;
		}
	}
	assert_string_equal(scan(), row->expect);
}

/* An SEIPD of this body size, its length written in every form. */
static void length_forms(void **state)
{
	static const size_t sizes[] = { 42, 191, 192, 255, 256, 8383, 8384,
					65535, 65536 };
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		n = sizes[i];
		s.size = 0;
		sample_pkesk(&s);
		if (n < 192) {
			sample_byte(&s, 0xd2);
			sample_byte(&s, (unsigned int)n);
			sample_byte(&s, 1);
			sample_random(&s, n - 1);
			assert_string_equal(scan(), "none");
		} else if (n < 8384) {
			sample_byte(&s, 0xd2);
			sample_byte(&s, (unsigned int)(192 + ((n - 192) >> 8)));
			sample_byte(&s, (unsigned int)(n - 192) & 0xff);
			sample_byte(&s, 1);
			sample_random(&s, n - 1);
			assert_string_equal(scan(), "none");
		}
		s.size = 0;
		sample_pkesk(&s);
		sample_seipd(&s, n - 1);
		assert_string_equal(scan(), "none");
	}
}

/* GnuPG of today still writes these. */
static void legacy_headers(void **state)
{
	static const unsigned int types[] = { 0, 1, 2 };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		unsigned int octets = 1u << types[i], k;

		s.size = 0;
		sample_byte(&s, 0x84 | types[i]);
		for (k = octets; k > 0; k--)
			sample_byte(&s, k == 1 ? SAMPLE_PKESK_SIZE : 0);
		sample_pkesk_body(&s);
		sample_seipd(&s, 100);
		assert_string_equal(scan(), "none");
	}
}

static void partial_lengths(void **state)
{
	(void)state;
	s.size = 0;
	sample_pkesk(&s);
	sample_byte(&s, 0xd2);
	sample_byte(&s, 224 + 9); /* 512 */
	sample_byte(&s, 1);
	sample_random(&s, 511);
	sample_byte(&s, 224 + 10);
	sample_random(&s, 1024);
	sample_byte(&s, 33);
	sample_random(&s, 33);
	assert_string_equal(scan(), "none");
	s.size -= 1;
	assert_string_equal(scan(), "openpgp-syntax");
	s.size += 1;
	sample_byte(&s, 0xd2);
	assert_string_equal(scan(), "openpgp-trailing");

	/* ends in a part: the last length is missing */
	s.size = 0;
	sample_pkesk(&s);
	sample_byte(&s, 0xd2);
	sample_byte(&s, 224 + 9);
	sample_byte(&s, 1);
	sample_random(&s, 511);
	assert_string_equal(scan(), "openpgp-syntax");
	/* a last part of nothing */
	sample_byte(&s, 0);
	assert_string_equal(scan(), "none");
}

static void seipd_smallest(void **state)
{
	(void)state;
	sample_message(&s, 40);
	assert_string_equal(scan(), "openpgp-data");
	sample_message(&s, 41);
	assert_string_equal(scan(), "none");

	s.size = 0;
	sample_pkesk(&s);
	sample_header(&s, 18, 68);
	hex("02 09 02 06");
	sample_random(&s, 64);
	assert_string_equal(scan(), "openpgp-data");
	s.size = 0;
	sample_pkesk(&s);
	sample_header(&s, 18, 69);
	hex("02 09 02 06");
	sample_random(&s, 65);
	assert_string_equal(scan(), "none");
	/* the largest chunk that RFC 9580 allows */
	s.size = 0;
	sample_pkesk(&s);
	sample_header(&s, 18, 100);
	hex("02 07 03 10");
	sample_random(&s, 96);
	assert_string_equal(scan(), "none");
}

/* Text in place of ciphertext, at any place of it. */
static void text_for_data(void **state)
{
	static const char ascii[] = "The quick brown fox jumps over the dog. ";
	static const char cyrillic[] =
		"\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82";
	static const size_t offsets[] = { 0, 100, 5000, 19744 };
	size_t i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		sample_message(&s, 20000);
		for (k = 0; k < 256 && s.size - 20000 + offsets[i] + k < s.size;
		     k++)
			s.data[s.size - 20000 + offsets[i] + k] =
				(unsigned char)ascii[k % (sizeof(ascii) - 1)];
		/* windows are at fixed places: 256 octets of text may fall
		 * into two, but 512 always fill one */
		for (; k < 512 && offsets[i] + k < 20000; k++)
			s.data[s.size - 20000 + offsets[i] + k] = 'x';
		if (offsets[i] + 512 <= 20000)
			assert_string_equal(scan(), "openpgp-data");
	}
	sample_message(&s, 60);
	memset(s.data + s.size - 60, 'x', 60);
	assert_string_equal(scan(), "openpgp-data");
	sample_message(&s, 1200);
	for (k = 0; k < 1200; k++)
		s.data[s.size - 1200 + k] =
			(unsigned char)cyrillic[k % (sizeof(cyrillic) - 1)];
	assert_string_equal(scan(), "openpgp-data");
}

static void esk_count_limit(void **state)
{
	unsigned int n;

	(void)state;
	for (n = CM_OPENPGP_MAX_ESK - 1; n <= CM_OPENPGP_MAX_ESK + 1; n++) {
		unsigned int i;

		s.size = 0;
		for (i = 0; i < n; i++)
			sample_pkesk(&s);
		sample_seipd(&s, 100);
		assert_string_equal(
			cm_rule_info(scan_in_pieces(s.size))->name,
			n <= CM_OPENPGP_MAX_ESK ? "none" : "openpgp-too-many");
	}
}

/* RSA of 4096 - 12 octets fills the largest session key packet. */
static void esk_size_limit(void **state)
{
	size_t n;

	(void)state;
	for (n = CM_OPENPGP_MAX_ESK_SIZE - 1; n <= CM_OPENPGP_MAX_ESK_SIZE + 1;
	     n++) {
		size_t bits = (n - 12) * 8;

		s.size = 0;
		sample_header(&s, 1, n);
		hex("03 0000000000000000 01");
		sample_byte(&s, (unsigned int)(bits >> 8));
		sample_byte(&s, (unsigned int)bits & 0xff);
		sample_random(&s, n - 12);
		sample_seipd(&s, 100);
		assert_string_equal(scan(), n <= CM_OPENPGP_MAX_ESK_SIZE ?
				    "none" : "openpgp-length");
	}
}

int main(void)
{
	cm_unit_rows(session_key, esks);
	cm_unit_rows(stream, streams);
	cm_unit_test(length_forms);
	cm_unit_test(legacy_headers);
	cm_unit_test(partial_lengths);
	cm_unit_test(seipd_smallest);
	cm_unit_test(text_for_data);
	cm_unit_test(esk_count_limit);
	cm_unit_test(esk_size_limit);
	return cm_unit_run();
}
