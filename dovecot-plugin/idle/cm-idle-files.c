/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "mail-index.h"
#include "mail-storage-private.h"

#include "cm-idle-files.h"

unsigned int cm_idle_files(struct mailbox *box,
			   const char *paths_r[static CM_IDLE_MAX_FILES])
{
	const char *format = box->storage->name, *dir;

	if (strcmp(format, "maildir") == 0) {
		dir = mailbox_get_path(box);
		paths_r[0] = t_strconcat(dir, "/new", NULL);
		paths_r[1] = t_strconcat(dir, "/cur", NULL);
		return 2;
	}
	if (strcmp(format, "sdbox") == 0 || strcmp(format, "mdbox") == 0) {
		if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_INDEX,
					&dir) <= 0)
			return 0;
		paths_r[0] = t_strconcat(dir, "/"MAIL_INDEX_PREFIX".log",
					 NULL);
		return 1;
	}
	return 0;
}
