/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-expunge.h"

#include "hash.h"
#include "mail-namespace.h"
#include "mail-search-build.h"
#include "mail-storage-private.h"
#include "mail-user.h"
#include "mailbox-list-iter.h"

#include "cm-mail-saved.h"
#include "cm-mail-service.h"
#include "cm-mail-walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

HASH_TABLE_DEFINE_TYPE(due, const char *, struct cm_due_message *);

/* Called for each message; TRUE if it is due. Is a dry run's, too. */
typedef bool expunge_fn(void *ctx, struct mailbox *box, struct mail *mail);

/* What Dovecot says may name the user: for who runs it by hand, not for the
 * journal. */
static void show(struct event *event, const char *text)
{
	if (isatty(STDERR_FILENO) != 0)
		i_error("%s", text);
	else
		e_debug(event, "%s", text);
}

static void trouble(struct cm_expire_run *run, const char *error)
{
	i_error("%s", error);
	run->counts.failed++;
	cm_doveadm_exit(EX_TEMPFAIL);
}

/* Somebody deleted it meanwhile: that is what was to happen. */
static int failed(struct mailbox *box, const char **error_r)
{
	enum mail_error error;
	const char *text = mailbox_get_last_internal_error(box, &error);

	if (error == MAIL_ERROR_NOTFOUND)
		return 0;
	show(box->event, t_strconcat("a mailbox: ", text, NULL));
	*error_r = "a mailbox could not be read, or not be changed";
	return -1;
}

/* -1: *error_r. Nothing of the transaction is done then. */
static int walk(struct mailbox *box, bool dry, expunge_fn *func, void *ctx,
		const char **error_r)
{
	struct mailbox_transaction_context *trans;
	struct mail_search_context *search;
	struct mail_search_args *args;
	struct mail *mail;
	bool any = FALSE;

	trans = mailbox_transaction_begin(box, 0, "chatmail expire");
	args = mail_search_build_init();
	mail_search_build_add_all(args);
	search = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	while (mailbox_search_next(search, &mail)) T_BEGIN {
		if (func(ctx, box, mail) && !dry) {
			mail_expunge(mail);
			any = TRUE;
		}
	} T_END;
	if (mailbox_search_deinit(&search) < 0) {
		mailbox_transaction_rollback(&trans);
		return failed(box, error_r);
	}
	if (mailbox_transaction_commit(&trans) < 0)
		return failed(box, error_r);
	/* now the files go */
	if (any && mailbox_sync(box, 0) < 0)
		return failed(box, error_r);
	return 1;
}

/* 1: done, 0: there is no such mailbox, -1: *error_r */
static int walk_box(struct mailbox *box, bool dry, expunge_fn *func, void *ctx,
		    const char **error_r)
{
	enum mailbox_existence existence;

	/* an account that has had no mail yet */
	if (mailbox_exists(box, FALSE, &existence) < 0)
		return failed(box, error_r);
	if (existence != MAILBOX_EXISTENCE_SELECT)
		return 0;
	if (!cm_mail_walk_is_own(box)) {
		*error_r = "a mailbox is behind a link: left alone";
		return -1;
	}
	if (mailbox_open(box) < 0 ||
	    mailbox_sync(box, MAILBOX_SYNC_FLAG_FULL_READ) < 0)
		return failed(box, error_r);
	return walk(box, dry, func, ctx, error_r);
}

static int open_user(struct cm_expire_run *run, const char *name,
		     struct mail_user **user_r)
{
	struct event *event;
	const char *error;
	int ret;

	if (run->mail == NULL)
		run->mail = cm_mail_service_init();
	ret = cm_mail_service_open(run->mail, name, user_r, &error);
	if (ret > 0) {
		run->counts.opened++;
		run->unopened = 0;
		return 1;
	}
	if (ret < 0) {
		event = event_create(NULL);
		event_add_category(event, &event_category_storage);
		show(event, error);
		event_unref(&event);
	}
	trouble(run, ret == 0 ? "Dovecot's userdb does not know an account "
		"of ours" : "Dovecot cannot open an account");
	if (ret < 0 && ++run->unopened == CM_EXPIRE_MAX_UNOPENED)
		cm_expire_stop();
	return ret;
}

/* ---- what a scan of the directories has found */

static bool is_due(void *ctx, struct mailbox *box ATTR_UNUSED,
		   struct mail *mail)
{
	HASH_TABLE_TYPE(due) *table = ctx;
	struct cm_due_message *message;
	const char *base;

	if (mail_get_special(mail, MAIL_FETCH_STORAGE_ID, &base) < 0)
		return FALSE;
	message = hash_table_lookup(*table, base);
	if (message == NULL)
		return FALSE;
	message->gone = TRUE;
	return TRUE;
}

