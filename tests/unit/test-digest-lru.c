/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-digest-lru.h"

/* n in the bytes that choose the bucket, or behind them, so that all fall
 * into one */
static const unsigned char *digest(unsigned int n, bool collide)
{
	static unsigned char buf[CM_DIGEST_LRU_SIZE];

	memset(buf, 0x5a, sizeof(buf));
	memcpy(buf + (collide ? 8 : 0), &n, sizeof(n));
	return buf;
}

static const struct row {
	const char *name;
	unsigned int capacity, count;
	bool collide;
} rows[] = {
	{ "capacity - 1", 8, 7, false },
	{ "capacity", 8, 8, false },
	{ "capacity + 1", 8, 9, false },
	{ "one", 1, 1, false },
	{ "one after the other", 1, 2, false },
	{ "no power of two", 5, 12, false },
	{ "many", 1000, 5000, false },
	{ "collisions", 8, 8, true },
	{ "collisions over capacity", 8, 30, true },
};

static void keeps_the_last(void **state)
{
	const struct row *row = *state;
	struct cm_digest_lru *lru = cm_digest_lru_new(row->capacity);
	unsigned int i, first = row->count > row->capacity ?
		row->count - row->capacity : 0;

	assert_non_null(lru);
	for (i = 0; i < row->count; i++) {
		assert_false(cm_digest_lru_has(lru, digest(i, row->collide)));
		cm_digest_lru_add(lru, digest(i, row->collide));
		assert_true(cm_digest_lru_has(lru, digest(i, row->collide)));
	}
	for (i = 0; i < row->count; i++) {
		assert_int_equal(cm_digest_lru_has(lru,
						   digest(i, row->collide)),
				 i >= first);
	}
	cm_digest_lru_free(&lru);
	assert_null(lru);
}

static void use_keeps(void **state)
{
	struct cm_digest_lru *lru = cm_digest_lru_new(3);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		cm_digest_lru_add(lru, digest(i, true));
	assert_true(cm_digest_lru_has(lru, digest(0, true)));
	cm_digest_lru_add(lru, digest(1, true)); /* there already */
	cm_digest_lru_add(lru, digest(3, true)); /* 2 goes */
	assert_true(cm_digest_lru_has(lru, digest(0, true)));
	assert_true(cm_digest_lru_has(lru, digest(1, true)));
	assert_false(cm_digest_lru_has(lru, digest(2, true)));
	assert_true(cm_digest_lru_has(lru, digest(3, true)));
	cm_digest_lru_free(&lru);
}

static void every_bit_counts(void **state)
{
	struct cm_digest_lru *lru = cm_digest_lru_new(4);
	unsigned char other[CM_DIGEST_LRU_SIZE];
	unsigned int i;

	(void)state;
	cm_digest_lru_add(lru, digest(7, false));
	for (i = 0; i < CM_DIGEST_LRU_SIZE * 8; i++) {
		memcpy(other, digest(7, false), sizeof(other));
		other[i / 8] ^= (unsigned char)(1 << i % 8);
		assert_false(cm_digest_lru_has(lru, other));
	}
	assert_true(cm_digest_lru_has(lru, digest(7, false)));
	cm_digest_lru_free(&lru);
}

/* Beside a list that is searched from one end. */
static void like_a_list(void **state)
{
	enum { CAPACITY = 13, STEPS = 20000 };
	struct cm_digest_lru *lru = cm_digest_lru_new(CAPACITY);
	unsigned int list[CAPACITY], used = 0, step, n, i, random = 1;
	bool there;

	(void)state;
	for (step = 0; step < STEPS; step++) {
		random = random * 1103515245u + 12345u;
		n = (random >> 16) % 30;
		for (i = 0; i < used && list[i] != n; i++)
			;
		there = i < used;
		assert_int_equal(cm_digest_lru_has(lru, digest(n, n % 3 == 0)),
				 there);
		if (!there && (random & 0x8000) != 0)
			continue;
		if (!there) {
			cm_digest_lru_add(lru, digest(n, n % 3 == 0));
			i = used < CAPACITY ? used++ : CAPACITY - 1;
		}
		memmove(list + 1, list, i * sizeof(list[0]));
		list[0] = n;
	}
	cm_digest_lru_free(&lru);
}

static const struct size_row {
	const char *name;
	unsigned int capacity;
	bool expect;
} size_rows[] = {
	{ "0", 0, false },
	{ "1", 1, true },
	{ "max - 1", CM_DIGEST_LRU_MAX - 1, true },
	{ "max", CM_DIGEST_LRU_MAX, true },
	{ "max + 1", CM_DIGEST_LRU_MAX + 1, false },
};

static void capacity(void **state)
{
	const struct size_row *row = *state;
	struct cm_digest_lru *lru = cm_digest_lru_new(row->capacity);

	assert_int_equal(lru != NULL, row->expect);
	cm_digest_lru_free(&lru);
}

int main(void)
{
	cm_unit_rows(keeps_the_last, rows);
	cm_unit_test(use_keeps);
	cm_unit_test(every_bit_counts);
	cm_unit_test(like_a_list);
	cm_unit_rows(capacity, size_rows);
	return cm_unit_run();
}
