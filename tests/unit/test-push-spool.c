/* SPDX-License-Identifier: MIT
 *
 * cm-push-record and cm-push-spool.
 */
#include "cm-unit.h"
#include "cm-push-record.h"
#include "cm-push-spool.h"

#include <errno.h>
#include <stdbool.h>

#include "account-tree.h"

#define NAME TREE_ACCOUNT
#define HEAD "chatmail-push 1 1795132800000 1795132801000 2\n"
#define DONE1 "0123456789abcdef\n"
#define DONE2 "fedcba9876543210\n"

static const struct row {
	const char *name;
	const char *text;
	bool expect;
	unsigned int done;
} rows[] = {
	{ "empty", "", true, 0 },
	{ "no token done", HEAD, true, 0 },
	{ "two tokens done", HEAD DONE1 DONE2, true, 2 },
	{ "last line cut by a byte", HEAD DONE1 "fedcba9876543210", true, 1 },
	{ "last line cut", HEAD DONE1 "fed", true, 1 },
	{ "cut line in the middle", HEAD DONE1 "fed" DONE2 DONE2, true, 1 },
	{ "upper case", HEAD "0123456789ABCDEF\n", true, 0 },
	{ "first line cut", "chatmail-push 1 1795132800000 1795132801000 2",
	  false, 0 },
	{ "another version", "chatmail-push 2 1 1 1\n", false, 0 },
	{ "another file", "{}\n", false, 0 },
	{ "negative", "chatmail-push 1 -1 1 1\n", false, 0 },
	{ "no number", "chatmail-push 1 x 1 1\n", false, 0 },
	{ "missing number", "chatmail-push 1 1 1\n", false, 0 },
	{ "largest time", "chatmail-push 1 4611686018427387903 1 1\n", true,
	  0 },
	{ "time too large", "chatmail-push 1 4611686018427387904 1 1\n", false,
	  0 },
	{ "time far too large",
	  "chatmail-push 1 99999999999999999999999 1 1\n", false, 0 },
	{ "tries 4 of 4", "chatmail-push 1 1 1 4\n", true, 0 },
	{ "tries 5 of 4", "chatmail-push 1 1 1 5\n", false, 0 },
};

static void parses(void **state)
{
	const struct row *row = *state;
	struct cm_push_notice notice;

	assert_int_equal(cm_push_record_parse(row->text, strlen(row->text),
					      77, &notice), row->expect);
	if (!row->expect)
		return;
	assert_int_equal(notice.done_count, row->done);
	if (*row->text == '\0') {
		assert_int_equal(notice.start, 77);
		assert_int_equal(notice.tries, 0);
	}
	if (row->done > 0)
		assert_true(notice.done[0] == 0x0123456789abcdef);
}

static const struct size_row {
	const char *name;
	unsigned int done, expect;
} size_rows[] = {
	{ "no token", 0, 0 },
	{ "max - 1", CM_DEVICETOKEN_MAX_TOKENS - 1,
	  CM_DEVICETOKEN_MAX_TOKENS - 1 },
	{ "max", CM_DEVICETOKEN_MAX_TOKENS, CM_DEVICETOKEN_MAX_TOKENS },
	{ "max + 1", CM_DEVICETOKEN_MAX_TOKENS + 1,
	  CM_DEVICETOKEN_MAX_TOKENS },
};

static void prints_and_parses(void **state)
{
	const struct size_row *row = *state;
	struct cm_push_notice in = { INT64_MAX / 2, 1795132801000, 4, 0, { 0 } };
	struct cm_push_notice out;
	/* the line that is too many fits behind a shorter first line */
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	size_t size;
	unsigned int i;

	for (i = 0; i < row->expect; i++)
		in.done[in.done_count++] = UINT64_MAX - i;
	size = cm_push_record_print(&in, buf);
	assert_true(size <= CM_PUSH_RECORD_MAX_SIZE);
	if (row->done > row->expect) {
		cm_push_record_print_done(1, buf + size);
		size += CM_PUSH_RECORD_DONE_SIZE;
	}
	assert_true(cm_push_record_parse(buf, size, 1, &out));
	assert_memory_equal(&in, &out, sizeof(in));
}

