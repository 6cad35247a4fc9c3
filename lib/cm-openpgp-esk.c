/* SPDX-License-Identifier: MIT */
#include "cm-openpgp-esk.h"

/* What is left to read of a packet body. */
struct reader {
	const unsigned char *p, *end;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

static bool skip(struct reader *r, size_t n)
{
	if (left(r) < n)
		return false;
	r->p += n;
	return true;
}

static bool octet(struct reader *r, unsigned int *c_r)
{
	if (left(r) == 0)
		return false;
	*c_r = *r->p++;
	return true;
}

/* A multiprecision integer: bit count, then that many bits. The top bit must
 * be where the count says (RFC 9580 3.2); X25519 points of ECDH begin with
 * 0x40, so 263 bits. Some writers count whole octets, and anything above the
 * true count by less than eight is let through for them. */
static bool mpi(struct reader *r)
{
	unsigned int hi, lo, bits;
	size_t size;

	if (!octet(r, &hi) || !octet(r, &lo))
		return false;
	bits = hi << 8 | lo;
	size = (bits + 7) / 8;
	return bits > 0 && skip(r, size);
}

/* One octet of length, then that many octets, at least min. */
static bool counted(struct reader *r, size_t min)
{
	unsigned int n;

	return octet(r, &n) && n >= min && skip(r, n);
}

/* RFC 9580 5.1.3 to 5.1.7: what stands behind the algorithm octet. */
static bool esk_fields(struct reader *r, unsigned int algorithm)
{
	switch (algorithm) {
	case 1: /* RSA */
	case 2: /* RSA, encrypt only: obsolete, still seen */
		return mpi(r);
	case 16: /* Elgamal */
		return mpi(r) && mpi(r);
	case 18: /* ECDH: point, wrapped session key */
		return mpi(r) && counted(r, 16);
	case 25: /* X25519 */
		return skip(r, 32) && counted(r, 16);
	case 26: /* X448 */
		return skip(r, 56) && counted(r, 16);
	case 35: /* ML-KEM-768 + X25519 */
		return skip(r, 32 + 1088) && counted(r, 16);
	case 36: /* ML-KEM-1024 + X448 */
		return skip(r, 56 + 1568) && counted(r, 16);
	default:
		return false;
	}
}

bool cm_openpgp_pkesk_valid(const unsigned char *body, size_t size)
{
	struct reader r = { body, body + size };
	unsigned int version, algorithm, n;

	if (!octet(&r, &version))
		return false;
	if (version == 3) {
		if (!skip(&r, 8)) /* key id, zero for anonymous */
			return false;
	} else if (version == 6) {
		unsigned int key_version;

		/* length of key version and fingerprint, 0 for anonymous */
		if (!octet(&r, &n))
			return false;
		if (n > 0) {
			if (!octet(&r, &key_version) ||
			    !((key_version == 4 && n == 21) ||
			      (key_version == 6 && n == 33)) ||
			    !skip(&r, n - 1))
				return false;
		}
	} else {
		return false;
	}
	return octet(&r, &algorithm) && esk_fields(&r, algorithm) &&
	       left(&r) == 0;
}

/* RFC 9580 3.7.1. Sets what of the body is left behind it. */
static bool s2k(struct reader *r)
{
	unsigned int type;

	if (!octet(r, &type))
		return false;
	switch (type) {
	case 0: /* simple: hash */
		return skip(r, 1);
	case 1: /* salted: hash, salt */
		return skip(r, 1 + 8);
	case 3: /* iterated and salted: hash, salt, count */
		return skip(r, 1 + 8 + 1);
	case 4: /* Argon2: salt, t, p, m */
		return skip(r, 16 + 3);
	default:
		return false;
	}
}

static bool cipher_valid(unsigned int cipher)
{
	return cipher >= 1 && cipher <= 13 && cipher != 5 && cipher != 6;
}

/* EAX, OCB, GCM (RFC 9580 9.6) */
static const unsigned char nonce_sizes[] = { 0, 16, 15, 12 };

static bool nonce_and_key(struct reader *r, unsigned int aead)
{
	/* at least a 16 octet session key and the tag */
	return aead >= 1 && aead <= 3 && skip(r, nonce_sizes[aead]) &&
	       left(r) >= 16 + 16 && left(r) <= 32 + 16;
}

bool cm_openpgp_skesk_valid(const unsigned char *body, size_t size)
{
	struct reader r = { body, body + size }, inner;
	unsigned int version, cipher, aead, fields, n;

	if (!octet(&r, &version))
		return false;
	if (version == 4) {
		/* an encrypted session key (algorithm and key) may follow */
		return octet(&r, &cipher) && cipher_valid(cipher) &&
		       s2k(&r) &&
		       (left(&r) == 0 || (left(&r) >= 17 && left(&r) <= 33));
	}
	if (version == 5) {
		return octet(&r, &cipher) && cipher_valid(cipher) &&
		       octet(&r, &aead) && s2k(&r) && nonce_and_key(&r, aead);
	}
	if (version != 6)
		return false;
	/* v6 counts: the five fields up to the nonce, and the S2K in them */
	if (!octet(&r, &fields) || !octet(&r, &cipher) ||
	    !cipher_valid(cipher) || !octet(&r, &aead) || aead < 1 ||
	    aead > 3 || !octet(&r, &n) || left(&r) < n ||
	    fields != 3 + n + nonce_sizes[aead])
		return false;
	inner.p = r.p;
	inner.end = r.p + n;
	return s2k(&inner) && left(&inner) == 0 && skip(&r, n) &&
	       nonce_and_key(&r, aead);
}
