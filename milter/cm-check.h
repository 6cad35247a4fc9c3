/* SPDX-License-Identifier: MIT
 *
 * cm-check: `chatmail-milter check`: the gate's verdict on files.
 */
#ifndef CM_CHECK_H
#define CM_CHECK_H

#include "cm-gate.h"

#include <stdio.h>

struct cm_settings;

struct cm_check_options {
	enum cm_direction direction;
	/* Envelope sender; NULL: what the From header says. */
	const char *mail_from;
	/* Envelope recipients: they decide whether cleartext may pass. */
	char *const *rcpts;
	int rcpt_count;
	/* Behind the verdict, what was seen of the message and where reading
	 * stopped; never its text. */
	bool explain;
	/* Incoming: ask the Authentication-Results in the file for the
	 * origin, as if our verifier had written them for this message. */
	bool dkim;
	/* Settings and mailboxes; NULL: built-in defaults, and every
	 * recipient counts as refusing cleartext. */
	const struct cm_settings *settings;
};

enum cm_check_result {
	CM_CHECK_ACCEPTED = 0,
	CM_CHECK_REJECTED = 1,
	CM_CHECK_FAILED = 2
};

/* Judges one file ("-" is standard input) and prints one line to out. Line
 * ends: a file whose first line ends in LF alone has them all turned into
 * CR LF, as any mail client or server would do on the way; any other is taken
 * as it is. */
enum cm_check_result cm_check_file(const struct cm_check_options *options,
				   const char *path, FILE *out);

#endif
