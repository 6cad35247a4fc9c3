/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-sessions: ends the sessions of accounts, and waits for it.
 */
#ifndef CM_DOVEADM_SESSIONS_H
#define CM_DOVEADM_SESSIONS_H

#include "cm-doveadm.h"

struct cm_doveadm_relay;

/* names is sorted. TRUE once none has a session any more; FALSE after
 * CM_DOVEADM_KICK_SECONDS, or when Dovecot could not be asked: logged, and
 * EX_TEMPFAIL set. Sessions that are only now logging in are not seen, so
 * block the accounts first: imap looks for that when it begins
 * (metadata/cm-metadata-door.h). Not ended is a submission that Postfix has
 * let in already: Postfix asks no more until its client connects again. */
#define CM_DOVEADM_KICK_SECONDS 10
bool cm_doveadm_sessions_end(struct cm_doveadm_relay *relay,
			     ARRAY_TYPE(const_string) *names);

#endif
