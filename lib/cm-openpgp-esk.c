/* SPDX-License-Identifier: MIT */
#include "cm-openpgp-esk.h"

/* What is left to read of a packet body. */
struct reader {
	const unsigned char *p, *end;
	struct cm_openpgp_noise *noise;
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

/* As skip(), over what must look random. */
static bool skip_noise(struct reader *r, size_t n)
{
	const unsigned char *data = r->p;

	return skip(r, n) && cm_openpgp_noise_feed(r->noise, data, n);
}

static bool octet(struct reader *r, unsigned int *c_r)
{
	if (left(r) == 0)
		return false;
	*c_r = *r->p++;
	return true;
}

/* A multiprecision integer: bit count, then that many bits (RFC 9580 3.2).
 * The count need not be exact: some writers count whole octets. */
static bool mpi(struct reader *r)
{
	unsigned int hi, lo, bits;
	size_t size;

	if (!octet(r, &hi) || !octet(r, &lo))
		return false;
	bits = hi << 8 | lo;
	size = (bits + 7) / 8;
	return bits > 0 && skip_noise(r, size);
}

/* One octet of length, then that many octets, at least min. */
static bool counted(struct reader *r, size_t min)
{
	unsigned int n;

	return octet(r, &n) && n >= min && skip_noise(r, n);
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
		return skip_noise(r, 32) && counted(r, 16);
	case 26: /* X448 */
		return skip_noise(r, 56) && counted(r, 16);
	case 35: /* ML-KEM-768 + X25519 */
		return skip_noise(r, 32 + 1088) && counted(r, 16);
	case 36: /* ML-KEM-1024 + X448 */
		return skip_noise(r, 56 + 1568) && counted(r, 16);
	default:
		return false;
	}
}

static bool all_zero(const unsigned char *p, size_t n)
{
	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

bool cm_openpgp_pkesk_valid(const unsigned char *body, size_t size,
			    struct cm_openpgp_noise *noise)
{
	struct reader r = { body, body + size, noise };
	unsigned int version, algorithm, n;

	if (!octet(&r, &version))
		return false;
	if (version == 3) {
		/* key ID, zero for anonymous */
		if (left(&r) < 8 ||
		    !(all_zero(r.p, 8) ? skip(&r, 8) : skip_noise(&r, 8)))
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
			    !skip_noise(&r, n - 1))
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
		return skip(r, 1) && skip_noise(r, 8);
	case 3: /* iterated and salted: hash, salt, count */
		return skip(r, 1) && skip_noise(r, 8) && skip(r, 1);
	case 4: /* Argon2: salt, t, p, m */
		return skip_noise(r, 16) && skip(r, 3);
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
	return aead >= 1 && aead <= 3 && skip_noise(r, nonce_sizes[aead]) &&
	       left(r) >= 16 + 16 && left(r) <= 32 + 16 &&
	       skip_noise(r, left(r));
}

bool cm_openpgp_skesk_valid(const unsigned char *body, size_t size,
			    struct cm_openpgp_noise *noise)
{
	struct reader r = { body, body + size, noise }, inner;
	unsigned int version, cipher, aead, fields, n;

	if (!octet(&r, &version))
		return false;
	if (version == 4) {
		/* an encrypted session key (algorithm and key) may follow */
		return octet(&r, &cipher) && cipher_valid(cipher) &&
		       s2k(&r) &&
		       (left(&r) == 0 ||
			(left(&r) >= 17 && left(&r) <= 33 &&
			 skip_noise(&r, left(&r))));
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
	inner.noise = noise;
	return s2k(&inner) && left(&inner) == 0 && skip(&r, n) &&
	       nonce_and_key(&r, aead);
}