static void refuses_what_is_too_large(void **state)
{
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	struct cm_push_notice notice;

	(void)state;
	memset(buf, 'x', sizeof(buf));
	memcpy(buf, HEAD, strlen(HEAD));
	assert_true(cm_push_record_parse(buf, sizeof(buf) - 1, 1, &notice));
	assert_false(cm_push_record_parse(buf, sizeof(buf), 1, &notice));
}

static struct cm_push_spool spool;

static void spool_begin(void)
{
	tree_begin();
	assert_int_equal(cm_push_spool_open(tree_path, &spool), 0);
}

static void spool_end(void)
{
	cm_push_spool_close(&spool);
	tree_end();
}

static unsigned int seen;
static bool count_name(void *ctx, const char *name)
{
	assert_string_equal(name, NAME);
	seen++;
	return *(bool *)ctx;
}

static unsigned int count(int dir_fd)
{
	bool go_on = true;

	seen = 0;
	assert_int_equal(cm_push_spool_each(dir_fd, count_name, &go_on), 0);
	return seen;
}

static void marks_are_taken_over(void **state)
{
	struct cm_push_notice notice;
	int64_t written, now = (int64_t)time(NULL) * 1000;
	int new_fd;

	(void)state;
	spool_begin();
	new_fd = cm_push_spool_open_new(tree_path);
	assert_true(new_fd >= 0);
	assert_int_equal(cm_push_spool_claim(&spool, NAME, &written), 0);
	assert_int_equal(cm_push_spool_mark(new_fd, NAME), 1);
	assert_int_equal(cm_push_spool_mark(new_fd, NAME), 0);
	assert_int_equal(count(spool.new_fd), 1);
	assert_int_equal(cm_push_spool_claim(&spool, NAME, &written), 1);
	assert_true(written >= now - 2000 && written <= now + 60000);
	assert_int_equal(count(spool.new_fd), 0);
	assert_int_equal(count(spool.queue_fd), 1);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 1);
	assert_int_equal(notice.start, written);
	/* a message meanwhile: it takes the place of what was written down */
	notice.tries = 3;
	assert_int_equal(cm_push_spool_write(&spool, NAME, &notice), 0);
	assert_int_equal(cm_push_spool_mark(new_fd, NAME), 1);
	assert_int_equal(cm_push_spool_claim(&spool, NAME, &written), 1);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 1);
	assert_int_equal(notice.tries, 0);
	assert_int_equal(count(spool.queue_fd), 1);
	assert_int_equal(cm_push_spool_remove(&spool, NAME), 0);
	assert_int_equal(cm_push_spool_remove(&spool, NAME), 0);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 0);
	(void)close(new_fd);
	spool_end();
}

/* chatmail-push did not run for hours: a message that comes now is no older
 * for it. */
static void a_mark_is_of_the_newest_message(void **state)
{
	struct timespec old[2] = { { 0 } };
	int64_t written, now = (int64_t)time(NULL) * 1000;

	(void)state;
	spool_begin();
	assert_int_equal(cm_push_spool_mark(spool.new_fd, NAME), 1);
	old[0].tv_sec = old[1].tv_sec = time(NULL) - 6 * 3600;
	assert_int_equal(utimensat(spool.new_fd, NAME, old, 0), 0);
	assert_int_equal(cm_push_spool_mark(spool.new_fd, NAME), 0);
	assert_int_equal(cm_push_spool_claim(&spool, NAME, &written), 1);
	assert_true(written >= now - 2000 && written <= now + 60000);
	spool_end();
}

static void progress_is_kept(void **state)
{
	struct cm_push_notice notice = { 1000, 2000, 0, 0, { 0 } }, out;
	unsigned int i;

	(void)state;
	spool_begin();
	tree_file("push/queue", NAME, "", 0);
	for (i = 0; i < CM_DEVICETOKEN_MAX_TOKENS; i++) {
		assert_int_equal(cm_push_spool_add_done(&spool, NAME, &notice,
							100 + i), 0);
		notice.done[notice.done_count++] = 100 + i;
		assert_int_equal(cm_push_spool_read(&spool, NAME, &out), 1);
		assert_memory_equal(&out, &notice, sizeof(out));
	}
	notice.tries = 2;
	assert_int_equal(cm_push_spool_write(&spool, NAME, &notice), 0);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &out), 1);
	assert_memory_equal(&out, &notice, sizeof(out));
	spool_end();
}

