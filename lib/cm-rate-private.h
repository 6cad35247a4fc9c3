/* SPDX-License-Identifier: MIT
 *
 * Between cm-rate-file.c (the file) and cm-rate-table.c (what is in it). The
 * layout is described in cm-rate-table.h.
 */
#ifndef CM_RATE_PRIVATE_H
#define CM_RATE_PRIVATE_H

#include "cm-rate-table.h"
#include "cm-recent.h"

#include <stdatomic.h>

#define CM_RATE_HEADER_SIZE 4096
#define CM_RATE_MAGIC "CMRATE\r\n"
#define CM_RATE_VERSION 2
/* Read as a number: tells another byte order. */
#define CM_RATE_BYTE_ORDER UINT32_C(0x01020304)

struct cm_rate_header {
	char magic[8];
	uint32_t version, byte_order;
	uint32_t header_size, group_size;
	uint64_t groups;
	uint64_t boot;
	uint64_t epoch; /* nanoseconds */
	unsigned char key[CM_SIPHASH_KEY_SIZE];
	_Atomic uint64_t evicted;
};

struct cm_rate_slot {
	_Atomic uint64_t key, state;
};

struct cm_rate_group {
	_Atomic uint64_t claim;
	struct cm_rate_slot slot[CM_RATE_TABLE_SLOTS];
};

_Static_assert(sizeof(struct cm_rate_header) <= CM_RATE_HEADER_SIZE, "header");
_Static_assert(sizeof(struct cm_rate_group) ==
	       8 + CM_RATE_TABLE_SLOTS * 16, "group");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2,
	       "between processes only lock-free atomics work");

static inline struct cm_recent *
cm_rate_recent(const struct cm_rate_table *table)
{
	return (void *)((char *)table->header + CM_RATE_HEADER_SIZE);
}

static inline struct cm_rate_group *
cm_rate_groups(const struct cm_rate_table *table)
{
	return (void *)(cm_rate_recent(table) + 1);
}

#endif
