/* SPDX-License-Identifier: MIT */
#include "cm-mail-saved.h"

#include "mail-storage-private.h"

/* lib-storage/index/maildir/maildir-storage.h */
#define MAILDIR "maildir"

static bool maildir_saved(struct mail *mail, int64_t *saved_r)
{
	const char *name;
	uintmax_t secs;

	if (mail_get_special(mail, MAIL_FETCH_STORAGE_ID, &name) < 0 ||
	    str_parse_uintmax(name, &secs, &name) < 0 || *name != '.' ||
	    secs > INT64_MAX)
		return FALSE;
	*saved_r = (int64_t)secs;
	return TRUE;
}

int cm_mail_saved(struct mail *mail, int64_t *saved_r)
{
	time_t date;

	if (strcmp(mail->box->storage->name, MAILDIR) == 0 &&
	    maildir_saved(mail, saved_r))
		return 0;
	if (mail_get_save_date(mail, &date) < 0)
		return -1;
	*saved_r = date;
	return 0;
}
