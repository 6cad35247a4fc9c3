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
 * delivery. */
#define MAX_ROUNDS 32

/* If a round has freed nothing, neither will the next one. */
#define FUTILE_PAUSE_SECS 300

/* What was saved no longer ago than this may still be coming in. */
#define RECENT_SECS 3600

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

	/* Has it come to anything? Of two looks, what was in use but for what
	   is recent, as other deliveries go on meanwhile. */
	time_t recent_since;
	uint64_t recent;	   /* bytes, of this look */
	uint64_t old;		   /* the rest at the last one, at most */
	bool removed_old, futile;  /* has that look removed something of it */
};

struct usage {
	uint64_t used, limit;
};

static void run_init(struct run *run_r, struct mail_user *user,
		     const struct cm_trim_rules *rules)
{
	i_zero(run_r);
	run_r->user = user;
	run_r->rules = rules;
	run_r->recent_since = ioloop_time - RECENT_SECS;
}

/* FALSE: there is none, *usage_r stays. */
static bool get_usage(struct mail_user *user, struct usage *usage_r)
{
	const char *error;
	struct usage now;
	int ret = cm_quota_get(user, TRUE, &now.used, &now.limit, &error);

	if (ret < 0)
		i_error("chatmail_expire: %s", error);
	if (ret > 0)
		*usage_r = now;
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
	if (entry.saved >= run->recent_since)
		run->recent += size;
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

	/* to remove it would free nothing */
	if (!cm_quota_counts(box))
		return 0;
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

/* In use but for what this look has found to be recent. */
static uint64_t old_bytes(const struct run *run, uint64_t used)
{
	return used - I_MIN(used, run->recent);
}

/* A quota that does not fall although messages go must not cost the whole
 * mailbox; and what does not go need not be tried again at once. `used` was
 * before this look, so what has come in between makes for less, not more. */
static bool is_futile(const struct run *run, uint64_t used)
{
	return run->removed_old && old_bytes(run, used) >= run->old;
}

/* For the next look. What has come since this one makes for more, not less. */
static void note_removed(struct run *run, const struct cm_trim_mail *mails,
			 size_t count, const struct usage *now)
{
	size_t i;

	run->old = old_bytes(run, now->used);
	run->removed_old = FALSE;
	for (i = 0; i < count; i++) {
		if (mails[i].saved < run->recent_since)
			run->removed_old = TRUE;
	}
}

static void note_futile(struct run *run)
{
	struct cm_trim_pause pause = {
		.since = ioloop_time, .until = ioloop_time + FUTILE_PAUSE_SECS
	};

	i_error("chatmail_expire: %u old messages were removed, but the quota "
		"did not fall: nothing more is removed for %u seconds",
		run->removed, FUTILE_PAUSE_SECS);
	cm_trim_until_set(run->user->username, &pause);
}

static void choose(struct run *run, uint64_t excess, uint64_t needed)
{
	const struct cm_trim_mail *mails;
	size_t count = cm_trim_finish(run->trim, &mails);
	uint64_t available = cm_trim_available(run->trim);
	struct usage now;

	if (available >= needed && count > 0 && get_usage(run->user, &now)) {
		note_removed(run, mails, count, &now);
		expunge(run, mails, count);
	}
	if (available == 0 ||
	    (available >= needed && available <= excess &&
	     !cm_trim_is_full(run->trim) && !run->failed))
		note_until(run);
}

/* Chooses `excess` bytes of `used` and removes them if there are at least
 * `needed`. TRUE if something went. */
static bool remove_oldest(struct run *run, uint64_t used, uint64_t excess,
			  uint64_t needed)
{
	unsigned int before = run->removed;

	run->recent = 0;
	run->trim = cm_trim_new(excess, (int64_t)ioloop_time -
				run->rules->keep_secs);
	if (run->trim == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "out of memory");
	run->pool = pool_alloconly_create("chatmail trim", 1024);
	i_array_init(&run->folders, 8);
	if (cm_mail_walk(run->user, consider_box, run) == 0) {
		run->futile = is_futile(run, used);
		if (run->futile)
			note_futile(run);
		else
			choose(run, excess, needed);
	}
	array_free(&run->folders);
	pool_unref(&run->pool);
	cm_trim_free(&run->trim);
	return run->removed > before;
}

static unsigned int percent(const struct usage *usage)
{
	return usage->limit == 0 ? 0 :
		(unsigned int)(usage->used * 100 / usage->limit);
}

static void report(const struct run *run, const struct usage *before,
		   const struct usage *after)
{
	if (run->removed == 0 || run->futile)
		return;
	/* whose it is says nobody's log but at debug level */
	i_info("Trimmed: %u old messages, quota used %u%% before, %u%% now",
	       run->removed, percent(before), percent(after));
}

static void trim_locked(struct run *run, struct usage *usage_r)
{
	const struct cm_trim_limits *limits = &run->rules->limits;
	uint64_t excess, to;
	unsigned int round;

	if (!get_usage(run->user, usage_r))
		return;
	excess = cm_trim_excess(limits, usage_r->limit, usage_r->used);
	for (round = 0; excess > 0 && round < MAX_ROUNDS; round++) {
		if (!remove_oldest(run, usage_r->used, excess, 0) ||
		    !get_usage(run->user, usage_r))
			break;
		to = cm_trim_percent(usage_r->limit, limits->to);
		excess = usage_r->used > to ? usage_r->used - to : 0;
	}
}

void cm_trim_mailbox(struct mail_user *user, const struct cm_trim_rules *rules)
{
	struct usage first = { 0, 0 }, usage = first;
	struct run run;
	unsigned int round;
	int fd;

	run_init(&run, user, rules);
	/* Who saves while we hold the lock does not get it, and goes away. So
	   look once more when it is free again. */
	for (round = 0; round < MAX_ROUNDS; round++) {
		if (run.futile || run.failed ||
		    cm_trim_until_wait(user->username, ioloop_time) ||
		    !get_usage(user, &usage) ||
		    cm_trim_excess(&rules->limits, usage.limit,
				   usage.used) == 0)
			break;
		fd = lock_user(user);
		if (fd < 0)
			break;
		if (round == 0)
			first = usage;
		trim_locked(&run, &usage);
		i_close_fd(&fd);
	}
	report(&run, &first, &usage);
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
	struct usage first, usage;
	uint64_t to, excess, needed;
	unsigned int round;
	struct run run;

	run_init(&run, user, rules);
	/* whoever had the lock may have made it */
	if (need_not(user, size, &first))
		return;
	usage = first;
	for (round = 0; round < MAX_ROUNDS; round++) {
		to = cm_trim_percent(usage.limit, rules->limits.to);
		excess = usage.used + size - I_MIN(to, usage.used + size);
		needed = usage.used + size - usage.limit;
		if (!remove_oldest(&run, usage.used, excess, needed) ||
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
