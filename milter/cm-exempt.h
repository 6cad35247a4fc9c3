/* SPDX-License-Identifier: MIT
 *
 * cm-exempt: the exceptions from "encrypted or refused", each as narrow as
 * its purpose.
 *
 *	cleartext-allowed	incoming: every recipient is an account of
 *				ours without enforceE2EEincoming
 *	passthrough-sender	outgoing, passthrough_senders of the settings
 *	passthrough-recipients	outgoing, all recipients are listed in
 *				passthrough_recipients
 *	autocrypt-setup-message	outgoing, allow_autocrypt_setup_message, sent
 *				to nobody but the sender
 *
 * SecureJoin requests and bounces are no matter of settings: see lib/cm-gate.
 */
#ifndef CM_EXEMPT_H
#define CM_EXEMPT_H

#include "cm-gate.h"
#include "cm-recipients.h"

struct cm_settings;

/* 1 with *reason_r set to one of the words above, 0, or -1 if the mailboxes
 * cannot be read, *error_r set (errno holds the reason). */
int cm_exempt(const struct cm_settings *set, enum cm_direction direction,
	      const char *mail_from, const struct cm_recipients *rcpts,
	      const struct cm_message *msg, const char **reason_r,
	      const char **error_r);

/* Do we need to know the recipients of this direction at all? */
bool cm_exempt_needs_recipients(const struct cm_settings *set,
				enum cm_direction direction);

#endif
