/* SPDX-License-Identifier: MIT */
#include "cm-rate-private.h"
#include "cm-addr.h"

#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/* key: generation:16, fingerprint:48 */
#define FINGERPRINT_BITS 48
#define FINGERPRINT_MASK ((UINT64_C(1) << FINGERPRINT_BITS) - 1)

/* state: generation:4, long:28, short:32 */
#define SHORT_BITS 32
#define LONG_BITS 28
#define GENERATION_SHIFT (SHORT_BITS + LONG_BITS)
#define GENERATION_MASK UINT64_C(15)
#define SHORT_PER_LONG (CM_RATE_SHORT_HZ / CM_RATE_LONG_HZ)

/* claim: pending:1 (bit 0), slot:4, fingerprint:48, force:1; the sequence
 * above that */
#define CLAIM_PENDING UINT64_C(1)
#define CLAIM_SLOT_SHIFT 1
#define CLAIM_KEY_SHIFT 5
#define CLAIM_FORCE (UINT64_C(1) << 53)
#define CLAIM_SEQUENCE_SHIFT 54
#define CLAIM_SEQUENCE_ONE (UINT64_C(1) << CLAIM_SEQUENCE_SHIFT)

/* Each try fails only because another process got something done. A file with
 * foreign bytes in it must not make us spin, though. */
#define MAX_TRIES 100000

_Static_assert((uint64_t)CM_RATE_TABLE_MAX_AGE * CM_RECENT_HZ <
	       UINT64_C(1) << CM_RECENT_TIME_BITS, "times of cm-recent.h fit");
_Static_assert(CM_RATE_TABLE_SLOTS <= 1 << (CLAIM_KEY_SHIFT -
					    CLAIM_SLOT_SHIFT), "slot bits");
_Static_assert((CM_RATE_TABLE_MAX_AGE + CM_RATE_MAX_AHEAD) *
	       CM_RATE_SHORT_HZ < UINT64_C(1) << SHORT_BITS, "short TAT fits");
_Static_assert((CM_RATE_TABLE_MAX_AGE + CM_RATE_MAX_AHEAD) *
	       CM_RATE_LONG_HZ < UINT64_C(1) << LONG_BITS, "long TAT fits");

/* What one decision works with. */
struct look {
	struct cm_rate_group *group;
	uint64_t fingerprint;
	uint64_t now_short, now_long;
	uint64_t claim;
	unsigned int slot;
	uint64_t state;
};

static uint64_t get_short(uint64_t state)
{
	return state & ((UINT64_C(1) << SHORT_BITS) - 1);
}

static uint64_t get_long(uint64_t state)
{
	return state >> SHORT_BITS & ((UINT64_C(1) << LONG_BITS) - 1);
}

static uint64_t pack(uint64_t generation, uint64_t tat_long,
		     uint64_t tat_short)
{
	return (generation & GENERATION_MASK) << GENERATION_SHIFT |
	       tat_long << SHORT_BITS | tat_short;
}

/* The moment, in short ticks, from which on the state says nothing. */
static uint64_t idle_from(uint64_t state)
{
	uint64_t tat_long = get_long(state) * SHORT_PER_LONG;
	uint64_t tat_short = get_short(state);

	return tat_long > tat_short ? tat_long : tat_short;
}

static bool is_idle(uint64_t state, const struct look *look)
{
	return get_short(state) <= look->now_short &&
	       get_long(state) <= look->now_long;
}

/* How many generations state is ahead of key: 0 = it belongs to it. */
static uint64_t ahead(uint64_t key, uint64_t state)
{
	return ((state >> GENERATION_SHIFT) - (key >> FINGERPRINT_BITS)) &
	       GENERATION_MASK;
}

static bool swap(_Atomic uint64_t *word, uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong(word, &from, to);
}

static void clear_claim(struct look *look)
{
	(void)swap(&look->group->claim, look->claim,
		   (look->claim & ~(CLAIM_SEQUENCE_ONE - 1)) +
		   CLAIM_SEQUENCE_ONE);
}

