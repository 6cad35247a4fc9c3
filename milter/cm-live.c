/* SPDX-License-Identifier: MIT */
#include "cm-live.h"
#include "cm-log.h"
#include "cm-origin.h"
#include "cm-secret.h"

#include <errno.h>
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

static int read_secret(struct cm_live *live, char *text, size_t text_size)
{
	static const struct cm_secret_form form = {
		.max = CM_ORIGIN_MAX_SECRET,
		.valid = cm_origin_secret_valid,
		.expected = "expected 16 to 40 letters and digits, one line"
	};
	const char *path = live->set.authserv_secret_file, *error;
	int ret;

	if (!live->set.require_dkim)
		return 0;
	ret = cm_secret_read(path, &form, live->authserv_secret, &error);
	if (ret == 0) {
		cm_log(CM_LOG_WARNING, "authserv_secret_file: there is no %s; a "
		       "sender who guesses queue ids is believed; "
		       "chatmail-dkim makes one", path);
	} else if (ret < 0) {
		(void)snprintf(text, text_size,
			       "authserv_secret_file: %s: %s%s%s", path, error,
			       errno != 0 ? ": " : "",
			       errno != 0 ? strerror(errno) : "");
	}
	return ret < 0 ? -1 : 0;
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
