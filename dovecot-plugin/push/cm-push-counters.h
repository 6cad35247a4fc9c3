/* SPDX-License-Identifier: MIT
 *
 * cm-push-counters: what became of notices, in run_dir/push.counters
 * (cm-counters.h) for `doveadm chatmail stats`. Numbers only.
 */
#ifndef CM_PUSH_COUNTERS_H
#define CM_PUSH_COUNTERS_H

#include "cm-counters.h"
#include "cm-push-queue.h"

/* 0, or -1 with errno: then nothing is counted, and all else works. */
int cm_push_counters_open(struct cm_counters *counters, const char *run_dir);

/* One answer of the notification proxy, or one request that had none. */
void cm_push_count_answer(struct cm_counters *counters,
			  enum cm_push_answer answer);

/* A notice that was dropped because its time was over. */
void cm_push_count_expired(struct cm_counters *counters);

#endif
