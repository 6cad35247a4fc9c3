/* SPDX-License-Identifier: MIT
 *
 * cm-trim-until: whose mailbox has nothing that may go, or that frees anything,
 * and until when. Keeps a process from looking through the same mailbox at each
 * delivery while somebody fills it with new mail. Forgets a user when another
 * one needs the place; a process knows only what it has seen itself. (2.4's lmtp is a new
 * process for each connection, and looks each time; with more connections to
 * one, restart_request_count, 2.4.1 lets new connections wait for 5 s.)
 */
#ifndef CM_TRIM_UNTIL_H
#define CM_TRIM_UNTIL_H

#include "cm-dovecot.h"

#include "cm-trim.h"

/* Nothing of this user may go for so long. */
void cm_trim_until_set(const char *username,
		       const struct cm_trim_pause *pause);

/* Is that so now? */
bool cm_trim_until_wait(const char *username, int64_t now);

void cm_trim_until_deinit(void);

#endif
