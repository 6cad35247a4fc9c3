/* SPDX-License-Identifier: MIT
 *
 * cm-trim-rules: what chatmail.ini says about trimming. Read when the process
 * needs it for the first time; a reload of Dovecot starts new processes.
 */
#ifndef CM_TRIM_RULES_H
#define CM_TRIM_RULES_H

#include "cm-dovecot.h"

#include "cm-trim.h"

/* Until a file that was wrong is read again. */
#define CM_TRIM_RULES_RETRY_SECS 60

struct mail_user;

struct cm_trim_rules {
	struct cm_trim_limits limits;
	int64_t keep_secs; /* messages younger than this stay */
};

/* NULL if the file cannot be read or is wrong: said why in the log, once in
 * CM_TRIM_RULES_RETRY_SECS. */
const struct cm_trim_rules *cm_trim_rules_get(struct mail_user *user);

#endif
