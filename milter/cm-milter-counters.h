/* SPDX-License-Identifier: MIT
 *
 * cm-milter-counters: how many messages went which way, in
 * run_dir/milter.counters (lib/cm-counters), for whoever draws curves.
 *
 * Names: "outgoing accept", "incoming accept", then per rule of lib/cm-rule
 * "outgoing reject RULE" and "incoming reject RULE".
 */
#ifndef CM_MILTER_COUNTERS_H
#define CM_MILTER_COUNTERS_H

#include "cm-gate.h"

/* Without the file everything works and nothing is counted: 0, or -1 with
 * errno. Call before threads start. */
int cm_milter_counters_open(const char *run_dir);

void cm_milter_count(enum cm_direction direction, struct cm_verdict verdict);

#endif
