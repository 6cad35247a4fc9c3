/* SPDX-License-Identifier: MIT
 *
 * cm-push-queue: which accounts' devices are to be told of new mail, and when.
 *
 * One entry is one account: all its live tokens are told. An account that
 * waits already is not taken in twice (coalescing); who asks for the notice
 * then is told of the newest message, and in time for it: the schedule and
 * the deadline start anew. A message that comes while its account's notice is
 * being sent makes one more notice of each token, because the device may have
 * looked just before.
 *
 * CM_PUSH_BASE_DELAY_MS lie between a failure and the next try, whatever comes,
 * for the token that failed: others of the account, if one of them could be
 * told, hear of the next message at once.
 *
 * The schedule is chatmail/relay's (1.12, notifier.py): after the
 * n-th failure wait 8^n seconds, give up after CM_PUSH_MAX_TRIES tries or when
 * the next one would come more than CM_PUSH_DEADLINE_MS behind the message.
 *
 * Tokens are not kept here. They stand in the account's metadata.json only and
 * are read anew for each try; what an entry remembers is a digest of those
 * that had this notice (cm_push_digest()).
 *
 *	while (room && (entry = cm_push_queue_next(queue, now, &wait)) != NULL) {
 *		... send to all tokens but those that cm_push_is_done() or
 *		... cm_push_is_failed(); cm_push_set_done() for each that was
 *		... taken, cm_push_queue_set_failed() for the others
 *		fate = cm_push_queue_finish(queue, entry, failed, now);
 *	}
 *
 * The caller gives the time: milliseconds since 1970 of a clock that does not
 * go back while the program runs. Bounded memory (about 600 bytes and the name
 * per account); nothing is shared, no globals, not thread-safe.
 */
#ifndef CM_PUSH_QUEUE_H
#define CM_PUSH_QUEUE_H

#include "cm-account-dir.h"
#include "cm-devicetoken.h"
#include "cm-siphash.h"

#include <stdbool.h>
#include <stdint.h>

/* Accounts that wait at one time; more of them wait in the spool. */
#define CM_PUSH_MAX_ACCOUNTS 65536
#define CM_PUSH_BASE_DELAY_MS 8000
#define CM_PUSH_MAX_TRIES 5
#define CM_PUSH_DEADLINE_MS (INT64_C(5) * 60 * 60 * 1000)
#define CM_PUSH_MAX_SPEED 1000

/* What survives a restart (cm-push-record.h writes it down). */
struct cm_push_notice {
	int64_t start;	    /* when the newest message came */
	int64_t tried;	    /* when the last try began or, if it failed, ended;
			     * 0: none yet */
	unsigned int tries; /* that failed; < CM_PUSH_MAX_TRIES */
	unsigned int done_count;
	uint64_t done[CM_DEVICETOKEN_MAX_TOKENS]; /* told already */
};

struct cm_push_entry {
	struct cm_push_notice notice;

	/* cm_push_queue_* only */
	bool sending;
	bool told;	   /* a token was taken since this came in */
	unsigned int heap; /* index in the heap; while not sending */
	int64_t due;
	/* tokens that failed: until then they are not tried */
	int64_t failed_until;
	unsigned int failed_count;
	uint64_t failed[CM_DEVICETOKEN_MAX_TOKENS];
	struct cm_push_entry *next; /* in its bucket */

	char name[]; /* the account */
};

struct cm_push_queue;

/* key: random, so that nobody can choose names that share a bucket.
 * max_accounts: 1 to CM_PUSH_MAX_ACCOUNTS. speed: 1; tests divide all times of
 * the schedule by more, at most CM_PUSH_MAX_SPEED. NULL: outside of that, or
 * out of memory. */
struct cm_push_queue *
cm_push_queue_new(unsigned int max_accounts, unsigned int speed,
		  const unsigned char key[CM_SIPHASH_KEY_SIZE]);
void cm_push_queue_free(struct cm_push_queue **queue);

unsigned int cm_push_queue_count(const struct cm_push_queue *queue);

/* Does this account wait, or is it being told? */
bool cm_push_queue_has(const struct cm_push_queue *queue, const char *name);

/* Is there room for one more account? */
bool cm_push_queue_has_room(const struct cm_push_queue *queue);

