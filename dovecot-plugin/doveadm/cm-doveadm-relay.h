/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-relay: the relay that a command is about, and how it says that
 * something went wrong. Error lines name nobody: over HTTP they go to
 * Dovecot's log. The rows that a command prints may.
 */
#ifndef CM_DOVEADM_RELAY_H
#define CM_DOVEADM_RELAY_H

#include "cm-doveadm.h"

#include "cm-account-dir.h"
#include "cm-settings.h"

struct cm_doveadm_relay {
	const char *path; /* of chatmail.ini */
	struct cm_settings set;
	int mailboxes_fd; /* -1 unless asked for */
};

/* Reads the settings. FALSE: said why, and the exit code is set; there is
 * nothing to close. */
bool cm_doveadm_relay_open(struct doveadm_cmd_context *cctx,
			   struct cm_doveadm_relay *relay_r);
/* The same, and opens mailboxes_dir. */
bool cm_doveadm_relay_open_mailboxes(struct doveadm_cmd_context *cctx,
				     struct cm_doveadm_relay *relay_r);
void cm_doveadm_relay_close(struct cm_doveadm_relay *relay);

/* One of sysexits.h. The first one counts, but EX_TEMPFAIL (something of ours
 * did not work) wins over what is wrong with the question. */
void cm_doveadm_exit(int code);

/* For wrong arguments: on the command line shows the usage and ends doveadm;
 * over HTTP sets EX_USAGE and returns. */
void cm_doveadm_usage(struct doveadm_cmd_context *cctx, const char *what);

/* Logs a result of lib that is neither CM_DIR_OK nor CM_DIR_UNKNOWN, and sets
 * the exit code for it and for CM_DIR_UNKNOWN. Returns a text for people, from
 * the data stack. Takes errno as the call has left it. */
const char *cm_doveadm_trouble(enum cm_dir_result result, const char *error);

#endif