/* Looks for the account, and for the slot that it could have. */
static bool find(struct look *look, bool *force_r)
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	*force_r = false;
	look->slot = 0;
	for (i = 0; i < CM_RATE_TABLE_SLOTS; i++) {
		struct cm_rate_slot *slot = &look->group->slot[i];
		uint64_t key = atomic_load(&slot->key);
		uint64_t state = atomic_load(&slot->state);
		uint64_t rank;

		/* what does not belong together is garbage, or a claim that
		 * came meanwhile and will make ours fail */
		if (ahead(key, state) != 0 || key == 0) {
			rank = 0;
		} else if ((key & FINGERPRINT_MASK) == look->fingerprint) {
			look->slot = i;
			look->state = state;
			return true;
		} else {
			rank = 1 + idle_from(state);
		}
		if (rank < best) {
			best = rank;
			look->slot = i;
			*force_r = rank > 0 && !is_idle(state, look);
		}
	}
	return false;
}

/* Is this claim still right? Between its maker's look at the group and the
 * claim, others may have come; while it is pending, nobody can. */
static bool claim_holds(const struct look *look, uint64_t fingerprint,
			unsigned int slot, bool idle)
{
	struct look now = *look;
	bool force;

	now.fingerprint = fingerprint;
	if (find(&now, &force))
		return false;
	return idle || ((look->claim & CLAIM_FORCE) != 0 && now.slot == slot);
}

/* Carries out one step of the claim that look->claim holds, whoever's it is.
 * Each step is a swap from words that were read while the claim was pending,
 * so a step that another already did, however long ago, fails. */
static void help(struct cm_rate_header *header, struct look *look)
{
	uint64_t claim = look->claim;
	unsigned int number = claim >> CLAIM_SLOT_SHIFT &
		(CM_RATE_TABLE_SLOTS - 1);
	struct cm_rate_slot *slot = &look->group->slot[number];
	uint64_t fingerprint = claim >> CLAIM_KEY_SHIFT & FINGERPRINT_MASK;
	uint64_t key = atomic_load(&slot->key);
	uint64_t state = atomic_load(&slot->state), fresh;
	uint64_t generation = key >> FINGERPRINT_BITS;
	bool idle = is_idle(state, look);

	if (atomic_load(&look->group->claim) != claim)
		return;
	if (ahead(key, state) == 1) {
		(void)swap(&slot->key, key,
			   (generation + 1) << FINGERPRINT_BITS | fingerprint);
		return;
	}
	/* done, or its owner came back in the meantime */
	if (ahead(key, state) == 0 &&
	    !claim_holds(look, fingerprint, number, idle)) {
		clear_claim(look);
		return;
	}
	/* Now, not 0: a state that nobody can have seen before, and that
	 * makes it the youngest of the idle. */
	fresh = pack(generation + 1, look->now_long, look->now_short);
	if (swap(&slot->state, state, fresh) && !idle)
		atomic_fetch_add(&header->evicted, 1);
}

static void put_claim(struct look *look, bool force)
{
	uint64_t sequence = look->claim & ~(CLAIM_SEQUENCE_ONE - 1);

	(void)swap(&look->group->claim, look->claim,
		   sequence | (force ? CLAIM_FORCE : 0) |
		   look->fingerprint << CLAIM_KEY_SHIFT |
		   (uint64_t)look->slot << CLAIM_SLOT_SHIFT | CLAIM_PENDING);
}

static uint64_t to_ms(uint64_t ticks, uint64_t hz)
{
	return (ticks * 1000 + hz - 1) / hz;
}

/* By the account's state, which becomes the next one if allowed. */
static bool decide(const struct look *look,
		   const struct cm_rate_limits *limits, uint64_t *state,
		   uint64_t *wait_ms_r)
{
	uint64_t tat_short = get_short(*state), tat_long = get_long(*state);
	uint64_t wait_short, wait_long;
	bool brief = cm_rate_take(&limits->brief, look->now_short, &tat_short,
				  &wait_short);
	bool daily = cm_rate_take(&limits->daily, look->now_long, &tat_long,
				  &wait_long);

	if (brief && daily) {
		*state = pack(*state >> GENERATION_SHIFT, tat_long, tat_short);
		return true;
	}
	wait_short = to_ms(wait_short, CM_RATE_SHORT_HZ);
	wait_long = to_ms(wait_long, CM_RATE_LONG_HZ);
	*wait_ms_r = wait_short > wait_long ? wait_short : wait_long;
	return false;
}

