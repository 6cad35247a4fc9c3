/* SPDX-License-Identifier: MIT
 *
 * cm-hmac: Dovecot's HMAC in the form that lib asks its callers for.
 */
#ifndef CM_HMAC_H
#define CM_HMAC_H

#include "hmac.h"
#include "sha2.h"

/* cm_state_hmac_fn (cm-state.h) */
static inline void cm_hmac_sha256(const void *key, size_t key_size,
				  const void *first, size_t first_size,
				  const void *second, size_t second_size,
				  unsigned char mac_r[SHA256_RESULTLEN])
{
	struct hmac_context hmac;

	hmac_init(&hmac, key, key_size, &hash_method_sha256);
	hmac_update(&hmac, first, first_size);
	hmac_update(&hmac, second, second_size);
	hmac_final(&hmac, mac_r);
}

#endif
