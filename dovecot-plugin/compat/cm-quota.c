/* SPDX-License-Identifier: MIT */
#include "cm-quota.h"

#include "ioloop.h"
#include "quota.h"

/* used / limit, for comparing; limits are below 2^63. */
static double fullness(uint64_t used, uint64_t limit)
{
	return (double)used / (double)limit;
}

int cm_quota_get(struct mail_user *user, bool fresh, uint64_t *used_r,
		 uint64_t *limit_r, const char **error_r)
{
	struct quota_root_iter *iter;
	struct quota_root *root;
	uint64_t used, limit;
	int ret = 0;

	/* quota's count driver remembers its sums for as long as the time
	   stands still */
	if (fresh)
		io_loop_time_refresh();
	*used_r = *limit_r = 0;
	iter = quota_root_iter_init_user(user);
	while (ret >= 0 && (root = quota_root_iter_next(iter)) != NULL) {
		switch (cm_quota_get_storage(root, NULL, &used, &limit,
					     error_r)) {
		case QUOTA_GET_RESULT_LIMITED:
			if (ret == 0 || fullness(used, limit) >
					fullness(*used_r, *limit_r)) {
				*used_r = used;
				*limit_r = limit;
			}
			ret = 1;
			break;
		case QUOTA_GET_RESULT_UNLIMITED:
		case QUOTA_GET_RESULT_UNKNOWN_RESOURCE:
			break;
		default:
			ret = -1;
		}
	}
	quota_root_iter_deinit(&iter);
	return ret;
}

bool cm_quota_counts(struct mailbox *box)
{
	struct quota_root_iter *iter;
	struct quota_root *root;
	const char *error;
	uint64_t used, limit;
	bool counts = FALSE;

	iter = quota_root_iter_init(box);
	while (!counts && (root = quota_root_iter_next(iter)) != NULL) {
		switch (cm_quota_get_storage(root, box, &used, &limit,
					     &error)) {
		case QUOTA_GET_RESULT_UNLIMITED:
		case QUOTA_GET_RESULT_UNKNOWN_RESOURCE:
			break;
		default:
			counts = TRUE;
		}
	}
	quota_root_iter_deinit(&iter);
	return counts;
}
