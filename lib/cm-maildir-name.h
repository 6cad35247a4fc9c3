/* SPDX-License-Identifier: MIT
 *
 * cm-maildir-name: what the name of a Maildir message says, so that nobody
 * needs to open or stat the file.
 *
 *	1775324677.M448978P3029757.host,S=3235,W=3305:2,S
 *	|- base -------------------------------------||info
 *
 * The number in front is the second of the delivery, by the clock of the
 * machine (https://cr.yp.to/proto/maildir.html); Dovecot keeps it for as long
 * as the message lives. S= is its size in bytes (Maildir++). Names are the
 * file system's: any bytes, and other programs' names have neither.
 */
#ifndef CM_MAILDIR_NAME_H
#define CM_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits of a time or size that we take; more is none. */
#define CM_MAILDIR_NAME_MAX_TIME 11
#define CM_MAILDIR_NAME_MAX_SIZE 18

struct cm_maildir_name {
	size_t base_len; /* bytes in front of the info, if any */
	int64_t time;	 /* -1: it says none */
	int64_t size;	 /* -1: it says none */
};

void cm_maildir_name_parse(const char *name, struct cm_maildir_name *name_r);

/* Dovecot, as any Maildir reader, takes no message for one whose name begins
 * with a dot. */
bool cm_maildir_name_is_message(const char *name);

#endif
