/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-report.h"

#include <inttypes.h>

#define DAY 86400
#define NOW ((time_t)1800000000)

static uint64_t value_of(const struct cm_report *report, const char *metric,
			 const char *label_value)
{
	struct cm_report_value value;
	unsigned int i;

	for (i = 0; cm_report_value(report, i, &value); i++) {
		if (strcmp(value.metric, metric) == 0 &&
		    strcmp(value.label_value, label_value) == 0)
			return value.value;
	}
	fail_msg("no %s of %s", metric, label_value);
	return 0;
}

static void nothing(void **state)
{
	struct cm_report report;
	struct cm_report_value value;
	unsigned int i;

	(void)state;
	cm_report_init(&report, NOW);
	for (i = 0; i < CM_REPORT_VALUES; i++) {
		assert_true(cm_report_value(&report, i, &value));
		assert_int_equal(value.value, 0);
	}
	assert_false(cm_report_value(&report, i, &value));
}

static const struct row {
	const char *name; /* of the bucket */
	uint64_t size;
} rows[] = {
	{ "102400", 102400 }, { "524288", 524288 }, { "1048576", 1048576 },
	{ "2097152", 2097152 }, { "5242880", 5242880 },
	{ "10485760", 10485760 },
};

static void bucket(void **state)
{
	const struct row *row = *state;
	struct cm_report report;

	cm_report_init(&report, NOW);
	cm_report_account(&report, "a@x", true, NOW);
	cm_report_message(&report, row->size - 1);
	assert_int_equal(value_of(&report, "chatmail_messages_count",
				  row->name), 0);
	cm_report_message(&report, row->size);
	cm_report_message(&report, row->size + 1);
	assert_int_equal(value_of(&report, "chatmail_messages_count",
				  row->name), 2);
	assert_int_equal(value_of(&report, "chatmail_messages_bytes",
				  row->name), 2 * row->size + 1);
	assert_int_equal(value_of(&report, "chatmail_messages_count", "0"), 3);
	assert_int_equal(value_of(&report, "chatmail_messages_bytes", "0"),
			 3 * row->size);
}

static const struct days_row {
	const char *name; /* of the label */
	int days;
} days_rows[] = {
	{ "1", 1 }, { "10", 10 }, { "30", 30 }, { "40", 40 }, { "80", 80 },
	{ "100", 100 }, { "150", 150 },
};

static void active(void **state)
{
	const struct days_row *row = *state;
	struct cm_report report;
	const time_t edge = NOW - (time_t)row->days * DAY;

	cm_report_init(&report, NOW);
	cm_report_account(&report, "a@x", true, edge - 1);
	assert_int_equal(value_of(&report, "chatmail_accounts_active",
				  row->name), 0);
	cm_report_account(&report, "b@x", true, edge);
	cm_report_account(&report, "c@x", true, edge + 1);
	cm_report_account(&report, "ci-d@x", true, edge + 1);
	cm_report_account(&report, "e@x", false, edge + 1);
	assert_int_equal(value_of(&report, "chatmail_accounts_active",
				  row->name), 2);
	assert_int_equal(value_of(&report, "chatmail_accounts", "all"), 4);
	assert_int_equal(value_of(&report, "chatmail_accounts", "ci"), 1);
	assert_int_equal(value_of(&report, "chatmail_accounts", "user"), 3);
}

/* Storage is storage, whoever it belongs to. */
static void storage(void **state)
{
	struct cm_report report;

	(void)state;
	cm_report_init(&report, NOW);
	cm_report_account(&report, "a@x", true, NOW - DAY);
	cm_report_message(&report, 1000);
	cm_report_extra(&report, 10);
	cm_report_account(&report, "foreign@x", false, 0);
	cm_report_message(&report, 2000);
	cm_report_extra(&report, 20);
	cm_report_account(&report, "future@x", true, NOW + 1);
	cm_report_message(&report, 4000);
	cm_report_account(&report, "ci-test@x", true, NOW);
	cm_report_message(&report, 8000);
	assert_int_equal(value_of(&report, "chatmail_storage_bytes",
				  "messages"), 15000);
	assert_int_equal(value_of(&report, "chatmail_storage_bytes", "extra"),
			 30);
	assert_int_equal(value_of(&report, "chatmail_storage_bytes", "total"),
			 15030);
	assert_int_equal(value_of(&report, "chatmail_messages_bytes", "0"),
			 9000);
	assert_int_equal(value_of(&report, "chatmail_messages_count", "0"), 2);
}

/* Each value once, each metric with its two lines in front; and the largest
 * numbers fit. */
static void text(void **state)
{
	char buf[CM_REPORT_MAX_TEXT], line[200];
	struct cm_report report;
	struct cm_report_value value;
	unsigned int i, lines = 0;
	size_t len;
	char *p;

	(void)state;
	memset(&report, 0xff, sizeof(report));
	len = cm_report_text(&report, buf);
	assert_true(len < CM_REPORT_MAX_TEXT);
	assert_int_equal(strlen(buf), len);
	for (i = 0; cm_report_value(&report, i, &value); i++) {
		(void)snprintf(line, sizeof(line), "\n%s{%s=\"%s\"} %" PRIu64
			       "\n", value.metric, value.label,
			       value.label_value, value.value);
		assert_non_null(strstr(buf, line));
		(void)snprintf(line, sizeof(line), "# TYPE %s gauge\n",
			       value.metric);
		assert_non_null(strstr(buf, line));
	}
	for (p = buf; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, CM_REPORT_VALUES + 2 * 5);
}

int main(void)
{
	cm_unit_test(nothing);
	cm_unit_rows(bucket, rows);
	cm_unit_rows(active, days_rows);
	cm_unit_test(storage);
	cm_unit_test(text);
	return cm_unit_run();
}
