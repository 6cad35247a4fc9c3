/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-expunge: messages go, through Dovecot: quota, indexes and other
 * sessions see it as if a client had expunged them. New messages stay \Recent,
 * UIDs and UIDVALIDITY what they are.
 */
#ifndef CM_DOVEADM_EXPUNGE_H
#define CM_DOVEADM_EXPUNGE_H

#include "cm-doveadm-expire.h"

/* One message of a Maildir that is due. */
struct cm_due_message {
	const char *base; /* its name without flags */
	const char *sub;  /* "cur" or "new" */
	uint64_t size;
	enum cm_expire_verdict verdict;
	bool gone;
};

struct cm_due_folder {
	const char *path; /* below the account's directory; "": itself */
	bool known;	  /* Dovecot has a mailbox there */
	ARRAY(struct cm_due_message) messages;
};
ARRAY_DEFINE_TYPE(cm_due_folder, struct cm_due_folder);

/* Expunges these messages of the account whose directory account_fd is, and
 * sets `gone` of those that were, and `known`. What goes wrong is logged, and
 * the exit code set. FALSE: nothing was tried. */
bool cm_expunge_due(struct cm_expire_run *run, const char *name,
		    int account_fd, ARRAY_TYPE(cm_due_folder) *folders);

/* Opens every mailbox of the account to find what is due, for formats whose
 * directories do not tell, and expunges that (prints rows and counts). */
bool cm_expunge_search(struct cm_expire_run *run, const char *name);

#endif
