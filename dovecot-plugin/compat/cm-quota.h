/* SPDX-License-Identifier: MIT
 *
 * cm-quota: the seam to Dovecot's quota plugin, the same on 2.3 and 2.4. A
 * plugin that links this must name "quota" among its dependencies.
 */
#ifndef CM_QUOTA_H
#define CM_QUOTA_H

#include "cm-dovecot.h"

struct mail_user;
struct mailbox;
struct quota_root;

/* Bytes in use and their limit, of the user's fullest quota root. 1, 0 if no
 * root has a limit of bytes, or -1 with *error_r (data stack).
 *
 * Asked twice within one round of the event loop, Dovecot may answer from
 * memory; fresh: ask the indexes. What it remembers then is fresh, too. */
int cm_quota_get(struct mail_user *user, bool fresh, uint64_t *used_r,
		 uint64_t *limit_r, const char **error_r);

/* Does what is in this mailbox count at all? FALSE if the admin has excluded it
 * (2.3: quota_rule = NAME:ignore; 2.4: quota_ignore). */
bool cm_quota_counts(struct mailbox *box);

/* Between cm-quota.c and cm-quota-v2X.c: enum quota_get_result. box may be
 * NULL. */
int cm_quota_get_storage(struct quota_root *root, struct mailbox *box,
			 uint64_t *used_r, uint64_t *limit_r,
			 const char **error_r);

#endif
