/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-senders.h"
#include "cm-federation.h"
#include "cm-settings.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/cm-senders.XXXXXX";
static char path[128];

static void settings(struct cm_settings *set, const char *state_dir,
		     const char *on_failure)
{
	char text[512];
	const char *error;

	(void)snprintf(text, sizeof(text), "[params]\nmail_domain = our.test\n"
		       "state_dir = %s\npolicy_on_block_failure = %s\n",
		       state_dir, on_failure);
	assert_int_equal(cm_settings_parse(set, "x", text, strlen(text), NULL,
					   NULL, &error), 0);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int ask(const struct cm_settings *set, const char *from)
{
	const char *error = NULL;
	int ret = cm_senders_may_send(set, from, &error);

	if (ret < 0)
		assert_non_null(error);
	return ret;
}

/* Without a restart, and whether the file is new, changed or gone. */
static void follows_the_file(void **state)
{
	struct cm_settings set;

	(void)state;
	settings(&set, dir, "defer");
	assert_int_equal(ask(&set, "a@x.test"), 1);
	put("block x.test\n");
	assert_int_equal(ask(&set, "a@x.test"), 0);
	assert_int_equal(ask(&set, "a@y.test"), 1);
	put("block x.test\nblock y.test\n");
	assert_int_equal(ask(&set, "a@y.test"), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ask(&set, "a@x.test"), 1);
	cm_settings_deinit(&set);
	cm_senders_unload();
}

static void our_failure(void **state)
{
	struct cm_settings set;

	(void)state;
	settings(&set, dir, "defer");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(ask(&set, "a@x.test"), -1);
	assert_int_equal(errno, EINVAL);
	cm_settings_deinit(&set);
	settings(&set, dir, "dunno");
	assert_int_equal(ask(&set, "a@x.test"), 1);
	cm_settings_deinit(&set);
	assert_int_equal(rmdir(path), 0);
	/* not a directory */
	settings(&set, "/dev/null", "defer");
	assert_int_equal(ask(&set, "a@x.test"), -1);
	cm_settings_deinit(&set);
	/* nobody has made it: there are no rules */
	settings(&set, "/nowhere/at/all", "defer");
	assert_int_equal(ask(&set, "a@x.test"), 1);
	cm_settings_deinit(&set);
	cm_senders_unload();
}

#define THREADS 4
#define ASKED 2000

static void *asks(void *arg)
{
	const struct cm_settings *set = arg;
	int i, wrong = 0;

	for (i = 0; i < ASKED; i++) {
		const char *error;

		if (cm_senders_may_send(set, "a@x.test", &error) != 0)
			wrong++;
	}
	return wrong == 0 ? NULL : arg;
}

/* While others write it, as doveadm and chatmail-policy do: by rename. */
static void many_threads(void **state)
{
	static const char *const texts[] = {
		"block x.test\n", "block y.test\nblock x.test\n"
	};
	pthread_t threads[THREADS];
	struct cm_settings set;
	char fresh[140];
	void *ret;
	int i;

	(void)state;
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	put(texts[0]);
	settings(&set, dir, "defer");
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, asks, &set),
				 0);
	for (i = 0; i < 200; i++) {
		FILE *f = fopen(fresh, "w");

		assert_non_null(f);
		assert_true(fputs(texts[i % 2], f) >= 0);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(rename(fresh, path), 0);
	}
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &ret), 0);
		assert_null(ret);
	}
	assert_int_equal(unlink(path), 0);
	cm_settings_deinit(&set);
	cm_senders_unload();
}

int main(void)
{
	int ret;

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/" CM_FEDERATION_FILE, dir);
	cm_unit_test(follows_the_file);
	cm_unit_test(our_failure);
	cm_unit_test(many_threads);
	ret = cm_unit_run();
	(void)rmdir(dir);
	return ret;
}
