/* SPDX-License-Identifier: MIT
 *
 * cm-policy-log: warnings. Below Postfix's spawn(8) standard error is the
 * socket to smtpd, so they go to syslog (facility mail) there, and to standard
 * error everywhere else. Nothing that names a person is said.
 */
#ifndef CM_POLICY_LOG_H
#define CM_POLICY_LOG_H

#include <stdint.h>

/* One line a minute and process for each, whatever happens. */
enum cm_policy_trouble {
	CM_POLICY_TROUBLE_SETTINGS,
	CM_POLICY_TROUBLE_TABLE,
	CM_POLICY_TROUBLE_ACCOUNTS,
	CM_POLICY_TROUBLE_FEDERATION,
	CM_POLICY_TROUBLE_REQUEST,
	CM_POLICY_TROUBLE_COUNT
};

#define CM_POLICY_WARN_SECONDS 60

/* Once, first of all. If standard error is the same as standard input, it
 * becomes /dev/null: what a library might write there would be an answer. */
void cm_policy_log_init(void);

/* now: seconds of a clock that never goes back. */
void cm_policy_warn(enum cm_policy_trouble trouble, uint64_t now,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
