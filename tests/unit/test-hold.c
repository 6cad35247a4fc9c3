/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "state-hmac.h"
#include "cm-hold.h"
#include "cm-account-remove.h"
#include "cm-settings.h"

#include <stdbool.h>

#include "account-tree.h"
#include "bad-files.h"

#define HASH "{P}x"
#define DAY 86400
#define NOW ((time_t)20000 * DAY + 4242)

static const unsigned char fresh[CM_STATE_KEY_SIZE] = "one key of 32 bytes ...........";

static struct cm_settings set;

static void begin(unsigned int days)
{
	tree_begin();
	memset(&set, 0, sizeof(set));
	set.state_dir = tree_path;
	set.hold_deleted_days = days;
}

static enum cm_dir_result get(time_t now, const char *name, char *hash)
{
	enum cm_dir_result result;
	struct cm_hold hold;
	const char *error = "";

	assert_int_equal(cm_hold_open_existing(&set, now, state_hmac, &hold, &error),
			 CM_DIR_OK);
	result = cm_hold_get(&hold, name, hash, &error);
	cm_hold_close(&hold);
	return result;
}

static void put(time_t now, const char *name, const char *hash)
{
	struct cm_hold hold;
	const char *error = "";

	assert_int_equal(cm_hold_open(&set, now, state_hmac, fresh, &hold, &error),
			 CM_DIR_OK);
	assert_int_equal(cm_hold_put(&hold, name, hash, &error), CM_DIR_OK);
	cm_hold_close(&hold);
}

static void held_and_forgotten(void **state)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	const char *error = "";

	(void)state;
	begin(3);
	assert_int_equal(get(NOW, TREE_ACCOUNT, hash), CM_DIR_UNKNOWN);
	put(NOW, TREE_ACCOUNT, HASH);
	put(NOW, TREE_ACCOUNT, "{P}y"); /* the last one counts */
	assert_int_equal(tree_count(CM_HOLD_FOLDER), 1);
	assert_int_equal(get(NOW, TREE_ACCOUNT, hash), CM_DIR_OK);
	assert_string_equal(hash, "{P}y");
	assert_int_equal(get(NOW, "otherother@example.org", hash),
			 CM_DIR_UNKNOWN);
	/* 2, 3, 4 days later */
	assert_int_equal(get(NOW + 2 * DAY, TREE_ACCOUNT, hash), CM_DIR_OK);
	assert_int_equal(get(NOW + 3 * DAY, TREE_ACCOUNT, hash), CM_DIR_OK);
	assert_int_equal(get(NOW + 4 * DAY, TREE_ACCOUNT, hash),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_hold_sweep(&set, NOW + 3 * DAY, &error),
			 CM_DIR_OK);
	assert_int_equal(tree_count(CM_HOLD_FOLDER), 1);
	assert_int_equal(cm_hold_sweep(&set, NOW + 4 * DAY, &error),
			 CM_DIR_OK);
	assert_int_equal(tree_count(CM_HOLD_FOLDER), 0);
	tree_end();
}

static void off(void **state)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	const char *error = "";

	(void)state;
	begin(3);
	put(NOW, TREE_ACCOUNT, HASH);
	set.hold_deleted_days = 0;
	put(NOW, "otherother@example.org", HASH);
	assert_int_equal(tree_count(CM_HOLD_FOLDER), 1);
	assert_int_equal(get(NOW, TREE_ACCOUNT, hash), CM_DIR_UNKNOWN);
	assert_int_equal(cm_hold_sweep(&set, NOW, &error), CM_DIR_OK);
	assert_int_equal(tree_count(CM_HOLD_FOLDER), 0);
	tree_end();
	/* never used: nothing is made */
	begin(0);
	put(NOW, TREE_ACCOUNT, HASH);
	assert_int_equal(cm_hold_sweep(&set, NOW, &error), CM_DIR_OK);
	assert_int_equal(tree_count("."), 0);
	tree_end();
}

