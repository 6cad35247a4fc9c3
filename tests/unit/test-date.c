/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-date.h"

#include <time.h>

static const struct row {
	const char *name; /* the value */
	const char *plain; /* in UTC; NULL if it cannot be read */
	bool is_plain;
} rows[] = {
	{ "Sat, 21 Nov 2026 07:55:33 +0000",
	  "Sat, 21 Nov 2026 07:55:33 +0000", true },
	{ " Sun, 1 Nov 2026 07:55:33 +0000\r\n ",
	  "Sun, 01 Nov 2026 07:55:33 +0000", true },
	{ "Sun,  1 Nov 2026 07:55:33 +0000",
	  "Sun, 01 Nov 2026 07:55:33 +0000", true },
	{ "Sun, 01 Nov 2026 07:55:33 +0000",
	  "Sun, 01 Nov 2026 07:55:33 +0000", true },
	{ "Sat, 21 Nov 2026 07:55:33 -0000",
	  "Sat, 21 Nov 2026 07:55:33 +0000", false },
	{ "Sat, 21 Nov 2026 07:55:33 GMT",
	  "Sat, 21 Nov 2026 07:55:33 +0000", false },
	{ "Sat, 21 Nov 2026 07:55:33 +0000 (UTC)",
	  "Sat, 21 Nov 2026 07:55:33 +0000", false },
	{ "Sat, 21 Nov 2026 00:10:33 +0545",
	  "Fri, 20 Nov 2026 18:25:33 +0000", false },
	{ "31 dec 2026 23:59 -0800", "Fri, 01 Jan 2027 07:59:00 +0000",
	  false },
	{ "Mon, 21 Nov 2026 07:55:33 +0000", /* not that day */
	  "Sat, 21 Nov 2026 07:55:33 +0000", false },
	{ "SAT, 21 NOV 2026 07:55:33 +0000",
	  "Sat, 21 Nov 2026 07:55:33 +0000", false },
	{ "29 Feb 2024 12:00:00 EST", "Thu, 29 Feb 2024 17:00:00 +0000",
	  false },
	{ "1 Mar 00 0:00:60 Z", "Wed, 01 Mar 2000 00:01:00 +0000", false },
	{ "1 Jan 70 00:00:00 +0000", "Thu, 01 Jan 1970 00:00:00 +0000",
	  false },
	{ "1 Jan 1970 00:00:00 +0001", NULL, false },
	{ "31 Dec 9999 23:59:59 +0000", "Fri, 31 Dec 9999 23:59:59 +0000",
	  false },
	{ "31 Dec 9999 23:59:59 -0001", NULL, false },
	{ "31 Dec 1969 00:00:00 +0000", NULL, false },
	{ "29 Feb 2026 12:00:00 +0000", NULL, false },
	{ "29 Feb 2100 12:00:00 +0000", NULL, false },
	{ "32 Dec 2026 12:00:00 +0000", NULL, false },
	{ "0 Dec 2026 12:00:00 +0000", NULL, false },
	{ "1 Dec 2026 24:00:00 +0000", NULL, false },
	{ "1 Dec 2026 12:60:00 +0000", NULL, false },
	{ "1 Dec 2026 12:00:61 +0000", NULL, false },
	{ "1 Dec 2026 12:00:00 +0060", NULL, false },
	{ "1 Dec 2026 12:00:00 +00000", NULL, false },
	{ "1 Dec 2026 12:00:00 +000", NULL, false },
	{ "1 Dec 2026 12:00:00 XYZ", NULL, false },
	{ "1 Dec 2026 12:00:00", NULL, false },
	{ "1 Dec 2026 12:00:00 +0000 read this", NULL, false },
	{ "1 Dec 2026 12:00:00 +0000 (read) this", NULL, false },
	{ "1 Dec 2026 12:00:00 +0000 (read", NULL, false },
	{ "Sat 21 Nov 2026 07:55:33 +0000", NULL, false },
	{ "Nov 21 2026 07:55:33 +0000", NULL, false },
	{ "Hello Bob this is readable", NULL, false },
	{ "Sat, ", NULL, false },
	{ "1", NULL, false },
	{ "", NULL, false }
};

static void reads(void **state)
{
	const struct row *row = *state;
	size_t len = strlen(row->name);
	char plain[CM_DATE_SIZE], *copy = malloc(len + 1);
	int64_t time;

	assert_non_null(copy);
	memcpy(copy, row->name, len);
	copy = realloc(copy, len > 0 ? len : 1);
	assert_non_null(copy);
	assert_int_equal(cm_date_plain(copy, len), row->is_plain);
	if (row->plain == NULL) {
		assert_int_equal(cm_date_parse(copy, len, &time), -1);
	} else {
		assert_int_equal(cm_date_parse(copy, len, &time), 0);
		cm_date_format(time, plain);
		assert_string_equal(plain, row->plain);
	}
	free(copy);
}

/* Every day there is, held against libc. */
static void formats(void **state)
{
	char mine[CM_DATE_SIZE], theirs[CM_DATE_SIZE];
	int64_t day, again;

	(void)state;
	for (day = 0; day < 2932897; day += 7) {
		time_t time = (time_t)(day * 86400 + 86399);
		struct tm tm;

		assert_non_null(gmtime_r(&time, &tm));
		assert_int_not_equal(strftime(theirs, sizeof(theirs),
					      "%a, %d %b %Y %T +0000", &tm),
				     0);
		cm_date_format(time, mine);
		assert_string_equal(mine, theirs);
		assert_int_equal(cm_date_parse(mine, strlen(mine), &again), 0);
		assert_int_equal(again, time);
		assert_true(cm_date_plain(mine, strlen(mine)));
	}
}

int main(void)
{
	cm_unit_rows(reads, rows);
	cm_unit_test(formats);
	return cm_unit_run();
}
