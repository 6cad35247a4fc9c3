/* SPDX-License-Identifier: MIT */
#include "cm-recent.h"

#define TIME_MASK ((UINT64_C(1) << CM_RECENT_TIME_BITS) - 1)

_Static_assert((CM_RECENT_SETS & (CM_RECENT_SETS - 1)) == 0, "sets by mask");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2,
	       "between processes only lock-free atomics work");

/* The lowest bits choose the set, the highest are kept. */
static unsigned int set_of(uint64_t hash)
{
	return (unsigned int)(hash & (CM_RECENT_SETS - 1));
}

/* 0 is a word that was never used: a time in there is one more than it was. */
static uint64_t word_of(uint64_t hash, uint64_t now)
{
	return (hash & ~TIME_MASK) | ((now + 1) & TIME_MASK);
}

static uint64_t read_word(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

bool cm_recent_has(const struct cm_recent *recent, uint64_t hash, uint64_t now)
{
	const _Atomic uint64_t *set = recent->word[set_of(hash)];
	unsigned int i;
	uint64_t word, age;

	for (i = 0; i < CM_RECENT_WAYS; i++) {
		word = read_word(&set[i]);
		age = (word_of(hash, now) - word) & TIME_MASK;
		if (((word ^ hash) & ~TIME_MASK) == 0 && word != 0 &&
		    age < CM_RECENT_HZ)
			return true;
	}
	return false;
}

void cm_recent_note(struct cm_recent *recent, uint64_t hash, uint64_t now)
{
	_Atomic uint64_t *set = recent->word[set_of(hash)];
	unsigned int i, oldest = 0;
	uint64_t word;

	for (i = 0; i < CM_RECENT_WAYS; i++) {
		word = read_word(&set[i]);
		if (((word ^ hash) & ~TIME_MASK) == 0) {
			oldest = i;
			break;
		}
		if ((word & TIME_MASK) <
		    (read_word(&set[oldest]) & TIME_MASK))
			oldest = i;
	}
	atomic_store_explicit(&set[oldest], word_of(hash, now),
			      memory_order_relaxed);
}