/* Neither the address nor seconds are in it. */
static void keeps_no_address(void **state)
{
	char path[300];
	struct dirent *d;
	struct stat st;
	unsigned int seen = 0;
	DIR *dir;

	(void)state;
	begin(3);
	put(NOW, TREE_ACCOUNT, HASH);
	(void)snprintf(path, sizeof(path), "%s/%s", tree_path, CM_HOLD_FOLDER);
	dir = opendir(path);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		seen++;
		assert_int_equal(strlen(d->d_name), CM_STATE_NAME_LEN);
		assert_null(strstr(d->d_name, "abcdefghi"));
		assert_int_equal(fstatat(dirfd(dir), d->d_name, &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(st.st_mtim.tv_sec, NOW - 4242);
		assert_int_equal(st.st_size, strlen(HASH) + 1);
	}
	assert_int_equal(seen, 1);
	(void)closedir(dir);
	tree_end();
}

static const struct bad_row {
	const char *name;
	enum bad_file what;
} bad_rows[] = {
	{ "empty", BAD_EMPTY },	  { "binary", BAD_BINARY },
	{ "huge", BAD_HUGE },	  { "text", BAD_TEXT },
	{ "a link", BAD_LINK },	  { "a FIFO", BAD_FIFO },
	{ "a folder", BAD_FOLDER }
};

/* Held, and for nobody; the others are not concerned. */
static void bad_entry(void **state)
{
	const struct bad_row *row = *state;
	char hash[CM_ACCOUNT_MAX_HASH + 1], id[CM_STATE_NAME_LEN + 1];
	const time_t now = time(NULL);
	int fd;

	begin(3);
	put(now, TREE_ACCOUNT, HASH);
	put(now, "otherother@example.org", HASH);
	cm_state_name(fresh, state_hmac, "held", TREE_ACCOUNT, strlen(TREE_ACCOUNT), id);
	fd = openat(tree_fd, CM_HOLD_FOLDER, O_RDONLY | O_DIRECTORY);
	bad_file(fd, id, row->what);
	(void)close(fd);
	assert_int_equal(get(now, TREE_ACCOUNT, hash), CM_DIR_CORRUPT);
	assert_int_equal(get(now, "otherother@example.org", hash), CM_DIR_OK);
	tree_end();
}

/* A key that is gone is not replaced by a look. */
static void without_key(void **state)
{
	struct cm_hold hold;
	const char *error = "";

	(void)state;
	begin(3);
	put(NOW, TREE_ACCOUNT, HASH);
	assert_int_equal(unlinkat(tree_fd, CM_STATE_KEY_FILE, 0), 0);
	assert_int_equal(cm_hold_open_existing(&set, NOW, state_hmac, &hold, &error),
			 CM_DIR_CORRUPT);
	assert_int_equal(hold.fd, -1);
	tree_end();
}

/* cm_account_remove() */
static void removal_holds(void **state)
{
	char hash[CM_ACCOUNT_MAX_HASH + 1];
	struct cm_hold hold;
	const char *error = "";
	int mailboxes;

	(void)state;
	begin(3);
	assert_int_equal(mkdirat(tree_fd, "mail", 0700), 0);
	tree_file("mail/" TREE_ACCOUNT, "password", HASH, strlen(HASH));
	tree_file("mail/damaged12@example.org", "password", "", 0);
	mailboxes = openat(tree_fd, "mail", O_RDONLY | O_DIRECTORY);
	assert_int_equal(cm_hold_open(&set, NOW, state_hmac, fresh, &hold, &error),
			 CM_DIR_OK);
	assert_int_equal(cm_account_remove(mailboxes, TREE_ACCOUNT, &hold,
					   &error), CM_DIR_OK);
	assert_int_equal(cm_account_remove(mailboxes, TREE_ACCOUNT, &hold,
					   &error), CM_DIR_UNKNOWN);
	assert_int_equal(cm_account_remove(mailboxes,
					   "damaged12@example.org", &hold,
					   &error), CM_DIR_OK);
	cm_hold_close(&hold);
	assert_int_equal(tree_count("mail"), 0);
	assert_int_equal(get(NOW, TREE_ACCOUNT, hash), CM_DIR_OK);
	assert_string_equal(hash, HASH);
	assert_int_equal(get(NOW, "damaged12@example.org", hash),
			 CM_DIR_UNKNOWN);
	/* what cannot be held is not removed */
	tree_file("mail/" TREE_ACCOUNT, "password", HASH, strlen(HASH));
	assert_int_equal(cm_hold_open(&set, NOW, state_hmac, fresh, &hold, &error),
			 CM_DIR_OK);
	(void)close(hold.fd);
	hold.fd = mailboxes + 100;
	assert_int_equal(cm_account_remove(mailboxes, TREE_ACCOUNT, &hold,
					   &error), CM_DIR_FAILED);
	assert_true(tree_has("mail/" TREE_ACCOUNT, "password"));
	(void)close(mailboxes);
	tree_end();
}

int main(void)
{
	cm_unit_test(held_and_forgotten);
	cm_unit_test(off);
	cm_unit_test(keeps_no_address);
	cm_unit_rows(bad_entry, bad_rows);
	cm_unit_test(without_key);
	cm_unit_test(removal_holds);
	return cm_unit_run();
}
