/* SPDX-License-Identifier: MIT */
#include "cm-auth-known.h"

#include "hmac.h"
#include "randgen.h"
#include "safe-memset.h"

#include "cm-digest-lru.h"

struct cm_auth_known {
	unsigned char key[SHA256_RESULTLEN];
	struct cm_digest_lru *lru;
};

struct cm_auth_known *cm_auth_known_new(unsigned int size)
{
	struct cm_auth_known *known;
	struct cm_digest_lru *lru = cm_digest_lru_new(size);

	if (lru == NULL)
		return NULL;
	known = i_new(struct cm_auth_known, 1);
	known->lru = lru;
	random_fill(known->key, sizeof(known->key));
	return known;
}

void cm_auth_known_free(struct cm_auth_known **_known)
{
	struct cm_auth_known *known = *_known;

	*_known = NULL;
	if (known == NULL)
		return;
	cm_digest_lru_free(&known->lru);
	safe_memset(known->key, 0, sizeof(known->key));
	i_free(known);
}

/* No part can hold a NUL, so the NULs between them keep the parts apart. */
static void digest(const struct cm_auth_known *known, const char *name,
		   const char *hash, const char *password,
		   unsigned char digest_r[SHA256_RESULTLEN])
{
	struct hmac_context hmac;

	hmac_init(&hmac, known->key, sizeof(known->key), &hash_method_sha256);
	hmac_update(&hmac, name, strlen(name) + 1);
	hmac_update(&hmac, hash, strlen(hash) + 1);
	hmac_update(&hmac, password, strlen(password));
	hmac_final(&hmac, digest_r);
	safe_memset(&hmac, 0, sizeof(hmac));
}

bool cm_auth_known_has(struct cm_auth_known *known, const char *name,
		       const char *hash, const char *password)
{
	unsigned char buf[CM_DIGEST_LRU_SIZE];

	if (known == NULL)
		return FALSE;
	digest(known, name, hash, password, buf);
	return cm_digest_lru_has(known->lru, buf);
}

void cm_auth_known_add(struct cm_auth_known *known, const char *name,
		       const char *hash, const char *password)
{
	unsigned char buf[CM_DIGEST_LRU_SIZE];

	if (known == NULL)
		return;
	digest(known, name, hash, password, buf);
	cm_digest_lru_add(known->lru, buf);
}
