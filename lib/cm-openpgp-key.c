/* SPDX-License-Identifier: MIT */
#include "cm-openpgp-key.h"
#include "cm-addr.h"
#include "cm-openpgp-noise.h"

#include <stdint.h>
#include <string.h>

enum { TAG_SIGNATURE = 2, TAG_KEY = 6, TAG_USER_ID = 13, TAG_SUBKEY = 14 };

/* Shorter numbers, such as an RSA exponent, are chosen, not random. */
#define MIN_RANDOM_MPI 16
#define MAX_MPI 2048
#define MAX_SALT 64
/* Identifiers of algorithms: none that is defined is a letter. */
#define MAX_ALGORITHM 31

/* Of the whole key. */
struct sums {
	struct cm_openpgp_noise noise;
	unsigned int addresses;
};

/* What is left to read of a packet, or a part of one. */
struct reader {
	const unsigned char *p, *end;
	struct sums *sums;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n octets become a reader of their own. */
static bool cut(struct reader *r, size_t n, struct reader *part)
{
	if (left(r) < n)
		return false;
	part->p = r->p;
	part->end = r->p + n;
	part->sums = r->sums;
	r->p += n;
	return true;
}

static bool skip(struct reader *r, size_t n)
{
	struct reader part;

	return cut(r, n, &part);
}

static bool noise(struct reader *r, size_t n)
{
	struct reader part;

	return cut(r, n, &part) &&
	       cm_openpgp_noise_feed(&r->sums->noise, part.p, n);
}

/* A big-endian number of n octets. */
static bool number(struct reader *r, unsigned int n, size_t *value_r)
{
	struct reader part;

	if (!cut(r, n, &part))
		return false;
	for (*value_r = 0; part.p < part.end; part.p++)
		*value_r = *value_r << 8 | *part.p;
	return true;
}

/* RFC 9580 4.2.1 and 5.2.3.7: a length of one, two or five octets, the first
 * of two being below `bound`. Between that and 255 it is none of these. */
static bool length(struct reader *r, size_t bound, size_t *len_r)
{
	size_t low;

	if (!number(r, 1, len_r))
		return false;
	if (*len_r < 192)
		return true;
	if (*len_r == 255)
		return number(r, 4, len_r);
	if (*len_r >= bound || !number(r, 1, &low))
		return false;
	*len_r = ((*len_r - 192) << 8) + low + 192;
	return true;
}

static bool mpis(struct reader *r, unsigned int count)
{
	size_t bits, size;

	for (; count > 0; count--) {
		if (!number(r, 2, &bits) || bits == 0)
			return false;
		size = (bits + 7) / 8;
		if (size > MAX_MPI ||
		    !(size < MIN_RANDOM_MPI ? skip(r, size) : noise(r, size)))
			return false;
	}
	return true;
}

/* RFC 9580 9.2: an object identifier, whose octets are no random ones */
static bool curve(struct reader *r)
{
	size_t len;

	return number(r, 1, &len) && len >= 3 && len <= 16 && skip(r, len);
}

/* RFC 9580 5.5.5.6: hash and cipher of the key derivation */
static bool derivation(struct reader *r)
{
	struct reader part;

	return cut(r, 4, &part) && part.p[0] == 3 && part.p[1] == 1 &&
	       part.p[2] <= MAX_ALGORITHM && part.p[3] <= MAX_ALGORITHM;
}

/* RFC 9580 5.5.5, draft-ietf-openpgp-pqc */
static bool key_material(struct reader *r, size_t algorithm)
{
	static const struct {
		unsigned char algorithm;
		unsigned short size;
	} native[] = {
		{ 25, 32 }, { 26, 56 }, { 27, 32 }, { 28, 57 },
		{ 30, 32 + 1952 }, { 31, 57 + 2592 }, { 32, 32 }, { 33, 32 },
		{ 34, 64 }, { 35, 32 + 1184 }, { 36, 56 + 1568 }
	};
	size_t i;

	switch (algorithm) {
	case 1: case 2: case 3: /* RSA */
		return mpis(r, 2);
	case 16: /* Elgamal */
		return mpis(r, 3);
	case 17: /* DSA */
		return mpis(r, 4);
	case 18: /* ECDH */
		return curve(r) && mpis(r, 1) && derivation(r);
	case 19: case 22: /* ECDSA, EdDSA */
		return curve(r) && mpis(r, 1);
	}
	for (i = 0; i < sizeof(native) / sizeof(*native); i++) {
		if (native[i].algorithm == algorithm)
			return noise(r, native[i].size);
	}
	return false;
}

static bool key(struct reader *r)
{
	size_t version, algorithm, size;

	return number(r, 1, &version) && (version == 4 || version == 6) &&
	       skip(r, 4) && number(r, 1, &algorithm) &&
	       (version == 4 || (number(r, 4, &size) && size == left(r))) &&
	       key_material(r, algorithm) && left(r) == 0;
}

/* All that is left is one, with or without brackets. */
static bool address(struct reader *r)
{
	const char *p = (const char *)r->p;
	size_t len = left(r);
	struct cm_addr addr;

	if (len > 2 && p[0] == '<' && p[len - 1] == '>') {
		p++;
		len -= 2;
	}
	return ++r->sums->addresses <= CM_OPENPGP_MAX_KEY_ADDRESSES &&
	       cm_addr_parse(&addr, p, len) == 0;
}

/* "a@b,c@d" */
static bool relays(struct reader *r)
{
	for (;;) {
		const unsigned char *comma = left(r) == 0 ? NULL :
			memchr(r->p, ',', left(r));
		struct reader part;

		if (comma == NULL)
			return address(r);
		if (!cut(r, (size_t)(comma - r->p), &part) ||
		    !address(&part) || !skip(r, 1))
			return false;
	}
}

static bool is(const struct reader *text, const char *known)
{
	return left(text) == strlen(known) &&
	       memcmp(text->p, known, left(text)) == 0;
}

/* RFC 9580 5.2.3.24 */
static bool notation(struct reader *r)
{
	struct reader flags, name, value;
	size_t name_len, value_len;

	if (!cut(r, 4, &flags) || !number(r, 2, &name_len) ||
	    !number(r, 2, &value_len) || !cut(r, name_len, &name) ||
	    !cut(r, value_len, &value) || left(r) > 0)
		return false;
	/* the first says that it is text */
	if ((flags.p[0] & 0x7f) != 0 || flags.p[1] != 0 || flags.p[2] != 0 ||
	    flags.p[3] != 0)
		return false;
	if (is(&name, "relays@chatmail.at"))
		return relays(&value);
	return (is(&name, "salt@notations.openpgpjs.org") ||
		is(&name, "salt@notations.sequoia-pgp.org")) &&
	       value_len <= MAX_SALT && noise(&value, value_len);
}

static bool algorithms(const struct reader *r)
{
	const unsigned char *p;

	for (p = r->p; p < r->end; p++) {
		if (*p > MAX_ALGORITHM)
			return false;
	}
	return true;
}

static bool signature(struct reader *r, bool embedded);

/* RFC 9580 5.2.3.7 */
static bool subpacket(struct reader *r, size_t type, bool embedded)
{
	switch (type) {
	case 2: case 3: case 9: /* times */
		return left(r) == 4;
	case 4: case 7: case 25: /* yes or no */
		return left(r) == 1 && *r->p <= 1;
	case 11: case 21: case 22: case 34: case 39: /* preferences */
		return left(r) <= 32 && algorithms(r);
	case 16: /* issuer */
		return left(r) == 8 && noise(r, 8);
	case 20:
		return notation(r);
	case 23: case 27: case 30: /* flags */
		return left(r) <= 4;
	case 28: /* signer's user ID */
		return address(r);
	case 32:
		return !embedded && signature(r, true);
	case 33: /* issuer fingerprint */
		return (left(r) == 21 || left(r) == 33) && skip(r, 1) &&
		       noise(r, left(r));
	default:
		return false;
	}
}

static bool subpackets(struct reader *r, bool embedded)
{
	struct reader part;
	size_t len, type;
	uint64_t seen = 0;

	while (left(r) > 0) {
		if (!length(r, 255, &len) || len == 0 ||
		    !cut(r, len, &part) || !number(&part, 1, &type))
			return false;
		type &= 0x7f; /* the high bit: critical */
		if (type > 63 || (seen >> type & 1) != 0 ||
		    !subpacket(&part, type, embedded))
			return false;
		seen |= UINT64_C(1) << type;
	}
	return true;
}

/* RFC 9580 5.2.3, draft-ietf-openpgp-pqc */
static bool signature_material(struct reader *r, size_t algorithm)
{
	switch (algorithm) {
	case 1: case 3: /* RSA */
		return mpis(r, 1);
	case 17: case 19: case 22: /* DSA, ECDSA, EdDSA */
		return mpis(r, 2);
	case 27: /* Ed25519 */
		return noise(r, 64);
	case 28: /* Ed448 */
		return noise(r, 114);
	case 30: /* ML-DSA-65 + Ed25519 */
		return noise(r, 64 + 3309);
	case 31: /* ML-DSA-87 + Ed448 */
		return noise(r, 114 + 4627);
	case 32: /* SLH-DSA-SHAKE-128s */
		return noise(r, 7856);
	default:
		return false;
	}
}

static bool signature(struct reader *r, bool embedded)
{
	struct reader area;
	size_t version, algorithm, hash, len, i;

	if (!number(r, 1, &version) || (version != 4 && version != 6) ||
	    !skip(r, 1) || !number(r, 1, &algorithm) ||
	    !number(r, 1, &hash) || hash > MAX_ALGORITHM)
		return false;
	/* hashed, then unhashed */
	for (i = 0; i < 2; i++) {
		if (!number(r, version == 6 ? 4 : 2, &len) ||
		    !cut(r, len, &area) || !subpackets(&area, embedded))
			return false;
	}
	if (!skip(r, 2))
		return false;
	if (version == 6 && (!number(r, 1, &len) || len > MAX_SALT ||
			     !noise(r, len)))
		return false;
	return signature_material(r, algorithm) && left(r) == 0;
}

/* Sets the tag and cuts the body off. No partial or open lengths: those are
 * for data (RFC 9580 4.2.1.4). */
static bool packet(struct reader *r, unsigned int *tag_r, struct reader *body)
{
	size_t head, len;

	if (!number(r, 1, &head) || (head & 0x80) == 0)
		return false;
	if ((head & 0x40) == 0) {
		*tag_r = head >> 2 & 15;
		return (head & 3) != 3 &&
		       number(r, 1u << (head & 3), &len) && cut(r, len, body);
	}
	*tag_r = head & 0x3f;
	return length(r, 224, &len) && cut(r, len, body);
}

bool cm_openpgp_key_valid(const unsigned char *data, size_t size)
{
	struct sums sums = { { 0, 0 }, 0 };
	struct reader r = { data, data + size, &sums }, body;
	unsigned int tag, user_ids = 0, subkeys = 0, signatures = 0;

	if (size > CM_OPENPGP_MAX_KEY || !packet(&r, &tag, &body) ||
	    tag != TAG_KEY || !key(&body))
		return false;
	while (left(&r) > 0) {
		bool good;

		if (!packet(&r, &tag, &body))
			return false;
		switch (tag) {
		case TAG_SIGNATURE:
			good = ++signatures <= CM_OPENPGP_MAX_KEY_SIGNATURES &&
			       signature(&body, false);
			break;
		case TAG_USER_ID:
			good = ++user_ids <= CM_OPENPGP_MAX_KEY_USER_IDS &&
			       address(&body);
			break;
		case TAG_SUBKEY:
			good = ++subkeys <= CM_OPENPGP_MAX_KEY_SUBKEYS &&
			       key(&body);
			break;
		default:
			good = false;
		}
		if (!good)
			return false;
	}
	return signatures > 0 && cm_openpgp_noise_end(&sums.noise);
}
