/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-counters-read.h"

#include <errno.h>
#include <stdbool.h>

#include "account-tree.h"

#define ROW_SIZE (CM_COUNTERS_NAME_SIZE + 8)

static struct cm_counters_view view;

static int read_it(void)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/counters", tree_path);
	errno = 0;
	return cm_counters_read(path, &view);
}

static void what_was_written(void **state)
{
	static const char *const names[] = { "incoming accept", "two" };
	struct cm_counters counters = { 0 };

	(void)state;
	tree_begin();
	assert_int_equal(read_it(), 0);
	assert_int_equal(cm_counters_open(&counters, tree_fd, "counters",
					  names, 2), 0);
	cm_counters_add(&counters, 1);
	cm_counters_add(&counters, 1);
	assert_int_equal(read_it(), 1);
	assert_int_equal(view.count, 2);
	assert_string_equal(view.row[0].name, "incoming accept");
	assert_int_equal(view.row[0].value, 0);
	assert_string_equal(view.row[1].name, "two");
	assert_int_equal(view.row[1].value, 2);
	cm_counters_close(&counters);
	tree_end();
}

static const struct form_row {
	const char *name;
	const char *magic;
	uint32_t rows;	/* as the header says */
	size_t really;	/* how many there are */
	size_t extra;	/* bytes behind them */
	char first;	/* of each name */
	bool expect;
} form_rows[] = {
	{ "none", "CMCOUNT1", 0, 0, 0, 'a', true },
	{ "one", "CMCOUNT1", 1, 1, 0, 'a', true },
	{ "another magic", "CMCOUNT2", 1, 1, 0, 'a', false },
	{ "one too few", "CMCOUNT1", 2, 1, 0, 'a', false },
	{ "one too many", "CMCOUNT1", 1, 2, 0, 'a', false },
	{ "a byte too many", "CMCOUNT1", 1, 1, 1, 'a', false },
	{ "255", "CMCOUNT1", 255, 255, 0, 'a', true },
	{ "256", "CMCOUNT1", 256, 256, 0, 'a', true },
	{ "257", "CMCOUNT1", 257, 257, 0, 'a', false },
	{ "a number that wraps", "CMCOUNT1", 0x55555556, 0, 0, 'a', false },
	{ "empty name", "CMCOUNT1", 1, 1, 0, '\0', false },
	{ "control character", "CMCOUNT1", 1, 1, 0, '\x1b', false },
	{ "byte 128", "CMCOUNT1", 1, 1, 0, '\x80', false },
};

static void form(void **state)
{
	static unsigned char buf[16 + 300 * ROW_SIZE];
	const struct form_row *row = *state;
	size_t i, size = 16 + row->really * ROW_SIZE;

	memset(buf, 0, sizeof(buf));
	memcpy(buf, row->magic, 8);
	memcpy(buf + 8, &row->rows, sizeof(row->rows));
	for (i = 0; i < row->really; i++)
		buf[16 + i * ROW_SIZE] = (unsigned char)row->first;
	tree_begin();
	tree_file("", "counters", (const char *)buf, size + row->extra);
	assert_int_equal(read_it(), row->expect ? 1 : -1);
	if (row->expect)
		assert_int_equal(view.count, row->rows);
	else
		assert_int_equal(errno, EINVAL);
	tree_end();
}

static void cut_header(void **state)
{
	(void)state;
	tree_begin();
	tree_file("", "counters", "CMCOUNT1\0\0\0", 11);
	assert_int_equal(read_it(), -1);
	assert_int_equal(errno, EINVAL);
	tree_file("", "counters", "", 0);
	assert_int_equal(read_it(), -1);
	tree_end();
}

/* 40 characters fill the field, without a NUL behind them. */
static void longest_name(void **state)
{
	unsigned char buf[16 + ROW_SIZE] = "CMCOUNT1\1";

	(void)state;
	memset(buf + 16, 'n', CM_COUNTERS_NAME_SIZE);
	memset(buf + 16 + CM_COUNTERS_NAME_SIZE, 'v', 8);
	tree_begin();
	tree_file("", "counters", (const char *)buf, sizeof(buf));
	assert_int_equal(read_it(), 1);
	assert_int_equal(strlen(view.row[0].name), CM_COUNTERS_NAME_SIZE);
	tree_end();
}

static void not_a_link(void **state)
{
	(void)state;
	tree_begin();
	assert_int_equal(symlinkat("/etc/passwd", tree_fd, "counters"), 0);
	assert_int_equal(read_it(), -1);
	assert_int_equal(errno, ELOOP);
	tree_end();
}

int main(void)
{
	cm_unit_test(what_was_written);
	cm_unit_rows(form, form_rows);
	cm_unit_test(cut_header);
	cm_unit_test(longest_name);
	cm_unit_test(not_a_link);
	return cm_unit_run();
}
