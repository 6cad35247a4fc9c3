/* SPDX-License-Identifier: MIT
 *
 * cm-report: figures about accounts and storage, those of chatmail/relay's
 * fsreport with its names, so that its dashboards go on:
 *
 *	chatmail_storage_bytes{kind="messages|extra|total"}
 *	chatmail_messages_bytes{min_size="0|102400|524288|1048576|2097152|
 *		5242880|10485760"}, chatmail_messages_count{min_size="..."}
 *	chatmail_accounts{kind="all|ci|user"}
 *	chatmail_accounts_active{days="1|10|30|40|80|100|150"}
 *
 * Sizes are those of files; messages count in every bucket that they are large
 * enough for. Messages of what is no account (no password) count as storage
 * but in no bucket. Accounts whose name begins with "ci-" are tests': never
 * "user", never active. Active: the last login was N days ago or later.
 *
 * Fill it (init, then for each directory account(), and its files), then read
 * it: cm_report_value() one by one, or cm_report_text(). Pure.
 */
#ifndef CM_REPORT_H
#define CM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CM_REPORT_SIZES 7
#define CM_REPORT_DAYS 7
/* Storage, buckets twice, accounts, active. */
#define CM_REPORT_VALUES (3 + 2 * CM_REPORT_SIZES + 3 + CM_REPORT_DAYS)
/* Enough for cm_report_text(). */
#define CM_REPORT_MAX_TEXT 4096

struct cm_report {
	time_t now;
	bool counts; /* is what we are in an account? */
	uint64_t messages_bytes, extra_bytes;
	uint64_t bytes[CM_REPORT_SIZES], count[CM_REPORT_SIZES];
	uint64_t accounts, ci, active[CM_REPORT_DAYS];
};

struct cm_report_value {
	const char *metric;	/* "chatmail_storage_bytes" */
	const char *label;	/* "kind" */
	const char *label_value; /* "total" */
	uint64_t value;
	bool bytes; /* it is a number of bytes */
	uint64_t whole; /* what it is a part of, 0: of nothing */
};

void cm_report_init(struct cm_report *report, time_t now);

/* The files that follow are those of the directory `name`; it is an account if
 * it has a last login. */
void cm_report_account(struct cm_report *report, const char *name,
		       bool has_login, time_t last_login);
void cm_report_message(struct cm_report *report, uint64_t size);
/* Any other file. */
void cm_report_extra(struct cm_report *report, uint64_t size);

/* Value number i below CM_REPORT_VALUES; FALSE at and above. */
bool cm_report_value(const struct cm_report *report, unsigned int i,
		     struct cm_report_value *value_r);

/* All of it in Prometheus' text format (version 0.0.4). Returns its length;
 * buf has CM_REPORT_MAX_TEXT bytes. */
size_t cm_report_text(const struct cm_report *report,
		      char buf[CM_REPORT_MAX_TEXT]);

#endif
