/* SPDX-License-Identifier: MIT
 *
 * One account of `doveadm chatmail expire`. Nothing due means: its directories
 * were read, and Dovecot knows nothing of it.
 */
#include "cm-doveadm-expire.h"

#include "hostpid.h"

#include "cm-account-edit.h"
#include "cm-account-info.h"
#include "cm-account-remove.h"
#include "cm-account-rules.h"
#include "cm-account-scan.h"
#include "cm-devicetoken.h"
#include "cm-doveadm-expunge.h"
#include "cm-io.h"
#include "cm-leftover.h"
#include "cm-maildir-name.h"
#include "cm-hold.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* Messages that go before we look again: what bounds our memory, 15 MB. */
#define MAX_DUE 100000
/* Times that we look again, for an account of 10 million messages. */
#define MAX_ROUNDS 100

/* What a look through the account's directories is for. */
enum look {
	LOOK_COUNT, /* first of a dry run: whether the names tell what is due */
	LOOK_PRINT, /* then, if they do */
	LOOK_COLLECT
};

struct account {
	struct cm_expire_run *run;
	const char *name;
	enum look look;
	pool_t pool; /* created with the first that is due */
	ARRAY_TYPE(cm_due_folder) folders;
	pool_t skip_pool; /* created with the first folder in skip */
	ARRAY_TYPE(const_string) skip; /* folders that nothing went from */
	unsigned int due;
	uint64_t messages;
	bool again; /* not the first look: all have been counted */
};

/* ---- messages */

static struct cm_due_folder *folder_of(struct account *account,
				       const char *path)
{
	struct cm_due_folder *folder;

	if (account->pool == NULL) {
		account->pool = pool_alloconly_create("messages due", 4096);
		p_array_init(&account->folders, account->pool, 4);
	}
	array_foreach_modifiable(&account->folders, folder) {
		if (strcmp(folder->path, path) == 0)
			return folder;
	}
	folder = array_append_space(&account->folders);
	folder->path = p_strdup(account->pool, path);
	p_array_init(&folder->messages, account->pool, 16);
	return folder;
}

static void print_message(struct account *account, const char *folder,
			  const char *sub, const char *base,
			  enum cm_expire_verdict verdict, uint64_t size)
{
	struct cm_expire_run *run = account->run;

	run->counts.messages_removed++;
	run->counts.bytes_removed += size;
	if (!run->rows)
		return;
	T_BEGIN {
		cm_expire_row(run, account->name, "message",
			      t_strdup_printf("%s%s%s/%s", folder,
					      *folder == '\0' ? "" : "/", sub,
					      base),
			      cm_expire_reason(verdict));
	} T_END;
}

static bool is_skipped(const struct account *account, const char *path)
{
	const char *skip;

	if (account->skip_pool == NULL)
		return FALSE;
	array_foreach_elem(&account->skip, skip) {
		if (strcmp(skip, path) == 0)
			return TRUE;
	}
	return FALSE;
}

static void add_due(struct account *account, const struct cm_scan_file *file,
		    size_t base_len, enum cm_expire_verdict verdict,
		    int64_t size)
{
	struct cm_due_folder *folder;
	struct cm_due_message *message;

	if (is_skipped(account, file->folder))
		return;
	account->due++;
	if (account->look == LOOK_COUNT)
		return;
	if (account->look == LOOK_PRINT) {
		T_BEGIN {
			print_message(account, file->folder, file->sub,
				      t_strndup(file->name, base_len), verdict,
				      size);
		} T_END;
		return;
	}
	folder = folder_of(account, file->folder);
	message = array_append_space(&folder->messages);
	message->base = p_strndup(account->pool, file->name, base_len);
	message->sub = file->sub[0] == 'c' ? "cur" : "new";
	message->size = size;
	message->verdict = verdict;
}

/* Most names say all. */
static void judge_message(struct account *account,
			  const struct cm_scan_file *file)
{
	const struct cm_expire *rules = &account->run->rules;
	bool seen = file->sub[0] == 'c';
	enum cm_expire_verdict verdict;
	struct cm_maildir_name name;
	struct stat st;

	if (!cm_maildir_name_is_message(file->name))
		return;
	account->messages++;
	cm_maildir_name_parse(file->name, &name);
	if (!cm_expire_time_plausible(rules->now, name.time))
		name.time = -1;
	verdict = name.time < 0 ? CM_EXPIRE_ASK_SIZE :
		cm_expire_message(rules, name.time, seen, name.size);
	if (verdict == CM_EXPIRE_KEEP)
		return;
	if (name.time < 0 || name.size < 0) {
		if (fstatat(file->dir_fd, file->name, &st,
			    AT_SYMLINK_NOFOLLOW) < 0)
			return; /* gone */
		if (name.time < 0)
			name.time = st.st_mtim.tv_sec;
		if (name.size < 0)
			name.size = st.st_size;
		verdict = cm_expire_message(rules, name.time, seen, name.size);
	}
	if (verdict != CM_EXPIRE_KEEP)
		add_due(account, file, name.base_len, verdict, name.size);
}

