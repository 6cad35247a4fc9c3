/* SPDX-License-Identifier: MIT */
#include "cm-report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY ((time_t)86400)
#define CI_PREFIX "ci-"

static const struct {
	uint64_t size;
	const char *text;
} sizes[CM_REPORT_SIZES] = {
	{ 0, "0" },
	{ 102400, "102400" },
	{ 524288, "524288" },
	{ 1048576, "1048576" },
	{ 2097152, "2097152" },
	{ 5242880, "5242880" },
	{ 10485760, "10485760" }
};

static const struct {
	unsigned int days;
	const char *text;
} days[CM_REPORT_DAYS] = {
	{ 1, "1" }, { 10, "10" }, { 30, "30" }, { 40, "40" }, { 80, "80" },
	{ 100, "100" }, { 150, "150" }
};

static const struct {
	const char *metric, *help;
} metrics[] = {
	{ "chatmail_storage_bytes", "Bytes of all files of all accounts." },
	{ "chatmail_messages_bytes",
	  "Bytes of messages that are min_size or larger." },
	{ "chatmail_messages_count",
	  "Number of messages that are min_size or larger." },
	{ "chatmail_accounts", "Number of accounts." },
	{ "chatmail_accounts_active",
	  "Accounts with a login in the last days, without ci-." }
};

void cm_report_init(struct cm_report *report, time_t now)
{
	memset(report, 0, sizeof(*report));
	report->now = now;
}

void cm_report_account(struct cm_report *report, const char *name,
		       bool has_login, time_t last_login)
{
	unsigned int i;

	/* A login in the future is a clock that was wrong. */
	report->counts = has_login && last_login <= report->now;
	if (!has_login)
		return;
	report->accounts++;
	if (strncmp(name, CI_PREFIX, strlen(CI_PREFIX)) == 0) {
		report->ci++;
		return;
	}
	for (i = 0; i < CM_REPORT_DAYS; i++) {
		if (last_login >= report->now - (time_t)days[i].days * DAY)
			report->active[i]++;
	}
}

void cm_report_message(struct cm_report *report, uint64_t size)
{
	unsigned int i;

	report->messages_bytes += size;
	for (i = 0; report->counts && i < CM_REPORT_SIZES; i++) {
		if (size < sizes[i].size)
			break;
		report->bytes[i] += size;
		report->count[i]++;
	}
}

void cm_report_extra(struct cm_report *report, uint64_t size)
{
	report->extra_bytes += size;
}

static void storage(const struct cm_report *report, unsigned int i,
		    struct cm_report_value *value_r)
{
	static const char *const kinds[] = { "messages", "extra", "total" };
	uint64_t total = report->messages_bytes + report->extra_bytes;

	value_r->metric = metrics[0].metric;
	value_r->label = "kind";
	value_r->label_value = kinds[i];
	value_r->value = i == 0 ? report->messages_bytes :
		i == 1 ? report->extra_bytes : total;
	value_r->bytes = true;
	value_r->whole = i == 2 ? 0 : total;
}

static void bucket(const struct cm_report *report, unsigned int i,
		   struct cm_report_value *value_r)
{
	bool count = i >= CM_REPORT_SIZES;

	i %= CM_REPORT_SIZES;
	value_r->metric = metrics[count ? 2 : 1].metric;
	value_r->label = "min_size";
	value_r->label_value = sizes[i].text;
	value_r->value = count ? report->count[i] : report->bytes[i];
	value_r->bytes = !count;
	value_r->whole = count ? report->count[0] : report->messages_bytes;
}

static void accounts(const struct cm_report *report, unsigned int i,
		     struct cm_report_value *value_r)
{
	static const char *const kinds[] = { "all", "ci", "user" };

	value_r->metric = metrics[3].metric;
	value_r->label = "kind";
	value_r->label_value = kinds[i];
	value_r->value = i == 0 ? report->accounts : i == 1 ? report->ci :
		report->accounts - report->ci;
	value_r->whole = i == 0 ? 0 : report->accounts;
}

bool cm_report_value(const struct cm_report *report, unsigned int i,
		     struct cm_report_value *value_r)
{
	memset(value_r, 0, sizeof(*value_r));
	if (i < 3) {
		storage(report, i, value_r);
		return true;
	}
	i -= 3;
	if (i < 2 * CM_REPORT_SIZES) {
		bucket(report, i, value_r);
		return true;
	}
	i -= 2 * CM_REPORT_SIZES;
	if (i < 3) {
		accounts(report, i, value_r);
		return true;
	}
	i -= 3;
	if (i >= CM_REPORT_DAYS)
		return false;
	value_r->metric = metrics[4].metric;
	value_r->label = "days";
	value_r->label_value = days[i].text;
	value_r->value = report->active[i];
	value_r->whole = report->accounts - report->ci;
	return true;
}

static const char *help_of(const char *metric)
{
	size_t i = 0;

	while (strcmp(metrics[i].metric, metric) != 0)
		i++;
	return metrics[i].help;
}

size_t cm_report_text(const struct cm_report *report,
		      char buf[CM_REPORT_MAX_TEXT])
{
	struct cm_report_value value;
	const char *metric = "";
	size_t len = 0;
	unsigned int i;
	int ret;

	for (i = 0; cm_report_value(report, i, &value); i++) {
		if (strcmp(metric, value.metric) != 0) {
			metric = value.metric;
			ret = snprintf(buf + len, CM_REPORT_MAX_TEXT - len,
				       "# HELP %s %s\n# TYPE %s gauge\n",
				       metric, help_of(metric), metric);
			len += (size_t)ret;
		}
		ret = snprintf(buf + len, CM_REPORT_MAX_TEXT - len,
			       "%s{%s=\"%s\"} %" PRIu64 "\n", metric,
			       value.label, value.label_value, value.value);
		len += (size_t)ret;
	}
	return len;
}
