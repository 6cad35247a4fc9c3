/* SPDX-License-Identifier: MIT
 *
 * cm-rate-table with a clock that the test sets, in one process; with many,
 * see test-rate-storm.
 */
#include "cm-unit.h"
#include "cm-rate-table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define MS (SECOND / 1000)
#define DAY (86400 * SECOND)
#define START (1000 * SECOND)

static char dir[] = "/tmp/cm-rate-table.XXXXXX";
static int dir_fd;

static struct cm_rate_table_params params;
static struct cm_rate_limits limits;

static void set_limits(unsigned int per_minute, unsigned int burst,
		       unsigned int per_day)
{
	cm_rate_window_init(&limits.brief, per_minute, 60, burst,
			    CM_RATE_SHORT_HZ);
	cm_rate_window_init(&limits.daily, per_day, 86400, per_day,
			    CM_RATE_LONG_HZ);
}

static void remove_files(void)
{
	(void)unlinkat(dir_fd, "t", 0);
	(void)unlinkat(dir_fd, "t.new", 0);
	(void)unlinkat(dir_fd, "t.lock", 0);
}

static int setup(struct cm_rate_table *table, unsigned int accounts)
{
	remove_files();
	memset(&params, 0, sizeof(params));
	params.dir_fd = dir_fd;
	params.name = "t";
	params.accounts = accounts;
	params.boot = 7;
	params.now = START;
	params.create = true;
	memset(params.random, 0x5a, sizeof(params.random));
	set_limits(60, 10, 0);
	return cm_rate_table_open(table, &params);
}

static unsigned int drain(struct cm_rate_table *table, const char *name,
			  uint64_t now)
{
	unsigned int n = 0;
	uint64_t wait;

	while (n < 100000 && cm_rate_table_take(table, name, &limits, now, true,
						&wait) == CM_RATE_ALLOWED)
		n++;
	return n;
}

static void counts(void **state)
{
	struct cm_rate_table table;
	uint64_t wait;

	(void)state;
	assert_int_equal(setup(&table, 1000000), 0);
	assert_true(table.size <= 16 * 1024 * 1024);
	assert_int_equal(drain(&table, "a@x", START), 10);
	assert_int_equal(cm_rate_table_take(&table, "A@X", &limits, START, true,
					    &wait), CM_RATE_DENIED);
	assert_int_equal(wait, 1000);
	assert_int_equal(cm_rate_table_take(&table, "a@x", &limits,
					    START + SECOND - 1, true, &wait),
			 CM_RATE_DENIED);
	assert_int_equal(wait, 1);
	assert_int_equal(drain(&table, "a@x", START + SECOND), 1);
	assert_int_equal(drain(&table, "b@x", START), 10);
	assert_int_equal(drain(&table, "a@x", START + 60 * SECOND), 10);
	cm_rate_table_close(&table);
	assert_int_equal(cm_rate_table_take(&table, "a@x", &limits, START, true,
					    &wait), CM_RATE_FAILED);
}