/* ---- leftovers */

/* FALSE also if we cannot tell: then its age counts, which is high. */
static bool lock_is_held(const struct cm_scan_file *file)
{
	char text[CM_LEFTOVER_MAX_LOCK];
	ssize_t len;
	pid_t pid;
	int fd;

	fd = openat(file->dir_fd, file->name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return FALSE;
	len = cm_read_all(fd, text, sizeof(text));
	i_close_fd(&fd);
	pid = len <= 0 ? 0 : cm_leftover_lock_pid(text, len, my_hostname);
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static void judge_leftover(struct account *account,
			   const struct cm_scan_file *file)
{
	struct cm_expire_run *run = account->run;
	enum cm_leftover kind = cm_leftover_kind(file->name,
						 file->sub[0] == 't');
	struct stat st;

	if (kind == CM_LEFTOVER_NONE ||
	    fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !cm_expire_leftover(&run->rules, I_MAX(st.st_mtim.tv_sec,
						   st.st_ctim.tv_sec)) ||
	    (kind == CM_LEFTOVER_LOCK && lock_is_held(file)))
		return;
	if (!run->dry && unlinkat(file->dir_fd, file->name, 0) < 0) {
		if (errno != ENOENT) {
			cm_expire_trouble(run, CM_DIR_FAILED,
					  "remove a leftover file");
		}
		return;
	}
	run->counts.files_removed++;
	if (run->rows) T_BEGIN {
		cm_expire_row(run, account->name, "file", t_strdup_printf(
			"%s%s%s%s%s", file->folder,
			*file->folder == '\0' ? "" : "/", file->sub,
			*file->sub == '\0' ? "" : "/", file->name),
			kind == CM_LEFTOVER_LOCK ? "lock" : "temporary");
	} T_END;
}

/* Tokens of devices that have not shown themselves for long. What is damaged
 * is for who writes there next. */
static void expire_tokens(struct account *account, int account_fd)
{
	struct cm_expire_run *run = account->run;
	enum cm_dir_result result;
	const char *error;
	unsigned int count;

	result = cm_devicetoken_expire(account_fd, run->rules.now, run->dry,
				       CM_DEVICETOKEN_WAIT_MS, &count, &error);
	if (result == CM_DIR_FAILED)
		cm_expire_trouble(run, result, error);
	if (result != CM_DIR_OK)
		return;
	run->counts.tokens_removed += count;
	if (run->rows) T_BEGIN {
		cm_expire_row(run, account->name, "token",
			      t_strdup_printf("%u", count), "old");
	} T_END;
}

static bool is_token_file(const struct cm_scan_file *file)
{
	return *file->folder == '\0' && *file->sub == '\0' &&
		strcmp(file->name, CM_DEVICETOKEN_FILE) == 0;
}

static bool show(void *ctx, const struct cm_scan_file *file)
{
	struct account *account = ctx;

	if (file->sub[0] == 'c' || file->sub[0] == 'n')
		judge_message(account, file);
	else if (account->again)
		;
	else if (is_token_file(file))
		expire_tokens(account, file->dir_fd);
	else
		judge_leftover(account, file);
	return account->run->dry || account->due < MAX_DUE;
}

/* ---- the account */

/* FALSE if there is none. */
static bool report_folder(struct account *account,
			  const struct cm_due_folder *folder)
{
	const struct cm_due_message *message;
	bool any = FALSE;

	array_foreach(&folder->messages, message) {
		if (!message->gone)
			continue;
		any = TRUE;
		print_message(account, folder->path, message->sub,
			      message->base, message->verdict, message->size);
	}
	return any;
}

/* A folder that nothing went from must not take the place of others at the next
 * look, and has been complained of. */
static void skip_folder(struct account *account, const char *path)
{
	const char *skip;

	if (account->skip_pool == NULL) {
		account->skip_pool =
			pool_alloconly_create("folders skipped", 1024);
		p_array_init(&account->skip, account->skip_pool, 4);
	}
	skip = p_strdup(account->skip_pool, path);
	array_push_back(&account->skip, &skip);
}

static void report_gone(struct account *account)
{
	const struct cm_due_folder *folder;

	array_foreach(&account->folders, folder) {
		if (!report_folder(account, folder))
			skip_folder(account, folder->path);
	}
}

/* 1: the names tell what is due, 0: something else may be mail, -1: failed */
static int look_through(struct account *account, int fd, enum look look)
{
	struct cm_expire_run *run = account->run;
	struct cm_scan_facts facts;
	enum cm_dir_result result;
	const char *error;

	account->look = look;
	account->due = 0;
	account->messages = 0;
	result = cm_account_scan(fd, show, account, &facts, &error);
	if (result != CM_DIR_OK)
		cm_expire_trouble(run, result, error);
	if (result == CM_DIR_FAILED)
		return -1;
	/* else Dovecot finds the same ones, and counts them */
	if (!facts.maildir && (run->dry || account->due < MAX_DUE))
		return 0;
	if (!account->again)
		run->counts.messages += account->messages;
	account->again = TRUE;
	return 1;
}

/* TRUE: there may be more. */
static bool one_round(struct account *account, int fd)
{
	struct cm_expire_run *run = account->run;
	bool tried;
	int ret;

	ret = look_through(account, fd, run->dry ? LOOK_COUNT : LOOK_COLLECT);
	if (ret == 0)
		(void)cm_expunge_search(run, account->name);
	if (ret <= 0)
		return FALSE;
	if (run->dry) {
		if (account->due > 0)
			(void)look_through(account, fd, LOOK_PRINT);
		return FALSE;
	}
	if (account->pool == NULL)
		return FALSE;
	tried = cm_expunge_due(run, account->name, fd, &account->folders);
	if (tried)
		report_gone(account);
	pool_unref(&account->pool);
	return tried && account->due >= MAX_DUE;
}

static void expire_messages(struct cm_expire_run *run, const char *name,
			    int fd)
{
	struct account account = { .run = run, .name = name };
	unsigned int rounds = 0;

	while (one_round(&account, fd) && ++rounds < MAX_ROUNDS &&
	       !cm_expire_stopped())
		;
	pool_unref(&account.pool);
	pool_unref(&account.skip_pool);
}

/* The password's time says enough about nearly everybody. */
static bool is_inactive(struct cm_expire_run *run, int fd, time_t last)
{
	enum cm_dir_result result;
	const char *error;

	if (!cm_expire_account(&run->rules, last))
		return FALSE;
	result = cm_account_last_login(fd, &last, &error);
	if (result == CM_DIR_OK) {
		return cm_expire_account(&run->rules, last) &&
			!cm_expire_is_blocked(fd);
	}
	if (result != CM_DIR_UNKNOWN)
		cm_expire_trouble(run, result, error);
	return FALSE;
}

/* Nobody has become an account in there. */
static bool still_aborted(void *ctx ATTR_UNUSED, int account_fd)
{
	const char *error;

	return cm_account_creation_aborted(account_fd, &error) == CM_DIR_OK;
}

/* Without a password it is nobody's or somebody else's (another passdb's): it
 * goes only if there is nothing in it but what a creation of ours leaves. */
static void expire_nobody(struct cm_expire_run *run, const char *name, int fd)
{
	enum cm_dir_result result;
	struct cm_hold none;
	const char *error;
	struct stat st;

	if (!cm_account_name_valid(&run->relay.set, name, strlen(name)) ||
	    fstat(fd, &st) < 0 ||
	    !cm_expire_leftover(&run->rules, I_MAX(st.st_mtim.tv_sec,
						   st.st_ctim.tv_sec)) ||
	    !still_aborted(NULL, fd))
		return;
	if (!run->dry) {
		cm_hold_none(&none);
		result = cm_account_remove_if(run->relay.mailboxes_fd, name,
					      &none, still_aborted, NULL, &error);
		if (result == CM_DIR_EXISTS || result == CM_DIR_UNKNOWN)
			return;
		if (result != CM_DIR_OK) {
			cm_expire_trouble(run, result, error);
			return;
		}
	}
	run->counts.files_removed++;
	cm_expire_row(run, name, "file", ".", "aborted creation");
}

bool cm_expire_account_do(struct cm_expire_run *run, const char *name)
{
	enum cm_dir_result result;
	const char *error = "";
	bool inactive;
	time_t last;
	int fd;

	result = cm_account_open(run->relay.mailboxes_fd, name, &fd, &error);
	if (result != CM_DIR_OK) {
		if (result != CM_DIR_UNKNOWN && result != CM_DIR_CORRUPT)
			cm_expire_trouble(run, result, error);
		return FALSE;
	}
	result = cm_account_exists(fd, &last, &error);
	if (result == CM_DIR_UNKNOWN)
		expire_nobody(run, name, fd);
	else if (result != CM_DIR_OK)
		cm_expire_trouble(run, result, error);
	else {
		run->counts.accounts++;
		inactive = is_inactive(run, fd, last);
		if (inactive && !run->spare) {
			cm_expire_inactive_add(run, name);
		} else {
			expire_messages(run, name, fd);
			if (inactive)
				run->spared++;
		}
	}
	i_close_fd(&fd);
	return result != CM_DIR_UNKNOWN;
}
