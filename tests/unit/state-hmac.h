/* SPDX-License-Identifier: MIT
 *
 * A cm_state_hmac_fn that needs no library: four SipHashes. What it gives is
 * as different for different data as tests need it.
 */
#ifndef STATE_HMAC_H
#define STATE_HMAC_H

#include "cm-siphash.h"
#include "cm-state.h"

#include <string.h>

static inline void state_hmac(const void *key, size_t key_size,
			      const void *first, size_t first_size,
			      const void *second, size_t second_size,
			      unsigned char mac_r[CM_STATE_MAC_SIZE])
{
	unsigned char sip_key[CM_SIPHASH_KEY_SIZE] = { 0 }, text[1024];
	uint64_t hash;
	size_t i;

	assert_true(first_size + second_size <= sizeof(text));
	memcpy(text, first, first_size);
	memcpy(text + first_size, second, second_size);
	for (i = 0; i < key_size; i++)
		sip_key[i % sizeof(sip_key)] ^= ((const unsigned char *)key)[i];
	for (i = 0; i < CM_STATE_MAC_SIZE; i += sizeof(hash)) {
		sip_key[0]++;
		hash = cm_siphash(sip_key, text, first_size + second_size);
		memcpy(mac_r + i, &hash, sizeof(hash));
	}
}

#endif
