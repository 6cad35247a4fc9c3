/* SPDX-License-Identifier: MIT */
#include "cm-trim-mailbox.h"

#include "array.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "sleep.h"
#include "time-util.h"

#include "cm-mail-saved.h"
#include "cm-mail-walk.h"
#include "cm-quota.h"
#include "cm-trim-until.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* How often to look whether the other process is done. */
#define WAIT_STEP_MSECS 20

/* Each round removes up to CM_TRIM_MAX_MAILS. More are left to the next
 * delivery: a quota that does not fall although messages go must not cost the
 * whole mailbox. */
#define MAX_ROUNDS 32

#define REASON "chatmail_expire trim"

struct folder {
	struct mail_namespace *ns;
	const char *vname;
};

struct run {
	struct mail_user *user;
	const struct cm_trim_rules *rules;
	pool_t pool;
	ARRAY(struct folder) folders; /* by the folder number of trim */
	struct cm_trim *trim;

	unsigned int removed;
	bool failed;
};

struct usage {
	uint64_t used, limit;
};

static bool get_usage(struct mail_user *user, struct usage *usage_r)
{
	const char *error;
	int ret = cm_quota_get(user, TRUE, &usage_r->used, &usage_r->limit,
			       &error);

	if (ret < 0)
		i_error("chatmail_expire: %s", error);
	return ret > 0;
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Nothing but this file locks it. -1: there is none. */
static int open_lock(struct mail_user *user)
{
	struct mail_namespace *ns =
		mail_namespace_find_inbox(user->namespaces);
	const char *path;
	int fd;

	if (mailbox_list_get_path(ns->list, "INBOX",
				  MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
		return -1;
	/* Maildir; else where the messages are */
	fd = open_dir(t_strconcat(path, "/cur", NULL));
	if (fd < 0 && errno == ENOENT)
		fd = open_dir(path);
	if (fd < 0 && errno != ENOENT)
		i_error("chatmail_expire: cannot open the directory of "
			"INBOX: %m");
	return fd;
}

/* -1: another process has it, or there is nothing to lock. */
static int lock_user(struct mail_user *user)
{
	int fd;

	T_BEGIN {
		fd = open_lock(user);
	} T_END;
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			i_error("chatmail_expire: cannot lock the directory "
				"of INBOX: %m");
		i_close_fd(&fd);
	}
	return fd;
}

static int consider(struct mail *mail, struct run *run, uint32_t folder)
{
	struct cm_trim_mail entry = { .folder = folder, .uid = mail->uid };
	uoff_t size;

	/* gone by now, or not readable: not ours to judge */
	if (cm_mail_saved(mail, ioloop_time, &entry.saved) < 0 ||
	    mail_get_virtual_size(mail, &size) < 0)
		return 0;
	entry.size = size;
	return cm_trim_add(run->trim, &entry);
}

static int consider_box(struct mailbox *box, void *context)
{
	struct run *run = context;
	struct folder folder = {
		.ns = mailbox_get_namespace(box),
		.vname = p_strdup(run->pool, mailbox_get_vname(box))
	};
	struct mailbox_transaction_context *t;
	struct mailbox_status status;
	struct mail *mail;
	uint32_t seq;
	int ret = 0;

	array_push_back(&run->folders, &folder);
	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	t = mailbox_transaction_begin(box, 0, REASON);
	mail = mail_alloc(t, MAIL_FETCH_VIRTUAL_SIZE, NULL);
	for (seq = 1; seq <= status.messages && ret == 0; seq++) T_BEGIN {
		mail_set_seq(mail, seq);
		ret = consider(mail, run, array_count(&run->folders) - 1);
	} T_END;
	mail_free(&mail);
	/* what was looked up and is worth caching */
	(void)mailbox_transaction_commit(&t);
	return ret;
}

static int expunge_mails(struct run *run, struct mailbox *box,
			 const struct cm_trim_mail *mails, size_t count)
{
	struct mailbox_transaction_context *t;
	struct mail *mail;
	unsigned int expunged = 0;
	size_t i;

	if (mailbox_open(box) < 0)
		return -1;
	t = mailbox_transaction_begin(box, 0, REASON);
	mail = mail_alloc(t, 0, NULL);
	for (i = 0; i < count; i++) {
		if (!mail_set_uid(mail, mails[i].uid))
			continue;
		mail_expunge(mail);
		expunged++;
	}
	mail_free(&mail);
	if (mailbox_transaction_commit(&t) < 0 || mailbox_sync(box, 0) < 0)
		return -1;
	run->removed += expunged;
	return 0;
}

/* All of mails[0..count) are in one folder, and go in one transaction: each
 * further one would cost a look through the whole folder (Maildir). */
static void expunge_box(struct run *run, const struct cm_trim_mail *mails,
			size_t count)
{
	const struct folder *folder = array_idx(&run->folders,
						mails[0].folder);
	struct mailbox *box = mailbox_alloc(folder->ns->list, folder->vname, 0);

	/* between our look and this one somebody may have planted a link */
	if (cm_mail_walk_is_own(box)) {
		if (expunge_mails(run, box, mails, count) < 0) {
			i_error("chatmail_expire: %s",
				mailbox_get_last_internal_error(box, NULL));
			run->failed = TRUE;
		}
	}
	mailbox_free(&box);
}

static void expunge(struct run *run, const struct cm_trim_mail *mails,
		    size_t count)
{
	size_t n;

	for (; count > 0; mails += n, count -= n) {
		for (n = 1; n < count; n++) {
			if (mails[n].folder != mails[0].folder)
				break;
		}
		T_BEGIN {
			expunge_box(run, mails, n);
		} T_END;
	}
}

/* Nothing is left that may go: remember how long that holds. What is too young
 * now is so until then, and what comes is younger still. */
static void note_until(struct run *run)
{
	int64_t oldest = cm_trim_oldest_protected(run->trim);
	struct cm_trim_pause pause;

	if (oldest == INT64_MAX)
		return;
	pause = cm_trim_pause(oldest, ioloop_time, run->rules->keep_secs);
	cm_trim_until_set(run->user->username, &pause);
}

/* Chooses `excess` bytes and removes them if there are at least `needed`.
 * TRUE if something went. */
static bool remove_oldest(struct run *run, uint64_t excess, uint64_t needed)
{
	const struct cm_trim_mail *mails;
	unsigned int before = run->removed;
	uint64_t available;
	size_t count;

	run->trim = cm_trim_new(excess, (int64_t)ioloop_time -
				run->rules->keep_secs);
	if (run->trim == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "out of memory");
	run->pool = pool_alloconly_create("chatmail trim", 1024);
	i_array_init(&run->folders, 8);
	if (cm_mail_walk(run->user, consider_box, run) == 0) {
		count = cm_trim_finish(run->trim, &mails);
		available = cm_trim_available(run->trim);
		if (available >= needed)
			expunge(run, mails, count);
		if (available == 0 ||
		    (available >= needed && available <= excess &&
		     !cm_trim_is_full(run->trim) && !run->failed))
			note_until(run);
	}
	array_free(&run->folders);
	pool_unref(&run->pool);
	cm_trim_free(&run->trim);
	return run->removed > before;
}

static void report(const struct run *run, const struct usage *before,
		   const struct usage *after)
{
	if (run->removed == 0)
		return;
	/* whose it is says nobody's log but at debug level */
	i_info("Trimmed: %u old messages, quota used %u%% before, %u%% now",
	       run->removed, (unsigned int)(before->used * 100 / before->limit),
	       (unsigned int)(after->used * 100 / after->limit));
}

static void trim_locked(struct mail_user *user,
			const struct cm_trim_rules *rules)
{
	struct run run = { .user = user, .rules = rules };
	struct usage first, usage;
	uint64_t excess, to;
	unsigned int round;

	if (!get_usage(user, &first))
		return;
	usage = first;
	excess = cm_trim_excess(&rules->limits, usage.limit, usage.used);
	for (round = 0; excess > 0 && round < MAX_ROUNDS; round++) {
		if (!remove_oldest(&run, excess, 0) || !get_usage(user, &usage))
			break;
		to = cm_trim_percent(usage.limit, rules->limits.to);
		excess = usage.used > to ? usage.used - to : 0;
	}
	report(&run, &first, &usage);
}

void cm_trim_mailbox(struct mail_user *user, const struct cm_trim_rules *rules)
{
	struct usage usage;
	unsigned int round;
	int fd;

	/* Who saves while we hold the lock does not get it, and goes away. So
	   look once more when it is free again. */
	for (round = 0; round < MAX_ROUNDS; round++) {
		if (cm_trim_until_wait(user->username, ioloop_time) ||
		    !get_usage(user, &usage) ||
		    cm_trim_excess(&rules->limits, usage.limit,
				   usage.used) == 0)
			return;
		fd = lock_user(user);
		if (fd < 0)
			return;
		trim_locked(user, rules);
		i_close_fd(&fd);
	}
}

/* Does it fit, or can it never? */
static bool need_not(struct mail_user *user, uint64_t size,
		     struct usage *usage_r)
{
	return !get_usage(user, usage_r) || size > usage_r->limit ||
		usage_r->used + size <= usage_r->limit;
}

static void make_room_locked(struct mail_user *user,
			     const struct cm_trim_rules *rules, uint64_t size)
{
	struct run run = { .user = user, .rules = rules };
	struct usage first, usage;
	uint64_t to, excess, needed;
	unsigned int round;

	/* whoever had the lock may have made it */
	if (need_not(user, size, &first))
		return;
	usage = first;
	for (round = 0; round < MAX_ROUNDS; round++) {
		to = cm_trim_percent(usage.limit, rules->limits.to);
		excess = usage.used + size - I_MIN(to, usage.used + size);
		needed = usage.used + size - usage.limit;
		if (!remove_oldest(&run, excess, needed) ||
		    need_not(user, size, &usage))
			break;
	}
	report(&run, &first, &usage);
}

void cm_trim_make_room(struct mail_user *user,
		       const struct cm_trim_rules *rules, uint64_t size)
{
	struct usage usage;
	unsigned int waited;
	int fd;

	for (waited = 0; waited <= CM_TRIM_WAIT_MSECS;
	     waited += WAIT_STEP_MSECS) {
		if (cm_trim_until_wait(user->username, ioloop_time) ||
		    need_not(user, size, &usage))
			return;
		fd = lock_user(user);
		if (fd >= 0) {
			make_room_locked(user, rules, size);
			i_close_fd(&fd);
			return;
		}
		i_sleep_msecs(WAIT_STEP_MSECS);
	}
}
