/* SPDX-License-Identifier: MIT */
#include "cm-mail-saved.h"

#include "mail-storage-private.h"

#include "cm-expire.h"
#include "cm-maildir-name.h"

/* lib-storage/index/maildir/maildir-storage.h */
#define MAILDIR "maildir"

static bool maildir_saved(struct mail *mail, time_t now, int64_t *saved_r)
{
	struct cm_maildir_name name;
	const char *base;

	if (mail_get_special(mail, MAIL_FETCH_STORAGE_ID, &base) < 0)
		return FALSE;
	cm_maildir_name_parse(base, &name);
	*saved_r = name.time;
	return cm_expire_time_plausible(now, name.time);
}

int cm_mail_saved(struct mail *mail, time_t now, int64_t *saved_r)
{
	time_t date;

	if (strcmp(mail->box->storage->name, MAILDIR) == 0 &&
	    maildir_saved(mail, now, saved_r))
		return 0;
	if (mail_get_save_date(mail, &date) < 0)
		return -1;
	*saved_r = date;
	return 0;
}
