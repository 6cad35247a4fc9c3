/* SPDX-License-Identifier: MIT
 *
 * cm-rate-table: who sent how much lately, in a file that any number of
 * processes map (run_dir, so gone at reboot). No locks: every change is one
 * 64-bit compare-and-swap, and a process may die, or stop, at any instruction
 * without the others waiting or misreading.
 *
 * In host byte order:
 *
 *	4096 bytes  header: magic, version, geometry, boot, epoch, hash key
 *	256 KiB     names noted within the last second (cm-recent.h)
 *	264 bytes   per group: one claim word, then 16 slots of
 *		    8 bytes key    generation:16, fingerprint:48
 *		    8 bytes state  generation:4, long TAT:28, short TAT:32
 *
 * The key of an account is SipHash-2-4 of its name under a random key that
 * came into being with the file, so no address is in it and none can be found
 * by trying without reading the key (mode 0600). The upper part of the 64-bit
 * hash chooses the group, the lower 48 bits are stored: two accounts share an
 * entry with a chance of 2^-64 * (65536 / groups) per pair. 1,000,000 slots,
 * the default, are 16,766,240 bytes.
 *
 * TATs (cm-rate.h) are ticks since the epoch, the moment the file was made:
 * 1/1024 s for the short window, 1/64 s for the long one. Either field ends
 * after 48 days; before that can matter, at CM_RATE_TABLE_MAX_AGE, a fresh
 * file takes the place of the old one.
 *
 * A decision on an account that is there reads its slot and swaps the state
 * word. The generation in both words tells whether state still belongs to
 * key. To put an account in, a process writes a claim (sequence:10, force:1,
 * slot:4, fingerprint:48 and one bit for "pending") into the group's claim
 * word, and then whoever comes by looks whether it is still right and carries
 * it out: new state with the next generation, new key, claim cleared. Nobody decides in a group while a claim
 * is pending, so an account cannot get two slots. A slot whose TATs have
 * passed says nothing any more: the one idle for longest is taken, after
 * those never used. Only if all 16 slots of a group are in use at once, the
 * one nearest to idle is lost (counted: cm_rate_table_evicted()).
 */
#ifndef CM_RATE_TABLE_H
#define CM_RATE_TABLE_H

#include "cm-rate.h"
#include "cm-siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ticks per second of the two windows. */
#define CM_RATE_SHORT_HZ 1024
#define CM_RATE_LONG_HZ 64

#define CM_RATE_TABLE_SLOTS 16 /* per group */
/* Of cm_rate_table_params.accounts. */
#define CM_RATE_TABLE_MIN_ACCOUNTS CM_RATE_TABLE_SLOTS
#define CM_RATE_TABLE_MAX_ACCOUNTS 100000000

/* Seconds; with CM_RATE_MAX_AHEAD it stays below 2^22. */
#define CM_RATE_TABLE_MAX_AGE (32 * 86400)

#define CM_RATE_TABLE_MAX_NAME 64

struct cm_rate_table {
	struct cm_rate_header *header; /* mapped; NULL = not open */
	size_t size;
	int fd;
};

struct cm_rate_table_params {
	int dir_fd;
	const char *name; /* of the file; NAME.lock and NAME.new beside it */
	unsigned int accounts; /* rounded up to whole groups */
	/* The same as long as the machine runs, another after a reboot; 0 if
	 * unknown. */
	uint64_t boot;
	uint64_t now; /* nanoseconds of a clock that never goes back */
	unsigned char random[CM_SIPHASH_KEY_SIZE]; /* for a fresh file */
	bool create; /* false: look only, never make or replace */
};

struct cm_rate_limits {
	struct cm_rate_window brief, daily; /* SHORT_HZ, LONG_HZ */
};

enum cm_rate_result {
	CM_RATE_ALLOWED = 1,
	CM_RATE_DENIED = 0,
	CM_RATE_FAILED = -1 /* not open, or another's bytes in the file */
};

/* Opens the file, or makes it (0600) if there is none that fits: another
 * version, size, boot, or owner than ours, or too old. Of processes that do so
 * at once all get the same file. Waits at most a second for another that is
 * making it. 0, or -1 with errno. */
int cm_rate_table_open(struct cm_rate_table *table,
		       const struct cm_rate_table_params *params);

/* Takes one that is not open, too. */
void cm_rate_table_close(struct cm_rate_table *table);

/* Does it have to be opened anew: too old, or no longer the file of that
 * name? One system call; ask once a second. */
bool cm_rate_table_stale(const struct cm_rate_table *table, uint64_t now);

/* May `name` (lower-cased here) send one more message at `now`? If allowed,
 * it is counted, unless charge is false: then nothing is written about it. If
 * denied, nothing is counted and *wait_ms_r is the number of milliseconds, at
 * least 1, after which it may. */
enum cm_rate_result
cm_rate_table_take(struct cm_rate_table *table, const char *name,
		   const struct cm_rate_limits *limits, uint64_t now,
		   bool charge, uint64_t *wait_ms_r);

/* Was `name` noted less than a second before `now`, by any process? What the
 * note means is the caller's. False if the table is not open, too. */
bool cm_rate_table_noted(const struct cm_rate_table *table, const char *name,
			 uint64_t now);
void cm_rate_table_note(struct cm_rate_table *table, const char *name,
			uint64_t now);

/* How many accounts lost their slot while it was in use. */
uint64_t cm_rate_table_evicted(const struct cm_rate_table *table);

#endif