/* When a message came by the clock of `now`, if the wall clock, which may be set
 * meanwhile, was at `written` then and is at `wall` now. One from its future
 * came now. */
int64_t cm_push_start(int64_t written, int64_t wall, int64_t now);

/* A message came for this account at `start`. 1, or 0 if it was there already;
 * -1: no room or no memory, and nothing changed. If it is being sent: what is
 * under way is for an older message (no cm_push_set_done() any more), and no
 * token is done. */
int cm_push_queue_add(struct cm_push_queue *queue, const char *name,
		      int64_t start, int64_t now);

/* The same after a restart, going on where the notice was. Times in the
 * future, from a clock that was wrong, become now. */
int cm_push_queue_load(struct cm_push_queue *queue, const char *name,
		       const struct cm_push_notice *notice, int64_t now);

/* The entry that is due for longest; it is then being sent, until
 * cm_push_queue_finish(). NULL if none is due: *wait_r says in how many
 * milliseconds one will be, -1 for never. */
struct cm_push_entry *cm_push_queue_next(struct cm_push_queue *queue,
					 int64_t now, int64_t *wait_r);

/* What is to be done with an entry that is due: */
enum cm_push_step {
	CM_PUSH_SEND,
	CM_PUSH_HOLD,	       /* we cannot look: counts as a failed try */
	CM_PUSH_DROP_LATE,     /* behind its deadline */
	CM_PUSH_DROP_ACCOUNT,  /* the account was deleted */
	CM_PUSH_DROP_TOKENS    /* no device wants to be told any more */
};

/* late: cm_push_queue_is_late(). account: what looking for it and for its
 * tokens came to; CM_DIR_UNKNOWN, it was deleted meanwhile. tokens: how many of
 * its live tokens are not done yet. */
enum cm_push_step cm_push_step(bool late, enum cm_dir_result account,
			       unsigned int tokens);

bool cm_push_queue_is_late(const struct cm_push_queue *queue,
			   const struct cm_push_entry *entry, int64_t now);

/* What an answer of the notification proxy means. */
enum cm_push_answer {
	CM_PUSH_TAKEN, /* the token is told */
	CM_PUSH_GONE,  /* it is not valid any more: remove it */
	CM_PUSH_LATER  /* try again */
};

/* http_status: 0 if there was no answer at all. */
enum cm_push_answer cm_push_answer(long http_status);

/* The proxy as such, by its answers. One token that always fails says nothing
 * about it: CM_PUSH_PROXY_FAILURES in a row do. */
#define CM_PUSH_PROXY_FAILURES 10

struct cm_push_proxy {
	unsigned int failures; /* since the last success */
};

enum cm_push_news {
	CM_PUSH_NO_NEWS,
	CM_PUSH_PROXY_FAILS, /* once, until it */
	CM_PUSH_PROXY_WORKS  /* again */
};

/* *failures_r: how many there were in a row. */
enum cm_push_news cm_push_proxy_answer(struct cm_push_proxy *proxy,
				       enum cm_push_answer answer,
				       unsigned int *failures_r);

/* Neither the token nor the account can be told from it. */
uint64_t cm_push_digest(const char *token);

void cm_push_set_done(struct cm_push_entry *entry, uint64_t digest);
bool cm_push_is_done(const struct cm_push_notice *notice, uint64_t digest);

/* This token was tried and not taken. It is left out for a while, even if a
 * message comes. */
void cm_push_queue_set_failed(const struct cm_push_queue *queue,
			      struct cm_push_entry *entry, uint64_t digest,
			      int64_t now);
bool cm_push_is_failed(const struct cm_push_entry *entry, uint64_t digest);

enum cm_push_fate {
	CM_PUSH_FINISHED, /* remove it from the spool; entry is freed */
	CM_PUSH_EXPIRED,  /* the same, but not all tokens were told */
	CM_PUSH_RETRY	  /* write entry->notice to the spool */
};

/* failed: a token was tried for the newest message and not taken. If none was,
 * those that failed before it are left. */
enum cm_push_fate cm_push_queue_finish(struct cm_push_queue *queue,
				       struct cm_push_entry *entry,
				       bool failed, int64_t now);

#endif
