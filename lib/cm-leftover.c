/* SPDX-License-Identifier: MIT */
#include "cm-leftover.h"

#include <string.h>

#define MAX_PID_DIGITS 9

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len &&
	       strcmp(name + len - suffix_len, suffix) == 0;
}

enum cm_leftover cm_leftover_kind(const char *name, bool in_tmp)
{
	static const char *const temp_prefixes[] = {
		".password.", ".account.json.", ".metadata.json.", ".temp."
	};
	static const char *const temp_names[] = {
		"dovecot.index.tmp", "dovecot.index.cache.tmp",
		"dovecot.index.log.newlock", "dovecot-uidlist.tmp",
		"metadata.json.tmp"
	};
	static const char *const lock_names[] = {
		"subscriptions.lock", "password.lock", "metadata.json.lock"
	};
	size_t i;

	if (in_tmp)
		return CM_LEFTOVER_TEMP;
	for (i = 0; i < sizeof(temp_prefixes) / sizeof(*temp_prefixes); i++) {
		if (begins(name, temp_prefixes[i]))
			return CM_LEFTOVER_TEMP;
	}
	for (i = 0; i < sizeof(temp_names) / sizeof(*temp_names); i++) {
		if (strcmp(name, temp_names[i]) == 0)
			return CM_LEFTOVER_TEMP;
	}
	for (i = 0; i < sizeof(lock_names) / sizeof(*lock_names); i++) {
		if (strcmp(name, lock_names[i]) == 0)
			return CM_LEFTOVER_LOCK;
	}
	if (ends(name, ".lock") && begins(name, "dovecot"))
		return CM_LEFTOVER_LOCK;
	return CM_LEFTOVER_NONE;
}

pid_t cm_leftover_lock_pid(const char *text, size_t len, const char *host)
{
	pid_t pid = 0;
	size_t i;

	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (i == MAX_PID_DIGITS)
			return 0;
		pid = pid * 10 + (text[i] - '0');
	}
	if (i == len || text[i] != ':')
		return 0;
	text += i + 1;
	len -= i + 1;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	if (len != strlen(host) || memcmp(text, host, len) != 0)
		return 0;
	return pid;
}
