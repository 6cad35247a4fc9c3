/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-rules.h"
#include "cm-system.h"

#include <fcntl.h>
#include <unistd.h>

#define STR(s) s, sizeof(s) - 1

static const struct load_row {
	const char *name;
	const char *text;
	size_t len;
	bool ok;
	double expect;
} load_rows[] = {
	{ "as Linux writes it", STR("0.52 0.58 0.59 1/467 12345\n"), true,
	  0.52 },
	{ "zero", STR("0.00 0.00 0.00 1/1 1\n"), true, 0 },
	{ "high", STR("1234.5 1 1"), true, 1234.5 },
	{ "three digits", STR("0.125 "), true, 0.125 },
	{ "four digits", STR("0.1250 "), false, 0 },
	{ "six digits", STR("123456.5 "), true, 123456.5 },
	{ "seven digits", STR("1234567.5 "), false, 0 },
	{ "empty", STR(""), false, 0 },
	{ "cut before the point", STR("12"), false, 0 },
	{ "cut behind the point", STR("12."), false, 0 },
	{ "cut in the decimals", STR("12.3"), false, 0 },
	{ "no point", STR("12 13 14"), false, 0 },
	{ "comma", STR("12,5 1 1"), false, 0 },
	{ "no digit before the point", STR(".5 1 1"), false, 0 },
	{ "no digit behind the point", STR("5. 1 1"), false, 0 },
	{ "negative", STR("-0.5 1 1"), false, 0 },
	{ "blank first", STR(" 0.5 1 1"), false, 0 },
	{ "text", STR("much"), false, 0 },
	{ "NUL", STR("0\0.5 1"), false, 0 },
};

static void loadavg(void **state)
{
	const struct load_row *row = *state;
	double load = -1;

	assert_int_equal(cm_system_parse_loadavg(row->text, row->len, &load),
			 row->ok);
	if (row->ok)
		assert_true(load > row->expect - 0.0001 &&
			    load < row->expect + 0.0001);
}

static const struct memory_row {
	const char *name;
	const char *text;
	size_t len;
	bool ok;
	uint64_t expect;
} memory_rows[] = {
	{ "as Linux writes it",
	  STR("MemTotal:       16367448 kB\nMemFree:         1000000 kB\n"
	      "MemAvailable:   12000000 kB\nBuffers: 5 kB\n"), true,
	  UINT64_C(12288000000) },
	{ "zero", STR("MemAvailable: 0 kB\n"), true, 0 },
	{ "first line", STR("MemAvailable:1 kB\n"), true, 1024 },
	{ "15 digits", STR("MemAvailable: 999999999999999 kB\n"), true,
	  UINT64_C(1023999999999998976) },
	{ "16 digits", STR("MemAvailable: 1999999999999999 kB\n"), false, 0 },
	{ "not at the start of a line", STR("XMemAvailable: 1 kB\n"), false,
	  0 },
	{ "other case", STR("memavailable: 1 kB\n"), false, 0 },
	{ "empty", STR(""), false, 0 },
	{ "not there", STR("MemTotal: 1 kB\nMemFree: 1 kB\n"), false, 0 },
	{ "cut in the number", STR("MemAvailable: 1234"), false, 0 },
	{ "cut before the end of the line", STR("MemAvailable: 1234 kB"),
	  false, 0 },
	{ "cut in the key", STR("MemAvail"), false, 0 },
	{ "no number", STR("MemAvailable: kB\n"), false, 0 },
	{ "negative", STR("MemAvailable: -1 kB\n"), false, 0 },
	{ "other unit", STR("MemAvailable: 1 MB\n"), false, 0 },
	{ "no unit", STR("MemAvailable: 1\n"), false, 0 },
	{ "more behind the unit", STR("MemAvailable: 1 kB x\n"), false, 0 },
	{ "NUL", STR("MemAvailable: 1\0 kB\n"), false, 0 },
};

static void meminfo(void **state)
{
	const struct memory_row *row = *state;
	uint64_t bytes = 42;

	assert_int_equal(cm_system_parse_meminfo(row->text, row->len, &bytes),
			 row->ok);
	if (row->ok)
		assert_true(bytes == row->expect);
}

static void this_machine(void **state)
{
	struct cm_account_system system;
	const char *what = NULL;
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_true(fd >= 0);
	if (!cm_system_read(CM_SYSTEM_LOADAVG, CM_SYSTEM_MEMINFO, fd, &system,
			    &what)) {
		fprintf(stderr, "this machine does not tell %s\n", what);
		assert_true(system.disk_known);
	}
	assert_true(!system.memory_known || system.available_memory > 0);
	(void)close(fd);
}

static const struct read_row {
	const char *name;
	const char *loadavg, *meminfo;
	bool disk;
	const char *what;
} read_rows[] = {
	{ "no load", "/nonexistent", CM_SYSTEM_MEMINFO, true, "load" },
	{ "empty load", "/dev/null", CM_SYSTEM_MEMINFO, true, "load" },
	{ "endless load", "/dev/zero", CM_SYSTEM_MEMINFO, true, "load" },
	{ "a directory", "/", CM_SYSTEM_MEMINFO, true, "load" },
	{ "no memory", CM_SYSTEM_LOADAVG, "/nonexistent", true, "memory" },
	{ "endless memory", CM_SYSTEM_LOADAVG, "/dev/zero", true, "memory" },
	{ "no disk", CM_SYSTEM_LOADAVG, CM_SYSTEM_MEMINFO, false, "disk" },
};

static void unknown(void **state)
{
	const struct read_row *row = *state;
	struct cm_account_system system;
	const char *what = NULL;
	int fd = row->disk ? open("/", O_RDONLY | O_DIRECTORY) : -1;

	assert_false(cm_system_read(row->loadavg, row->meminfo, fd, &system,
				    &what));
	assert_non_null(strstr(what, row->what));
	assert_int_equal(system.disk_known, row->disk);
	assert_false(system.load_known && strcmp(row->what, "load") == 0);
	assert_false(system.memory_known && strcmp(row->what, "memory") == 0);
	if (fd >= 0)
		(void)close(fd);
}

int main(void)
{
	cm_unit_rows(loadavg, load_rows);
	cm_unit_rows(meminfo, memory_rows);
	cm_unit_test(this_machine);
	/* The rows want all else to be readable. */
	if (access(CM_SYSTEM_LOADAVG, R_OK) == 0 &&
	    access(CM_SYSTEM_MEMINFO, R_OK) == 0)
		cm_unit_rows(unknown, read_rows);
	else
		fprintf(stderr, "no /proc: nothing to be unreadable in it\n");
	return cm_unit_run();
}