static void only_one_works(void **state)
{
	struct cm_push_spool second;

	(void)state;
	spool_begin();
	assert_int_equal(cm_push_spool_open(tree_path, &second), 0);
	assert_int_equal(cm_push_spool_lock(&spool), 1);
	assert_int_equal(cm_push_spool_lock(&second), 0);
	cm_push_spool_close(&spool);
	assert_int_equal(cm_push_spool_lock(&second), 1);
	cm_push_spool_close(&second);
	spool_end();
}

static void what_a_crash_leaves(void **state)
{
	struct cm_push_notice notice;

	(void)state;
	spool_begin();
	tree_file("push/queue", ".new", "chatmail-push", 13);
	tree_file("push/queue", NAME, "chatmail-pu", 11);
	assert_int_equal(count(spool.queue_fd), 1);
	assert_false(tree_has("push/queue", ".new"));
	/* damaged, so told from the first try on; never lost */
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 1);
	assert_true(notice.start > 0);
	assert_int_equal(notice.tries, 0);
	spool_end();
}

static void what_is_no_file(void **state)
{
	struct cm_push_notice notice;

	(void)state;
	spool_begin();
	assert_int_equal(mkdirat(spool.queue_fd, NAME, 0700), 0);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 0);
	assert_int_equal(unlinkat(spool.queue_fd, NAME, AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/etc/passwd", spool.queue_fd, NAME), 0);
	assert_int_equal(cm_push_spool_read(&spool, NAME, &notice), 0);
	assert_int_equal(symlinkat("/etc/passwd", spool.new_fd, NAME), 0);
	assert_int_equal(cm_push_spool_mark(spool.new_fd, NAME), 0);
	spool_end();
}

static const struct name_row {
	const char *name;
	const char *account;
} name_rows[] = {
	{ "empty", "" },	 { "dot", "." },
	{ "two dots", ".." },	 { "hidden", ".new" },
	{ "path", "a/b" },	 { "outside", "../lock" },
};

static void bad_name(void **state)
{
	const struct name_row *row = *state;
	int64_t written;

	spool_begin();
	errno = 0;
	assert_int_equal(cm_push_spool_mark(spool.new_fd, row->account), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(cm_push_spool_claim(&spool, row->account, &written),
			 -1);
	spool_end();
}

static void folders_come_back(void **state)
{
	int new_fd;

	(void)state;
	spool_begin();
	cm_push_spool_close(&spool);
	tree_end();
	errno = 0;
	assert_int_equal(cm_push_spool_open_new(tree_path), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(cm_push_spool_open(tree_path, &spool), -1);
	tree_begin();
	new_fd = cm_push_spool_open_new(tree_path);
	assert_true(new_fd >= 0);
	tree_empty(dup(tree_fd));
	errno = 0;
	assert_int_equal(cm_push_spool_mark(new_fd, NAME), -1);
	assert_int_equal(errno, ENOENT);
	(void)close(new_fd);
	tree_end();
}

static void stops_when_told(void **state)
{
	bool go_on = false;

	(void)state;
	spool_begin();
	assert_int_equal(cm_push_spool_mark(spool.new_fd, NAME), 1);
	seen = 0;
	assert_int_equal(cm_push_spool_each(spool.new_fd, count_name, &go_on),
			 0);
	assert_int_equal(seen, 1);
	spool_end();
}

int main(void)
{
	cm_unit_rows(parses, rows);
	cm_unit_rows(prints_and_parses, size_rows);
	cm_unit_test(refuses_what_is_too_large);
	cm_unit_test(marks_are_taken_over);
	cm_unit_test(a_mark_is_of_the_newest_message);
	cm_unit_test(progress_is_kept);
	cm_unit_test(only_one_works);
	cm_unit_test(what_a_crash_leaves);
	cm_unit_test(what_is_no_file);
	cm_unit_rows(bad_name, name_rows);
	cm_unit_test(folders_come_back);
	cm_unit_test(stops_when_told);
	return cm_unit_run();
}
