/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-password: a new password, and its hash.
 */
#ifndef CM_DOVEADM_PASSWORD_H
#define CM_DOVEADM_PASSWORD_H

#include "cm-doveadm.h"

struct cm_settings;

/* From the argument, or else on the command line from standard input (asked
 * for twice on a terminal). NULL: said why, exit code set. It has the length
 * that a new account's must have. */
const char *cm_doveadm_password_get(struct doveadm_cmd_context *cctx,
				    const struct cm_settings *set);

/* "{SHA512-CRYPT}hash" with 16 random characters of salt and crypt(5)'s
 * default rounds, as the passdb writes it; NULL if crypt(3) fails. From the
 * data stack. */
const char *cm_doveadm_password_hash(const char *password);

#endif