static void looks_without_counting(void **state)
{
	struct cm_rate_table table;
	uint64_t wait;
	int i;

	(void)state;
	assert_int_equal(setup(&table, 100), 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(cm_rate_table_take(&table, "a@x", &limits,
						    START, false, &wait),
				 CM_RATE_ALLOWED);
	assert_int_equal(drain(&table, "a@x", START), 10);
	assert_int_equal(cm_rate_table_take(&table, "a@x", &limits, START,
					    false, &wait), CM_RATE_DENIED);
	cm_rate_table_close(&table);
}

static void long_window(void **state)
{
	struct cm_rate_table table;
	uint64_t wait;

	(void)state;
	assert_int_equal(setup(&table, 100), 0);
	set_limits(60, 10, 24); /* one an hour, 24 at once */
	assert_int_equal(drain(&table, "a@x", START), 10);
	assert_int_equal(drain(&table, "a@x", START + 20 * SECOND), 10);
	assert_int_equal(drain(&table, "a@x", START + 40 * SECOND), 4);
	assert_int_equal(cm_rate_table_take(&table, "a@x", &limits,
					    START + 40 * SECOND, true, &wait),
			 CM_RATE_DENIED);
	assert_int_equal(wait, (3600 - 40) * 1000);
	assert_int_equal(drain(&table, "a@x", START + 3600 * SECOND - 1), 0);
	assert_int_equal(drain(&table, "a@x", START + 3600 * SECOND), 1);
	assert_int_equal(drain(&table, "a@x", START + 3600 * SECOND), 0);
	/* who waits for the day does not use up the minute */
	assert_int_equal(drain(&table, "a@x", START + 3 * DAY), 10);
	cm_rate_table_close(&table);
}

static void rates_without_error(void **state)
{
	struct cm_rate_table table;
	uint64_t now, sent = 0;

	(void)state;
	assert_int_equal(setup(&table, 100), 0);
	for (now = START; now < START + 600 * SECOND; now += SECOND / 7)
		sent += drain(&table, "a@x", now);
	assert_int_equal(sent, 10 + 599);
	cm_rate_table_close(&table);
}

static const char *name_of(unsigned int i)
{
	static char name[32];

	(void)snprintf(name, sizeof(name), "user%u@x", i);
	return name;
}

/* One group: whoever is idle gives way, and loses nothing by it. */
static void idle_ones_give_way(void **state)
{
	struct cm_rate_table table;
	unsigned int round, i;

	(void)state;
	assert_int_equal(setup(&table, CM_RATE_TABLE_SLOTS), 0);
	for (round = 0; round < 50; round++) {
		uint64_t now = START + round * 10 * SECOND;

		for (i = 0; i < CM_RATE_TABLE_SLOTS; i++)
			assert_int_equal(drain(&table, name_of(round * 8 + i),
					       now), 10);
		for (i = 0; i < CM_RATE_TABLE_SLOTS; i++)
			assert_int_equal(drain(&table, name_of(round * 8 + i),
					       now), 0);
	}
	assert_int_equal(cm_rate_table_evicted(&table), 0);
	cm_rate_table_close(&table);
}

/* Full of busy ones: the one nearest to idle is lost, and no other. */
static void busy_ones_give_way_last(void **state)
{
	struct cm_rate_table table;
	unsigned int i;

	(void)state;
	assert_int_equal(setup(&table, CM_RATE_TABLE_SLOTS), 0);
	for (i = 0; i < CM_RATE_TABLE_SLOTS; i++)
		assert_int_equal(drain(&table, name_of(i),
				       START + i * MS), 10);
	assert_int_equal(drain(&table, "other@x", START + 10 * MS + 1), 10);
	assert_int_equal(cm_rate_table_evicted(&table), 1);
	set_limits(60, 10, 0);
	for (i = 1; i < CM_RATE_TABLE_SLOTS; i++)
		assert_int_equal(drain(&table, name_of(i), START + 10 * MS), 0);
	assert_int_equal(cm_rate_table_evicted(&table), 1);
	assert_int_equal(drain(&table, name_of(0), START + 10 * MS), 10);
	assert_int_equal(cm_rate_table_evicted(&table), 2);
	cm_rate_table_close(&table);
}

/* More accounts than there is room for, all over the table. */
static void full_table(void **state)
{
	struct cm_rate_table table;
	unsigned int i;
	uint64_t wait;

	(void)state;
	assert_int_equal(setup(&table, 1000), 0);
	for (i = 0; i < 20000; i++)
		assert_int_equal(cm_rate_table_take(&table, name_of(i), &limits,
						    START + i * SECOND / 100,
						    true, &wait),
				 CM_RATE_ALLOWED);
	assert_int_equal(cm_rate_table_evicted(&table), 0);
	for (i = 20000; i < 40000; i++)
		assert_int_equal(cm_rate_table_take(&table, name_of(i), &limits,
						    START + 200 * SECOND, true,
						    &wait), CM_RATE_ALLOWED);
	assert_true(cm_rate_table_evicted(&table) > 0);
	cm_rate_table_close(&table);
}

/* Does the count go on after opening again? */
static bool is_kept(struct cm_rate_table *again)
{
	unsigned int n;

	if (cm_rate_table_open(again, &params) < 0)
		fail_msg("open: %s", strerror(errno));
	n = drain(again, "a@x", params.now);
	assert_true(n == 0 || n == 10);
	return n == 0;
}

static void poke(off_t offset, unsigned char byte)
{
	int fd = openat(dir_fd, "t", O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	(void)close(fd);
}

enum damage {
	NONE, MAGIC, VERSION, OTHER_ORDER, HEADER_SIZE, GROUPS, SHORTER, LONGER,
	EMPTY, MODE, LINK, BOOT, ACCOUNTS, SAME_GROUPS, OLD,
	OLD_ENOUGH, CLOCK_BACK, LEFTOVER
};

static const struct damage_row {
	const char *name;
	enum damage damage;
	bool kept;
} damage_rows[] = {
	{ "the same file", NONE, true },
	{ "another magic", MAGIC, false },
	{ "another version", VERSION, false },
	{ "another byte order", OTHER_ORDER, false },
	{ "another header size", HEADER_SIZE, false },
	{ "another number of groups", GROUPS, false },
	{ "a byte shorter", SHORTER, false },
	{ "a byte longer", LONGER, false },
	{ "empty", EMPTY, false },
	{ "readable for others", MODE, false },
	{ "a link", LINK, false },
	{ "after a reboot", BOOT, false },
	{ "for more accounts", ACCOUNTS, false },
	{ "for one account less, as many groups", SAME_GROUPS, true },
	{ "a tick before its end", OLD_ENOUGH, true },
	{ "at its end", OLD, false },
	{ "from the future", CLOCK_BACK, false },
	{ "what a crash left of another", LEFTOVER, true },
};

static void do_damage(enum damage damage, size_t size)
{
	static const off_t offsets[] = {
		[MAGIC] = 0, [VERSION] = 8, [OTHER_ORDER] = 12,
		[HEADER_SIZE] = 16, [GROUPS] = 24
	};
	int fd;

	switch (damage) {
	case MAGIC:
	case VERSION:
	case OTHER_ORDER:
	case HEADER_SIZE:
	case GROUPS:
		poke(offsets[damage], 0xee);
		break;
	case SHORTER:
	case LONGER:
	case EMPTY:
		fd = openat(dir_fd, "t", O_WRONLY);
		assert_int_equal(ftruncate(fd, damage == EMPTY ? 0 :
			(off_t)size + (damage == LONGER ? 1 : -1)), 0);
		(void)close(fd);
		break;
	case MODE:
		assert_int_equal(fchmodat(dir_fd, "t", 0640, 0), 0);
		break;
	case LINK:
		assert_int_equal(renameat(dir_fd, "t", dir_fd, "real"), 0);
		assert_int_equal(symlinkat("real", dir_fd, "t"), 0);
		break;
	case BOOT:
		params.boot++;
		break;
	case ACCOUNTS:
		params.accounts++;
		break;
	case SAME_GROUPS:
		params.accounts--;
		break;
	case LEFTOVER:
		fd = openat(dir_fd, "t.new", O_WRONLY | O_CREAT, 0644);
		(void)close(fd);
		break;
	default:
		break;
	}
}

static void opens_again(void **state)
{
	const struct damage_row *row = *state;
	struct cm_rate_table table, again, third;
	uint64_t age = 0;

	assert_int_equal(setup(&table, 160), 0);
	if (row->damage == OLD_ENOUGH)
		age = CM_RATE_TABLE_MAX_AGE * SECOND - 1;
	else if (row->damage == OLD)
		age = CM_RATE_TABLE_MAX_AGE * SECOND;
	if (age != 0) {
		/* far from START: counted just before */
		assert_int_equal(drain(&table, "a@x", START +
			CM_RATE_TABLE_MAX_AGE * SECOND - 1), 10);
		params.now = START + age;
	} else {
		assert_int_equal(drain(&table, "a@x", START), 10);
	}
	if (row->damage == CLOCK_BACK)
		params.now = START - 11 * SECOND;
	do_damage(row->damage, table.size);
	memset(params.random, 0x77, sizeof(params.random));
	assert_int_equal(is_kept(&again), row->kept);
	/* whoever has the old one notices */
	if (row->damage != LINK)
		assert_int_equal(cm_rate_table_stale(&table, params.now),
				 !row->kept);
	assert_false(cm_rate_table_stale(&again, params.now));
	/* and now it stays */
	assert_true(is_kept(&third));
	cm_rate_table_close(&third);
	cm_rate_table_close(&again);
	cm_rate_table_close(&table);
	(void)unlinkat(dir_fd, "real", 0);
}

static void refuses_to_open(void **state)
{
	struct cm_rate_table table;
	struct stat st;

	(void)state;
	assert_int_equal(setup(&table, CM_RATE_TABLE_MIN_ACCOUNTS - 1), -1);
	assert_int_equal(setup(&table, CM_RATE_TABLE_MIN_ACCOUNTS), 0);
	cm_rate_table_close(&table);
	assert_int_equal(setup(&table, CM_RATE_TABLE_MIN_ACCOUNTS + 1), 0);
	assert_int_equal(fstatat(dir_fd, "t", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	cm_rate_table_close(&table);
	assert_int_equal(setup(&table, CM_RATE_TABLE_MAX_ACCOUNTS + 1), -1);
	remove_files();
	params.accounts = 100;
	params.create = false;
	assert_int_equal(cm_rate_table_open(&table, &params), -1);
	assert_int_equal(errno, ENOENT);
	params.create = true;
	params.dir_fd = -1;
	assert_int_equal(cm_rate_table_open(&table, &params), -1);
	cm_rate_table_close(&table);
}

#define OWNER 65534

/* An admin as root was the first, in a directory of another user's. */
static void owner_after_root(void **state)
{
	struct cm_rate_table table;
	struct stat st;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(fchown(dir_fd, OWNER, OWNER), 0);
	assert_int_equal(setup(&table, 160), 0);
	assert_int_equal(drain(&table, "a@x", START), 10);
	assert_int_equal(fstatat(dir_fd, "t.lock", &st, 0), 0);
	assert_int_equal(st.st_uid, OWNER);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct cm_rate_table again;

		if (setgid(OWNER) < 0 || setuid(OWNER) < 0)
			_exit(3);
		if (cm_rate_table_open(&again, &params) < 0 ||
		    drain(&again, "a@x", START) != 0)
			_exit(1);
		/* and makes the next one */
		params.boot++;
		cm_rate_table_close(&again);
		if (cm_rate_table_open(&again, &params) < 0)
			_exit(2);
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
	cm_rate_table_close(&table);
	assert_int_equal(fchown(dir_fd, geteuid(), getegid()), 0);
}

/* No part of a name is in the file. */
static void keeps_no_address(void **state)
{
	struct cm_rate_table table;
	const char *p;
	size_t i;

	(void)state;
	assert_int_equal(setup(&table, 160), 0);
	assert_int_equal(drain(&table, "visible@example.org", START), 10);
	p = (const char *)table.header;
	for (i = 0; i + 4 <= table.size; i++) {
		assert_int_not_equal(memcmp(p + i, "visi", 4), 0);
		assert_int_not_equal(memcmp(p + i, "exam", 4), 0);
	}
	cm_rate_table_close(&table);
}

int main(void)
{
	int ret;

	if (mkdtemp(dir) == NULL ||
	    (dir_fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	cm_unit_test(counts);
	cm_unit_test(looks_without_counting);
	cm_unit_test(long_window);
	cm_unit_test(rates_without_error);
	cm_unit_test(idle_ones_give_way);
	cm_unit_test(busy_ones_give_way_last);
	cm_unit_test(full_table);
	cm_unit_rows(opens_again, damage_rows);
	cm_unit_test(refuses_to_open);
	cm_unit_test(keeps_no_address);
	if (fchown(dir_fd, OWNER, OWNER) == 0)
		cm_unit_test(owner_after_root);
	else
		perror("owner_after_root is left out: not root: chown");
	ret = cm_unit_run();
	remove_files();
	(void)close(dir_fd);
	(void)rmdir(dir);
	return ret;
}
