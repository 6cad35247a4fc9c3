/* SPDX-License-Identifier: MIT
 *
 * cm-policy-serve: answers Postfix on standard input and output.
 */
#ifndef CM_POLICY_SERVE_H
#define CM_POLICY_SERVE_H

/* Until Postfix closes the connection, or what it sends has no end. 0; -1 if
 * reading or writing failed. Trouble with settings or files never ends it. */
int cm_policy_serve(const char *config);

#endif
