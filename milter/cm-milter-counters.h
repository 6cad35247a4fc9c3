/* SPDX-License-Identifier: MIT
 *
 * cm-milter-counters: how many messages went which way, in
 * run_dir/milter.counters (lib/cm-counters), for whoever draws curves.
 *
 * Names: "outgoing accept", "incoming accept", then per rule of lib/cm-rule
 * "outgoing reject RULE" and "incoming reject RULE", with "defer" where the rule's
 * code is 4xx; "defer trouble" where we were at fault.
 */
#ifndef CM_MILTER_COUNTERS_H
#define CM_MILTER_COUNTERS_H

#include "cm-gate.h"

/* Without the file everything works and nothing is counted: 0, or -1 with
 * errno. Call before threads start. */
int cm_milter_counters_open(const char *run_dir);

/* What Postfix was told; CM_RULE_NONE: the message was accepted. */
void cm_milter_count(enum cm_direction direction, enum cm_rule rule);
void cm_milter_count_trouble(enum cm_direction direction);

/* "reject", or "defer" if whoever sent it is to try again. */
const char *cm_milter_count_word(enum cm_rule rule);

#endif
