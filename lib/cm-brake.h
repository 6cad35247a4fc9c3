/* SPDX-License-Identifier: MIT
 *
 * cm-brake: slows down guessing at one account's password, wherever the
 * guesses come from.
 *
 * The first failures within a window cost nothing. Behind them the logins to
 * that account go one after the other, each a delay behind the last; the
 * delay doubles with each failure. Who would have to wait for too long is
 * refused. A login counts as a failure until its answer is there, so guesses
 * that come all at once get no further than others.
 *
 * Bounded memory: CM_BRAKE_ENTRIES accounts in sets of CM_BRAKE_WAYS. In a
 * full set a new one takes the place of the one with the fewest failures and
 * logins under way, the oldest of these. Accounts are numbers: a keyed hash of
 * the name, so that nobody can choose which account shares a set with which.
 * Forgetting is the failure mode, never locking out.
 *
 * The caller gives the time: milliseconds, from any start, not going back.
 * Not thread-safe. No globals.
 */
#ifndef CM_BRAKE_H
#define CM_BRAKE_H

#include <stdint.h>

#define CM_BRAKE_ENTRIES 8192
#define CM_BRAKE_WAYS 8

/* An account without a failure for so long starts anew. */
#define CM_BRAKE_WINDOW_MS (15 * 60 * 1000)
/* Delay behind the first failure that counts, and the longest. */
#define CM_BRAKE_FIRST_DELAY_MS 1000
#define CM_BRAKE_MAX_DELAY_MS 16000
/* Nobody waits longer: clients give up after a minute. */
#define CM_BRAKE_MAX_WAIT_MS 32000

struct cm_brake;

/* free_failures: how many cost nothing, at least 1. NULL: out of memory. */
struct cm_brake *cm_brake_new(unsigned int free_failures);
void cm_brake_free(struct cm_brake **brake);

/* A login that is going to be verified: how many milliseconds from now, 0 for
 * at once; -1: not at all. Takes the place in the queue, and unless it is -1
 * the login is under way until cm_brake_answered(). */
int cm_brake_wait(struct cm_brake *brake, uint64_t account, int64_t now);

/* That login has its answer, whatever it is: once for each wait that was not
 * -1, and before cm_brake_failed(). */
void cm_brake_answered(struct cm_brake *brake, uint64_t account, int64_t now);

/* It was a wrong password. */
void cm_brake_failed(struct cm_brake *brake, uint64_t account, int64_t now);

#endif
