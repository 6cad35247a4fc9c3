/* SPDX-License-Identifier: MIT
 *
 * cm-recipients: the recipients of one message, and whether they let
 * cleartext in.
 */
#ifndef CM_RECIPIENTS_H
#define CM_RECIPIENTS_H

#include <stdbool.h>
#include <stddef.h>

struct cm_settings;

/* Addresses of one message, in bytes. Postfix takes 1000 recipients by
 * default; of more than fit here we know enough: cleartext is refused. */
#define CM_RECIPIENTS_MAX_SIZE (256 * 1024)

/* All zero is the empty list. */
struct cm_recipients {
	char *list; /* NUL-terminated addresses, one after the other */
	size_t size, alloc;
	bool overflow; /* over the limit or out of memory */
};

/* address without brackets; copied. */
void cm_recipients_add(struct cm_recipients *rcpts, const char *address);
/* The recipient after `rcpt` (the first one after NULL), NULL at the end. */
const char *cm_recipients_next(const struct cm_recipients *rcpts,
			       const char *rcpt);
/* Empties the list, keeps the memory. */
void cm_recipients_reset(struct cm_recipients *rcpts);
void cm_recipients_deinit(struct cm_recipients *rcpts);

/* 1 if each of them is an account of ours without enforceE2EEincoming, else
 * 0; -1 if the mailboxes cannot be read, with *error_r a constant text (errno
 * holds the reason). An empty list is 0. */
int cm_recipients_cleartext_allowed(const struct cm_recipients *rcpts,
				    const struct cm_settings *set,
				    const char **error_r);

#endif
