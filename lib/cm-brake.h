/* SPDX-License-Identifier: MIT
 *
 * cm-brake: slows down guessing at one account's password, wherever the
 * guesses come from.
 *
 * The first failures within a window cost nothing. Behind them the logins to
 * that account go one after the other, each a delay behind the last; the
 * delay doubles with each failure. Who would have to wait for too long is
 * refused. So how many guesses come at once does not matter.
 *
 * Bounded memory: CM_BRAKE_ENTRIES accounts; a new one takes the place of the
 * one that failed longest ago out of CM_BRAKE_WAYS. Accounts are numbers: a
 * keyed hash of the name, so that nobody can choose which account shares a
 * place with which. Forgetting is the failure mode, never locking out.
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
 * at once; -1: not at all. Takes the place in the queue. */
int cm_brake_wait(struct cm_brake *brake, uint64_t account, int64_t now);

/* It was a wrong password. */
void cm_brake_failed(struct cm_brake *brake, uint64_t account, int64_t now);

#endif