static int expunge_folder(struct mailbox *box, struct cm_due_folder *folder,
			  const char **error_r)
{
	struct cm_due_message *message;
	HASH_TABLE_TYPE(due) table;
	int ret;

	hash_table_create(&table, default_pool,
			  array_count(&folder->messages), str_hash, strcmp);
	array_foreach_modifiable(&folder->messages, message)
		hash_table_update(table, message->base, message);
	ret = walk_box(box, FALSE, is_due, &table, error_r);
	hash_table_destroy(&table);
	if (ret <= 0) {
		array_foreach_modifiable(&folder->messages, message)
			message->gone = FALSE;
	}
	return ret;
}

/* The folder whose messages lie in this directory, or NULL. */
static struct cm_due_folder *
find_folder(ARRAY_TYPE(cm_due_folder) *folders, const char *home,
	    const char *path)
{
	size_t len = strlen(home);
	struct cm_due_folder *folder;

	while (len > 0 && home[len - 1] == '/')
		len--;
	if (strncmp(path, home, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return NULL;
	for (path += len; *path == '/'; path++)
		;
	array_foreach_modifiable(folders, folder) {
		if (strcmp(folder->path, path) == 0)
			return folder;
	}
	return NULL;
}

static int expunge_one(struct mail_namespace *ns, const char *vname,
		       const char *home, ARRAY_TYPE(cm_due_folder) *folders,
		       const char **error_r)
{
	const char *path, *name =
		mailbox_list_get_storage_name(ns->list, vname);
	struct cm_due_folder *folder;
	struct mailbox *box;
	int ret;

	if (mailbox_list_get_path(ns->list, name,
				  MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
		return 0;
	folder = find_folder(folders, home, path);
	if (folder == NULL)
		return 0;
	box = mailbox_alloc(ns->list, vname, 0);
	ret = expunge_folder(box, folder, error_r);
	folder->known = ret != 0;
	mailbox_free(&box);
	return ret;
}

typedef int mailbox_fn(struct mail_namespace *ns, const char *vname,
		       void *ctx, const char **error_r);

static int each_mailbox(struct mail_user *user, mailbox_fn *func, void *ctx,
			const char **error_r)
{
	static const char *const all[] = { "*", NULL };
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	const char *error;
	int ret = 0;

	iter = mailbox_list_iter_init_namespaces(
		user->namespaces, all, MAIL_NAMESPACE_TYPE_PRIVATE,
		MAILBOX_LIST_ITER_NO_AUTO_BOXES |
		MAILBOX_LIST_ITER_SKIP_ALIASES |
		MAILBOX_LIST_ITER_STAR_WITHIN_NS |
		MAILBOX_LIST_ITER_RETURN_NO_FLAGS);
	while ((info = mailbox_list_iter_next(iter)) != NULL) T_BEGIN {
		if ((info->flags & (MAILBOX_NOSELECT |
				    MAILBOX_NONEXISTENT)) == 0 &&
		    func(info->ns, info->vname, ctx, &error) < 0) {
			/* the others go on */
			i_error("%s", error);
			ret = -1;
		}
	} T_END;
	if (mailbox_list_iter_deinit(&iter) < 0)
		ret = -1;
	if (ret < 0)
		*error_r = "some mailboxes of an account could not be read";
	return ret;
}

struct due_context {
	const char *home;
	ARRAY_TYPE(cm_due_folder) *folders;
};

static int expunge_listed(struct mail_namespace *ns, const char *vname,
			  void *_ctx, const char **error_r)
{
	struct due_context *ctx = _ctx;

	return expunge_one(ns, vname, ctx->home, ctx->folders, error_r);
}

/* Is this what was scanned? Another userdb may have another opinion of where
 * the account lives. */
static bool is_home(const char *home, int account_fd)
{
	struct stat there, here;

	return stat(home, &there) == 0 && fstat(account_fd, &here) == 0 &&
		there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/* Others are such as .INBOX or .a..b, which somebody has copied in: Dovecot has
 * no name for them. Nobody sees their messages, and none ever goes. */
static bool all_known(struct mail_user *user, int account_fd,
		       const ARRAY_TYPE(cm_due_folder) *folders)
{
	const struct cm_due_folder *folder;
	struct stat st;
	bool all = TRUE;

	array_foreach(folders, folder) {
		if (folder->known ||
		    /* deleted meanwhile */
		    fstatat(account_fd, *folder->path == '\0' ? "." :
			    folder->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		show(user->event, t_strdup_printf(
			"no mailbox of Dovecot's: %s", folder->path));
		all = FALSE;
	}
	return all;
}

static int expunge_folders(struct mail_user *user, struct due_context *ctx,
			   const char **error_r)
{
	const struct cm_due_folder *first = array_front(ctx->folders);

	/* Nearly everybody has nothing but INBOX. */
	if (array_count(ctx->folders) == 1 && *first->path == '\0') {
		return expunge_one(mail_namespace_find_inbox(user->namespaces),
				   "INBOX", ctx->home, ctx->folders, error_r);
	}
	return each_mailbox(user, expunge_listed, ctx, error_r);
}

bool cm_expunge_due(struct cm_expire_run *run, const char *name,
		    int account_fd, ARRAY_TYPE(cm_due_folder) *folders)
{
	struct due_context ctx = { .folders = folders };
	struct mail_user *user;
	const char *error;
	bool good;

	if (open_user(run, name, &user) <= 0)
		return FALSE;
	good = mail_user_get_home(user, &ctx.home) > 0 &&
		is_home(ctx.home, account_fd);
	if (!good) {
		trouble(run, "Dovecot has another home for an account of ours");
	} else if (expunge_folders(user, &ctx, &error) < 0) {
		trouble(run, error);
	} else if (!all_known(user, account_fd, folders)) {
		trouble(run, "an account has old messages in a directory that "
			"is no mailbox of Dovecot's: they stay");
	}
	cm_mail_service_close(run->mail, &user);
	return good;
}

/* ---- other formats */

struct found {
	uint32_t uid;
	uint64_t size;
	enum cm_expire_verdict verdict;
};

struct search_context {
	struct cm_expire_run *run;
	const char *account;
	ARRAY(struct found) found; /* in this mailbox */
};

/* As a scan would have found it. */
static bool get_time(struct search_context *ctx, struct mail *mail,
		     time_t *time_r)
{
	int64_t saved;

	if (cm_mail_saved(mail, ctx->run->rules.now, &saved) < 0)
		return FALSE;
	*time_r = saved;
	return TRUE;
}

static bool search_one(void *_ctx, struct mailbox *box ATTR_UNUSED,
		       struct mail *mail)
{
	struct search_context *ctx = _ctx;
	const struct cm_expire *rules = &ctx->run->rules;
	struct found *found;
	enum cm_expire_verdict verdict;
	uoff_t size = 0;
	time_t saved;

	ctx->run->counts.messages++;
	if (!get_time(ctx, mail, &saved))
		return FALSE;
	verdict = cm_expire_message(rules, saved, TRUE, -1);
	if (verdict == CM_EXPIRE_KEEP ||
	    mail_get_physical_size(mail, &size) < 0)
		return FALSE;
	if (verdict == CM_EXPIRE_ASK_SIZE)
		verdict = cm_expire_message(rules, saved, TRUE, (int64_t)size);
	if (verdict == CM_EXPIRE_LARGE && !cm_mail_was_shown(mail))
		verdict = CM_EXPIRE_KEEP;
	if (verdict == CM_EXPIRE_KEEP)
		return FALSE;
	found = array_append_space(&ctx->found);
	found->uid = mail->uid;
	found->size = size;
	found->verdict = verdict;
	return TRUE;
}

static int search_mailbox(struct mail_namespace *ns, const char *vname,
			  void *_ctx, const char **error_r)
{
	struct search_context *ctx = _ctx;
	struct cm_expire_run *run = ctx->run;
	const struct found *found;
	struct mailbox *box;
	int ret;

	array_clear(&ctx->found);
	box = mailbox_alloc(ns->list, vname, run->dry ? MAILBOX_FLAG_READONLY :
			    0);
	ret = walk_box(box, run->dry, search_one, ctx, error_r);
	mailbox_free(&box);
	if (ret <= 0)
		return ret;
	array_foreach(&ctx->found, found) T_BEGIN {
		run->counts.messages_removed++;
		run->counts.bytes_removed += found->size;
		cm_expire_row(run, ctx->account, "message",
			      t_strdup_printf("%s/%u", vname, found->uid),
			      cm_expire_reason(found->verdict));
	} T_END;
	return 1;
}

bool cm_expunge_search(struct cm_expire_run *run, const char *name)
{
	struct search_context ctx = { .run = run, .account = name };
	struct mail_user *user;
	const char *error;
	bool good;

	if (open_user(run, name, &user) <= 0)
		return FALSE;
	i_array_init(&ctx.found, 32);
	good = each_mailbox(user, search_mailbox, &ctx, &error) >= 0;
	array_free(&ctx.found);
	if (!good)
		trouble(run, error);
	cm_mail_service_close(run->mail, &user);
	return good;
}
