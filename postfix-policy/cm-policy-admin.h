/* SPDX-License-Identifier: MIT
 *
 * cm-policy-admin: what the program does for people instead of Postfix. Each
 * returns the exit status: 0; 1 for a negative answer; 2 for trouble, after a
 * line on standard error.
 */
#ifndef CM_POLICY_ADMIN_H
#define CM_POLICY_ADMIN_H

#define CM_POLICY_EXIT_NO 1
#define CM_POLICY_EXIT_TROUBLE 2

/* Prints what a request of these NAME=VALUE is answered by, and counts
 * nothing. request and protocol_state may be left out: RCPT. */
int cm_policy_test(const char *config, char *const args[], int count);

/* args: list | allow|block|forget TARGET... */
int cm_policy_federation(const char *config, char *const args[], int count);

#endif
