/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-leftover.h"

static const struct row {
	const char *name; /* of the file, too */
	enum cm_leftover kind;
} rows[] = {
	{ ".password.0123456789abcdef", CM_LEFTOVER_TEMP },
	{ ".account.json.0123456789abcdef", CM_LEFTOVER_TEMP },
	{ ".metadata.json.0123456789abcdef", CM_LEFTOVER_TEMP },
	{ ".temp.host.1234.0123456789abcdef", CM_LEFTOVER_TEMP },
	{ "dovecot.index.tmp", CM_LEFTOVER_TEMP },
	{ "dovecot.index.log.newlock", CM_LEFTOVER_TEMP },
	{ "dovecot-uidlist.lock", CM_LEFTOVER_LOCK },
	{ "dovecot.index.log.lock", CM_LEFTOVER_LOCK },
	{ "subscriptions.lock", CM_LEFTOVER_LOCK },
	{ "password.lock", CM_LEFTOVER_LOCK },
	{ "metadata.json.lock", CM_LEFTOVER_LOCK },
	{ "metadata.json.tmp", CM_LEFTOVER_TEMP },
	{ "metadata.json.damaged", CM_LEFTOVER_NONE },
	{ "password", CM_LEFTOVER_NONE },
	{ ".password", CM_LEFTOVER_NONE },
	{ "DISABLED", CM_LEFTOVER_NONE },
	{ "account.json", CM_LEFTOVER_NONE },
	{ "metadata.json", CM_LEFTOVER_NONE },
	{ "dovecot.index", CM_LEFTOVER_NONE },
	{ "dovecot.index.log", CM_LEFTOVER_NONE },
	{ "dovecot.index.log.2", CM_LEFTOVER_NONE },
	{ "dovecot.index.cache", CM_LEFTOVER_NONE },
	{ "dovecot-uidlist", CM_LEFTOVER_NONE },
	{ "subscriptions", CM_LEFTOVER_NONE },
	{ "somebody.lock", CM_LEFTOVER_NONE },
	{ ".lock", CM_LEFTOVER_NONE },
	{ "1775324677.M1P2.host,S=3", CM_LEFTOVER_NONE },
};

static void kind(void **state)
{
	const struct row *row = *state;

	assert_int_equal(cm_leftover_kind(row->name, false), row->kind);
	assert_int_equal(cm_leftover_kind(row->name, true), CM_LEFTOVER_TEMP);
}

static const struct lock_row {
	const char *name;
	const char *text;
	pid_t pid;
} lock_rows[] = {
	{ "ours", "1234:mx", 1234 },
	{ "newline", "1234:mx\n", 1234 },
	{ "another host's", "1234:mx2", 0 },
	{ "shorter host", "1234:m", 0 },
	{ "no host", "1234", 0 },
	{ "no pid", ":mx", 0 },
	{ "empty", "", 0 },
	{ "text", "abc:mx", 0 },
	{ "negative", "-1:mx", 0 },
	{ "9 digits", "999999999:mx", 999999999 },
	{ "10 digits", "9999999999:mx", 0 },
};

static void lock(void **state)
{
	const struct lock_row *row = *state;

	assert_int_equal(cm_leftover_lock_pid(row->text, strlen(row->text),
					      "mx"), row->pid);
}

int main(void)
{
	cm_unit_rows(kind, rows);
	cm_unit_rows(lock, lock_rows);
	return cm_unit_run();
}
