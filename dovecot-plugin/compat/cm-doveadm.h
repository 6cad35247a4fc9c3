/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm: the seam to doveadm, the command line tool as well as
 * doveadm-server (HTTP API), the same on 2.3 and 2.4.
 *
 * Both have struct doveadm_cmd_ver2, its parameters and doveadm_print_*()
 * alike. What differs is where a plugin's setting is and how sessions are
 * ended.
 */
#ifndef CM_DOVEADM_H
#define CM_DOVEADM_H

#include "cm-dovecot.h"

#include "array.h"
#include "doveadm.h"
#include "doveadm-print.h"

/* Path of chatmail.ini as the admin's dovecot.conf names it:
 *	2.3	plugin { chatmail_config = /path }
 *	2.4	chatmail_config = /path, outside of any section; the sections
 *		passdb chatmail { } and userdb chatmail { } inherit it
 * or the compiled-in default. From the data stack; NULL with *error_r when
 * Dovecot's settings do not work. */
const char *cm_doveadm_config_path(struct doveadm_cmd_context *cctx,
				   const char **error_r);

/* Tells the sessions of these users (sorted by strcmp(), NULL-terminated) to
 * end. *left_r is how many had not ended yet when it looked, so zero means
 * that there are none; call it again until then. LMTP ends by itself: it is
 * waited for and not ended, where anvil knows of it at all (only with
 * lmtp_user_concurrency_limit, for which conf.d has no limit; so see
 * ../expire/cm-delivery-gone.h). A process that also serves
 * others (2.3: imap-hibernate) cannot be told by us: *shared_r says how many
 * such sessions there are. No running Dovecot has no sessions. 0, or -1 with
 * *error_r. */
int cm_doveadm_kick(const char *const *users, unsigned int *left_r,
		    unsigned int *shared_r, const char **error_r);

#endif
