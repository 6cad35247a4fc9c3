/* SPDX-License-Identifier: MIT */
#include "cm-digest-lru.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct entry {
	unsigned char digest[CM_DIGEST_LRU_SIZE];
	uint32_t older, newer; /* in the order of use */
	uint32_t next;	       /* in its bucket */
};

struct cm_digest_lru {
	struct entry *entries;
	uint32_t *buckets; /* index of an entry plus 1, 0: empty */
	uint32_t capacity, used, bucket_mask;
	uint32_t oldest, newest;
};

struct cm_digest_lru *cm_digest_lru_new(unsigned int capacity)
{
	struct cm_digest_lru *lru;
	uint32_t buckets = 1;

	if (capacity == 0 || capacity > CM_DIGEST_LRU_MAX)
		return NULL;
	while (buckets < capacity)
		buckets *= 2;
	lru = calloc(1, sizeof(*lru));
	if (lru == NULL)
		return NULL;
	lru->entries = calloc(capacity, sizeof(*lru->entries));
	lru->buckets = calloc(buckets, sizeof(*lru->buckets));
	if (lru->entries == NULL || lru->buckets == NULL) {
		cm_digest_lru_free(&lru);
		return NULL;
	}
	lru->capacity = capacity;
	lru->bucket_mask = buckets - 1;
	lru->oldest = lru->newest = NONE;
	return lru;
}

/* A store that the compiler must not leave out before free(). */
static void wipe(void *data, size_t size)
{
	volatile unsigned char *p = data;

	while (size-- > 0)
		*p++ = 0;
}

void cm_digest_lru_free(struct cm_digest_lru **_lru)
{
	struct cm_digest_lru *lru = *_lru;

	*_lru = NULL;
	if (lru == NULL)
		return;
	if (lru->entries != NULL)
		wipe(lru->entries, lru->used * sizeof(*lru->entries));
	free(lru->entries);
	free(lru->buckets);
	free(lru);
}

static uint32_t *bucket(struct cm_digest_lru *lru, const unsigned char *digest)
{
	uint32_t n;

	memcpy(&n, digest, sizeof(n));
	return &lru->buckets[n & lru->bucket_mask];
}

static uint32_t find(struct cm_digest_lru *lru, const unsigned char *digest)
{
	uint32_t i = *bucket(lru, digest);

	while (i != 0) {
		if (memcmp(lru->entries[i - 1].digest, digest,
			   CM_DIGEST_LRU_SIZE) == 0)
			return i - 1;
		i = lru->entries[i - 1].next;
	}
	return NONE;
}

static void list_remove(struct cm_digest_lru *lru, uint32_t i)
{
	struct entry *entry = &lru->entries[i];

	if (entry->older != NONE)
		lru->entries[entry->older].newer = entry->newer;
	else
		lru->oldest = entry->newer;
	if (entry->newer != NONE)
		lru->entries[entry->newer].older = entry->older;
	else
		lru->newest = entry->older;
}

static void list_append(struct cm_digest_lru *lru, uint32_t i)
{
	struct entry *entry = &lru->entries[i];

	entry->older = lru->newest;
	entry->newer = NONE;
	if (lru->newest != NONE)
		lru->entries[lru->newest].newer = i;
	else
		lru->oldest = i;
	lru->newest = i;
}

static void bucket_remove(struct cm_digest_lru *lru, uint32_t i)
{
	uint32_t *link = bucket(lru, lru->entries[i].digest);

	while (*link != i + 1)
		link = &lru->entries[*link - 1].next;
	*link = lru->entries[i].next;
}

bool cm_digest_lru_has(struct cm_digest_lru *lru,
		       const unsigned char digest[CM_DIGEST_LRU_SIZE])
{
	uint32_t i = find(lru, digest);

	if (i == NONE)
		return false;
	list_remove(lru, i);
	list_append(lru, i);
	return true;
}

void cm_digest_lru_add(struct cm_digest_lru *lru,
		       const unsigned char digest[CM_DIGEST_LRU_SIZE])
{
	uint32_t i, *head;

	if (cm_digest_lru_has(lru, digest))
		return;
	if (lru->used < lru->capacity)
		i = lru->used++;
	else {
		i = lru->oldest;
		list_remove(lru, i);
		bucket_remove(lru, i);
	}
	memcpy(lru->entries[i].digest, digest, CM_DIGEST_LRU_SIZE);
	head = bucket(lru, digest);
	lru->entries[i].next = *head;
	*head = i + 1;
	list_append(lru, i);
}
