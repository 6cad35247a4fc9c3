/* SPDX-License-Identifier: MIT */
#include "cm-senders.h"
#include "cm-federation.h"
#include "cm-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* One copy for all threads, as it was read last. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cm_federation rules;

static int load(const struct cm_settings *set, const char **error_r)
{
	int fd = open(set->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret, saved_errno;

	/* nobody has ever made a rule there */
	if (fd < 0 && errno == ENOENT)
		return 0;
	*error_r = "cannot be opened";
	if (fd < 0)
		return -1;
	ret = cm_federation_load(&rules, fd, error_r);
	saved_errno = errno;
	(void)close(fd);
	errno = saved_errno;
	return ret;
}

int cm_senders_may_send(const struct cm_settings *set, const char *from,
			const char **error_r)
{
	int ret;

	(void)pthread_mutex_lock(&mutex);
	ret = load(set, error_r);
	if (ret == 0)
		ret = cm_federation_allows(&rules, set, from) ? 1 : 0;
	else if (strcmp(set->policy_on_block_failure, "dunno") == 0)
		ret = 1;
	(void)pthread_mutex_unlock(&mutex);
	return ret;
}

void cm_senders_unload(void)
{
	(void)pthread_mutex_lock(&mutex);
	cm_federation_deinit(&rules);
	(void)pthread_mutex_unlock(&mutex);
}
