/* SPDX-License-Identifier: MIT */
#include "cm-policy-live.h"
#include "cm-account-dir.h"
#include "cm-account-rules.h"
#include "cm-addr.h"
#include "cm-policy-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36

/* The clock that goes on while the machine sleeps, where there is one. */
#ifdef CLOCK_BOOTTIME
#define POLICY_CLOCK CLOCK_BOOTTIME
#else
#define POLICY_CLOCK CLOCK_MONOTONIC
#endif

static uint64_t read_clock(void)
{
	struct timespec ts;

	if (clock_gettime(POLICY_CLOCK, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
}

static uint64_t seconds(const struct cm_policy_live *live)
{
	return live->now / NS_PER_SECOND;
}

/* For a run_dir that outlives a reboot, in spite of its name. */
static uint64_t read_boot(void)
{
	static const unsigned char zero[CM_SIPHASH_KEY_SIZE];
	char id[BOOT_ID_SIZE];
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, id, sizeof(id));
	(void)close(fd);
	return n == BOOT_ID_SIZE ? cm_siphash(zero, id, sizeof(id)) : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* What hangs on the settings' paths. */
static void close_files(struct cm_policy_live *live)
{
	cm_rate_table_close(&live->table);
	live->table_tried = 0;
	close_fd(&live->mailboxes_fd);
	close_fd(&live->state_fd);
	cm_federation_deinit(&live->fed);
	live->login[0] = '\0';
}

static void take_settings(struct cm_policy_live *live,
			  struct cm_settings *fresh)
{
	close_files(live);
	if (live->have_set)
		cm_settings_deinit(&live->set);
	live->set = *fresh;
	live->have_set = true;
	cm_rate_window_init(&live->limits.brief,
			    live->set.max_user_send_per_minute, 60,
			    live->set.max_user_send_burst_size,
			    CM_RATE_SHORT_HZ);
	cm_rate_window_init(&live->limits.daily,
			    live->set.max_user_send_per_day, 86400,
			    live->set.max_user_send_per_day, CM_RATE_LONG_HZ);
}

static void refresh_settings(struct cm_policy_live *live)
{
	struct cm_settings fresh;
	struct cm_stamp stamp;
	const char *error;
	struct stat st;

	if (stat(live->path, &st) < 0) {
		cm_policy_warn(CM_POLICY_TROUBLE_SETTINGS, seconds(live),
			       "%s: %s%s", live->path, strerror(errno),
			       live->have_set ? "; what it said counts on" :
						"");
		return;
	}
	cm_stamp_of(&st, &stamp);
	if (live->have_set && cm_stamp_equals(&stamp, &live->set_stamp))
		return;
	if (cm_settings_read(&fresh, live->path, NULL, NULL, &error) < 0) {
		cm_policy_warn(CM_POLICY_TROUBLE_SETTINGS, seconds(live),
			       "%s%s", error, live->have_set ?
			       "; the settings before that count on" : "");
		cm_settings_deinit(&fresh);
		return;
	}
	live->set_stamp = stamp;
	take_settings(live, &fresh);
}

static void open_table(struct cm_policy_live *live)
{
	struct cm_rate_table_params params = {
		.name = CM_POLICY_TABLE,
		.accounts = live->set.rate_table_accounts,
		.boot = live->boot,
		.now = live->now,
		.create = !live->read_only
	};
	int error;

	live->table_tried = live->now;
	params.dir_fd = open(live->set.run_dir,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (params.dir_fd >= 0 &&
	    getrandom(params.random, sizeof(params.random), GRND_NONBLOCK) ==
	    (ssize_t)sizeof(params.random) &&
	    cm_rate_table_open(&live->table, &params) == 0) {
		(void)close(params.dir_fd);
		return;
	}
	error = errno;
	close_fd(&params.dir_fd);
	/* looking only: no table means that nobody was counted yet */
	if (live->read_only && error == ENOENT)
		return;
	cm_policy_warn(CM_POLICY_TROUBLE_TABLE, seconds(live),
		       "%s/" CM_POLICY_TABLE ": %s; sending rates are not "
		       "known", live->set.run_dir, strerror(error));
}

static void need_table(struct cm_policy_live *live)
{
	if (live->table.header == NULL &&
	    (live->table_tried == 0 ||
	     live->now - live->table_tried >= CM_POLICY_FRESH_NS))
		open_table(live);
}

void cm_policy_live_init(struct cm_policy_live *live, const char *path,
			 bool read_only)
{
	memset(live, 0, sizeof(*live));
	live->path = path;
	live->read_only = read_only;
	live->boot = read_boot();
	live->table.fd = live->mailboxes_fd = live->state_fd = -1;
	cm_federation_init(&live->fed);
}

void cm_policy_live_deinit(struct cm_policy_live *live)
{
	close_files(live);
	if (live->have_set)
		cm_settings_deinit(&live->set);
	live->have_set = false;
}

void cm_policy_live_refresh(struct cm_policy_live *live)
{
	live->now = read_clock();
	/* without settings mail is deferred: no second of that is too many */
	if (live->checked != 0 && live->have_set &&
	    live->now - live->checked < CM_POLICY_FRESH_NS)
		return;
	live->checked = live->now;
	refresh_settings(live);
	if (live->table.header != NULL &&
	    cm_rate_table_stale(&live->table, live->now)) {
		cm_rate_table_close(&live->table);
		live->table_tried = 0;
	}
	/* a folder that was replaced is found again */
	close_fd(&live->mailboxes_fd);
	close_fd(&live->state_fd);
}

static enum cm_policy_known look_up_blocked(struct cm_policy_live *live,
					    const char *login, size_t len)
{
	static const char file[] = "/" CM_ACCOUNT_FILE_DISABLED;
	char path[sizeof(live->login) + sizeof(file)];
	const char *error = "";
	enum cm_dir_result result;
	struct stat st;
	int fd;

	if (live->mailboxes_fd < 0 &&
	    (result = cm_mailboxes_open(live->set.mailboxes_dir,
					&live->mailboxes_fd, &error)) !=
	    CM_DIR_OK)
		goto failed;
	/* the usual answer, by one system call instead of three */
	memcpy(path, login, len);
	memcpy(path + len, file, sizeof(file));
	if (fstatat(live->mailboxes_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return CM_POLICY_NO;
	result = cm_account_open(live->mailboxes_fd, login, &fd, &error);
	if (result == CM_DIR_UNKNOWN)
		return CM_POLICY_NO;
	if (result != CM_DIR_OK)
		goto failed;
	result = cm_account_has_file(fd, CM_ACCOUNT_FILE_DISABLED, &error);
	(void)close(fd);
	if (result == CM_DIR_OK || result == CM_DIR_UNKNOWN)
		return result == CM_DIR_OK ? CM_POLICY_YES : CM_POLICY_NO;
failed:
	cm_policy_warn(CM_POLICY_TROUBLE_ACCOUNTS, seconds(live),
		       "an account cannot be looked up: %s: %s", error,
		       result == CM_DIR_FAILED ? strerror(errno) :
						 "not what it should be");
	return CM_POLICY_UNKNOWN;
}

enum cm_policy_known cm_policy_is_blocked(struct cm_policy_live *live,
					  const char *login)
{
	size_t len = strlen(login);
	enum cm_policy_known known;
	char name[sizeof(live->login)];

	if (!live->have_set)
		return CM_POLICY_UNKNOWN;
	if (len >= sizeof(name))
		return CM_POLICY_NO;
	memcpy(name, login, len + 1);
	cm_ascii_lower(name);
	/* what cannot be a folder has none */
	if (!cm_account_name_valid(&live->set, name, len))
		return CM_POLICY_NO;
	if (strcmp(live->login, name) == 0 &&
	    live->now - live->login_checked < CM_POLICY_FRESH_NS)
		return live->login_blocked ? CM_POLICY_YES : CM_POLICY_NO;
	live->login[0] = '\0';
	/* another process may have looked just now */
	need_table(live);
	if (!live->read_only &&
	    cm_rate_table_noted(&live->table, name, live->now))
		return CM_POLICY_NO;
	known = look_up_blocked(live, name, len);
	if (known == CM_POLICY_NO && !live->read_only)
		cm_rate_table_note(&live->table, name, live->now);
	if (known != CM_POLICY_UNKNOWN) {
		memcpy(live->login, name, len + 1);
		live->login_checked = live->now;
		live->login_blocked = known == CM_POLICY_YES;
	}
	return known;
}

enum cm_policy_known cm_policy_may_federate(struct cm_policy_live *live,
					    const char *sender)
{
	const char *error = "cannot be opened";

	if (!live->have_set)
		return CM_POLICY_UNKNOWN;
	if (live->state_fd < 0)
		live->state_fd = open(live->set.state_dir,
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (live->state_fd < 0 ||
	    cm_federation_load(&live->fed, live->state_fd, &error) < 0) {
		cm_policy_warn(CM_POLICY_TROUBLE_FEDERATION, seconds(live),
			       "%s/" CM_FEDERATION_FILE ": %s: %s",
			       live->set.state_dir, error, strerror(errno));
		return CM_POLICY_UNKNOWN;
	}
	if (live->fed.bad_line != 0)
		cm_policy_warn(CM_POLICY_TROUBLE_FEDERATION, seconds(live),
			       "%s/" CM_FEDERATION_FILE ":%u: expected allow "
			       "or block and an address or a domain; the line "
			       "means nothing", live->set.state_dir,
			       live->fed.bad_line);
	return cm_federation_allows(&live->fed, &live->set, sender) ?
		CM_POLICY_YES : CM_POLICY_NO;
}

enum cm_rate_result cm_policy_count(struct cm_policy_live *live,
				    const char *login, bool charge,
				    uint64_t *wait_ms_r)
{
	enum cm_rate_result result;

	*wait_ms_r = 0;
	if (!live->have_set)
		return CM_RATE_FAILED;
	need_table(live);
	if (live->table.header == NULL)
		return live->read_only ? CM_RATE_ALLOWED : CM_RATE_FAILED;
	result = cm_rate_table_take(&live->table, login, &live->limits,
				    live->now, charge, wait_ms_r);
	if (result == CM_RATE_FAILED)
		cm_policy_warn(CM_POLICY_TROUBLE_TABLE, seconds(live),
			       "%s/" CM_POLICY_TABLE " cannot be used; sending "
			       "rates are not known", live->set.run_dir);
	return result;
}
