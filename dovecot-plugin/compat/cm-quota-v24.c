/* SPDX-License-Identifier: MIT
 *
 * cm-quota on Dovecot 2.4: a limit may depend on the mailbox; NULL asks for
 * what holds without one.
 */
#include "cm-quota.h"

#include "quota.h"

int cm_quota_get_storage(struct quota_root *root, struct mailbox *box,
			 uint64_t *used_r, uint64_t *limit_r,
			 const char **error_r)
{
	return quota_get_resource(root, box, QUOTA_NAME_STORAGE_BYTES, used_r,
				  limit_r, error_r);
}