static enum cm_rate_result
take(struct cm_rate_header *header, struct look *look,
     const struct cm_rate_limits *limits, bool charge, uint64_t *wait_ms_r)
{
	unsigned int tries;
	uint64_t state;
	bool force;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		look->claim = atomic_load(&look->group->claim);
		if ((look->claim & CLAIM_PENDING) != 0) {
			help(header, look);
			continue;
		}
		if (!find(look, &force)) {
			if (charge) {
				put_claim(look, force);
				continue;
			}
			look->state = 0;
		}
		state = look->state;
		if (!decide(look, limits, &state, wait_ms_r))
			return CM_RATE_DENIED;
		if (!charge || swap(&look->group->slot[look->slot].state,
				    look->state, state))
			return CM_RATE_ALLOWED;
	}
	return CM_RATE_FAILED;
}

/* a * b / 2^64 */
static uint64_t scale(uint64_t a, uint64_t b)
{
	uint64_t low = (a & UINT32_MAX) * b, high = (a >> 32) * b;

	/* b is below 2^32: neither product overflows */
	return (high + (low >> 32)) >> 32;
}

/* 0, or -1: not open, no name, or so late that this file is to be replaced. */
static int start(const struct cm_rate_table *table, const char *name,
		 uint64_t now, uint64_t *hash_r, uint64_t *ns_r)
{
	const struct cm_rate_header *header = table->header;
	char lower[CM_ADDR_MAX + 1];
	size_t len = strlen(name);

	if (header == NULL || len >= sizeof(lower))
		return -1;
	*ns_r = now > header->epoch ? now - header->epoch : 0;
	if (*ns_r / NS_PER_SECOND >= CM_RATE_TABLE_MAX_AGE)
		return -1;
	memcpy(lower, name, len + 1);
	cm_ascii_lower(lower);
	*hash_r = cm_siphash(header->key, lower, len);
	return 0;
}

bool cm_rate_table_noted(const struct cm_rate_table *table, const char *name,
			 uint64_t now)
{
	uint64_t hash, ns;

	return start(table, name, now, &hash, &ns) == 0 &&
	       cm_recent_has(cm_rate_recent(table), hash,
			     ns / (NS_PER_SECOND / CM_RECENT_HZ));
}

void cm_rate_table_note(struct cm_rate_table *table, const char *name,
			uint64_t now)
{
	uint64_t hash, ns;

	if (start(table, name, now, &hash, &ns) == 0)
		cm_recent_note(cm_rate_recent(table), hash,
			       ns / (NS_PER_SECOND / CM_RECENT_HZ));
}

enum cm_rate_result
cm_rate_table_take(struct cm_rate_table *table, const char *name,
		   const struct cm_rate_limits *limits, uint64_t now,
		   bool charge, uint64_t *wait_ms_r)
{
	struct cm_rate_header *header = table->header;
	struct look look;
	uint64_t hash, ns;

	*wait_ms_r = 0;
	if (start(table, name, now, &hash, &ns) < 0)
		return CM_RATE_FAILED;

	look.group = &cm_rate_groups(table)[scale(hash, header->groups)];
	/* a key of 0 means that the slot was never used */
	look.fingerprint = hash & FINGERPRINT_MASK;
	if (look.fingerprint == 0)
		look.fingerprint = 1;
	look.now_short = ns / NS_PER_SECOND * CM_RATE_SHORT_HZ +
		ns % NS_PER_SECOND * CM_RATE_SHORT_HZ / NS_PER_SECOND;
	look.now_long = look.now_short / SHORT_PER_LONG;
	look.slot = 0;
	look.state = 0;
	return take(header, &look, limits, charge, wait_ms_r);
}

uint64_t cm_rate_table_evicted(const struct cm_rate_table *table)
{
	return table->header == NULL ? 0 :
		atomic_load(&table->header->evicted);
}
