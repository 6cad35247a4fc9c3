/* SPDX-License-Identifier: MIT */
#include "cm-live.h"
#include "cm-file.h"
#include "cm-log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One process has one set of settings; libmilter's callbacks have no other
 * way to them. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cm_live *current;

static void warn_setting(void *ctx, const char *message)
{
	(void)ctx;
	cm_log(CM_LOG_WARNING, "%s", message);
}

static void warn_about_holes(const struct cm_settings *set)
{
	if (*set->passthrough_senders != '\0')
		cm_log(CM_LOG_WARNING, "passthrough_senders is set: the "
		       "accounts in it may send cleartext");
	if (*set->passthrough_recipients != '\0')
		cm_log(CM_LOG_WARNING, "passthrough_recipients is set: "
		       "cleartext may be sent to these");
	if (set->allow_autocrypt_setup_message)
		cm_log(CM_LOG_WARNING, "allow_autocrypt_setup_message is set: "
		       "such messages pass unread");
}

/* One line, with or without its end. */
static int read_secret(struct cm_live *live, char *text, size_t text_size)
{
	static const struct cm_file_words words =
		CM_FILE_WORDS("authserv_secret_file");
	char buf[CM_ORIGIN_MAX_SECRET + 2];
	const char *error;
	size_t len = 0;

	if (!live->set.require_dkim)
		return 0;
	errno = 0;
	switch (cm_file_read(AT_FDCWD, live->set.authserv_secret_file, &words,
			     buf, sizeof(buf) - 1, &len, &error)) {
	case CM_DIR_OK:
		break;
	case CM_DIR_UNKNOWN:
		cm_log(CM_LOG_WARNING, "authserv_secret_file: not there; a "
		       "sender who guesses queue ids is believed; "
		       "chatmail-dkim makes one");
		return 0;
	case CM_DIR_FAILED:
		(void)snprintf(text, text_size, "%s: %s", error,
			       strerror(errno));
		return -1;
	default:
		(void)snprintf(text, text_size, "%s", error);
		return -1;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (!cm_origin_secret_valid(buf, len)) {
		(void)snprintf(text, text_size, "authserv_secret_file: "
			       "expected %d to %d letters and digits",
			       CM_ORIGIN_MIN_SECRET, CM_ORIGIN_MAX_SECRET);
		return -1;
	}
	memcpy(live->authserv_secret, buf, len);
	return 0;
}

int cm_live_load(const char *path, const char **error_r)
{
	/* what failed is freed before its message is used */
	static char error_text[CM_SETTINGS_ERROR_SIZE];
	struct cm_live *fresh = calloc(1, sizeof(*fresh)), *old;
	const char *error;
	int ret;

	if (fresh == NULL) {
		*error_r = "out of memory";
		return -1;
	}
	ret = cm_settings_read(&fresh->set, path, warn_setting, NULL, &error);
	if (ret < 0)
		(void)snprintf(error_text, sizeof(error_text), "%s", error);
	else
		ret = read_secret(fresh, error_text, sizeof(error_text));
	if (ret < 0) {
		*error_r = error_text;
		cm_settings_deinit(&fresh->set);
		free(fresh);
		return -1;
	}
	warn_about_holes(&fresh->set);
	fresh->refs = 1;
	(void)pthread_mutex_lock(&mutex);
	old = current;
	current = fresh;
	(void)pthread_mutex_unlock(&mutex);
	cm_live_put(&old);
	return 0;
}

struct cm_live *cm_live_get(void)
{
	struct cm_live *live;

	(void)pthread_mutex_lock(&mutex);
	live = current;
	live->refs++;
	(void)pthread_mutex_unlock(&mutex);
	return live;
}

void cm_live_put(struct cm_live **_live)
{
	struct cm_live *live = *_live;
	unsigned int refs;

	*_live = NULL;
	if (live == NULL)
		return;
	(void)pthread_mutex_lock(&mutex);
	refs = --live->refs;
	(void)pthread_mutex_unlock(&mutex);
	if (refs == 0) {
		cm_settings_deinit(&live->set);
		free(live);
	}
}
