/* SPDX-License-Identifier: MIT */
#include "cm-mail-saved.h"

#include "mail-storage-private.h"

#include "cm-expire.h"
#include "cm-maildir-name.h"

#include <sys/stat.h>

/* lib-storage/index/maildir/maildir-storage.h */
#define MAILDIR "maildir"

static int maildir_saved(struct mail *mail, time_t now, int64_t *saved_r)
{
	struct cm_maildir_name name;
	const char *base;
	time_t date;

	if (mail_get_special(mail, MAIL_FETCH_STORAGE_ID, &base) < 0)
		return -1;
	cm_maildir_name_parse(base, &name);
	*saved_r = name.time;
	if (cm_expire_time_plausible(now, name.time))
		return 0;
	/* mtime, as who reads the directory goes by */
	if (mail_get_received_date(mail, &date) < 0)
		return -1;
	*saved_r = date;
	return 0;
}

static bool is_maildir(struct mail *mail)
{
	return strcmp(mail->box->storage->name, MAILDIR) == 0;
}

int cm_mail_saved(struct mail *mail, time_t now, int64_t *saved_r)
{
	time_t date;

	if (is_maildir(mail))
		return maildir_saved(mail, now, saved_r);
	if (mail_get_save_date(mail, &date) < 0)
		return -1;
	*saved_r = date;
	return 0;
}

static bool is_in_new(struct mail *mail)
{
	const char *path, *base;
	struct stat st;

	if (mailbox_get_path_to(mail->box, MAILBOX_LIST_PATH_TYPE_MAILBOX,
				&path) <= 0 ||
	    mail_get_special(mail, MAIL_FETCH_STORAGE_ID, &base) < 0)
		return FALSE;
	return lstat(t_strdup_printf("%s/new/%s", path, base), &st) == 0;
}

bool cm_mail_was_shown(struct mail *mail)
{
	const struct mail_index_header *hdr;

	if (is_maildir(mail))
		return !is_in_new(mail);
	hdr = mail_index_get_header(mail->box->view);
	return mail->uid < hdr->first_recent_uid;
}
