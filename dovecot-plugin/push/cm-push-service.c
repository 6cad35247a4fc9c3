/* SPDX-License-Identifier: MIT */
#include "cm-push-service.h"

#include "cm-account-rules.h"
#include "cm-push-counters.h"
#include "cm-push-http.h"
#include "cm-push-job.h"
#include "cm-push-spool.h"
#include "cm-settings.h"

#include "ioloop.h"
#include "llist.h"
#include "randgen.h"

#include <time.h>

/* However fast time goes in a test: a busy machine answers in less. */
#define MIN_TIMEOUT_MS 2000

struct cm_push_service {
	const struct cm_settings *set;
	struct event *event;
	struct cm_push_spool spool;
	struct cm_push_queue *queue;
	struct cm_push_http *http;
	struct cm_counters counters;
	int mailboxes_fd;
	/* wall clock at the start = boot clock + this; so it never jumps */
	int64_t clock_offset;

	struct cm_push_job *jobs, *last_job; /* whose turn it is comes first */
	struct timeout *to_lock, *to_look, *to_due;

	/* what there is to be said about the proxy */
	struct cm_push_proxy proxy;
	unsigned int expired, held; /* since look_regularly() */
	bool working;	     /* we have the lock */
	bool spool_has_more; /* than the queue had room for */
	bool stopping;
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		i_fatal("clock_gettime() failed: %m");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t now_ms(const struct cm_push_service *service)
{
	return service->clock_offset + clock_ms(CLOCK_BOOTTIME);
}

static void pump(struct cm_push_service *service);
static void look(struct cm_push_service *service);

static void spool_error(struct cm_push_service *service, const char *what)
{
	e_error(service->event, "%s in %s/%s failed: %m", what,
		service->set->state_dir, CM_PUSH_DIR);
}

/* One line when the proxy fails, one when it is well again. */
static void note_answer(struct cm_push_service *service, long status,
			const char *error)
{
	unsigned int failures;

	switch (cm_push_proxy_answer(&service->proxy, cm_push_answer(status),
				     &failures)) {
	case CM_PUSH_NO_NEWS:
		break;
	case CM_PUSH_PROXY_FAILS:
		if (error == NULL)
			error = t_strdup_printf("HTTP status %ld", status);
		e_warning(service->event, "The notification proxy fails: %s",
			  error);
		break;
	case CM_PUSH_PROXY_WORKS:
		e_info(service->event, "The notification proxy works again, "
		       "after %u requests that failed", failures);
		break;
	}
}

/* The entry may be freed by the queue: its name is copied first. */
static void finish_entry(struct cm_push_service *service,
			 struct cm_push_entry *entry, bool failed, bool late)
{
	const char *name = t_strdup(entry->name);
	int ret = 0;

	switch (cm_push_queue_finish(service->queue, entry, failed,
				     now_ms(service))) {
	case CM_PUSH_EXPIRED:
		late = TRUE;
		/* fall through */
	case CM_PUSH_FINISHED:
		if (late) {
			service->expired++;
			cm_push_count_expired(&service->counters);
		}
		ret = cm_push_spool_remove(&service->spool, name);
		break;
	case CM_PUSH_RETRY:
		ret = cm_push_spool_write(&service->spool, name,
					  &entry->notice);
		break;
	}
	if (ret < 0)
		spool_error(service, "Writing");
}

static void job_end(struct cm_push_job *job)
{
	struct cm_push_service *service = job->service;

	DLLIST2_REMOVE(&service->jobs, &service->last_job, job);
	finish_entry(service, job->entry, job->failed, FALSE);
	cm_push_job_free(job);
}

static void token_done(struct cm_push_job *job, uint64_t digest)
{
	struct cm_push_service *service = job->service;

	/* If others are to come, a crash must not tell this one twice. */
	if (!cm_push_job_is_over(job) &&
	    cm_push_spool_add_done(&service->spool, job->entry->name,
				   &job->entry->notice, digest) < 0)
		spool_error(service, "Writing");
	cm_push_set_done(job->entry, digest);
}

static void token_failed(struct cm_push_job *job, uint64_t digest, bool old)
{
	struct cm_push_service *service = job->service;

	cm_push_queue_set_failed(service->queue, job->entry, digest,
				 now_ms(service));
	if (old)
		cm_push_job_skip(job, digest);
	else
		job->failed = TRUE;
}

static void answered(void *ctx, long status, const char *http_error)
{
	struct cm_push_telling *telling = ctx;
	struct cm_push_job *job = telling->job;
	struct cm_push_service *service = job->service;
	enum cm_push_answer answer = cm_push_answer(status);
	uint64_t digest = telling->digest;
	bool old = telling->old;
	const char *error;

	note_answer(service, status, http_error);
	cm_push_count_answer(&service->counters, answer);
	if (answer == CM_PUSH_GONE &&
	    cm_push_job_forget(job, service->mailboxes_fd, telling->token,
			       ioloop_time, &error) < CM_DIR_UNKNOWN)
		e_debug(service->event, "Token stays: %s: %m", error);
	cm_push_telling_free(telling);
	if (answer == CM_PUSH_LATER)
		token_failed(job, digest, old);
	else if (!old)
		token_done(job, digest);
	else if (answer == CM_PUSH_GONE)
		cm_push_job_skip(job, digest);
	if (cm_push_job_is_over(job))
		job_end(job);
	if (service->stopping && cm_push_http_count(service->http) == 0)
		io_loop_stop(current_ioloop);
	pump(service);
}

/* Starts one request for the account whose turn it is. False: none has a token
 * that can be sent now. */
static bool send_one(struct cm_push_service *service)
{
	struct cm_push_telling *telling = NULL;
	struct cm_push_job *job;

	for (job = service->jobs; job != NULL; job = job->next) {
		telling = cm_push_job_next(job);
		if (telling != NULL)
			break;
	}
	if (telling == NULL)
		return FALSE;
	DLLIST2_REMOVE(&service->jobs, &service->last_job, job);
	DLLIST2_APPEND(&service->jobs, &service->last_job, job);
	if (cm_push_http_post(service->http, telling->token, answered,
			      telling) < 0)
		i_fatal_status(FATAL_OUTOFMEM, "libcurl is out of memory");
	return TRUE;
}

static enum cm_push_step job_prepare(struct cm_push_service *service,
				     struct cm_push_job *job)
{
	enum cm_push_step step;
	const char *error = "";
	bool late = cm_push_queue_is_late(service->queue, job->entry,
					  now_ms(service));

	step = cm_push_job_prepare(job, service->mailboxes_fd, late,
				   ioloop_time, &error);
	/* a disk that fails does so for every account */
	if (step == CM_PUSH_HOLD && service->held++ == 0) {
		e_error(service->event, "Cannot read an account's tokens: %s",
			error);
	}
	return step;
}

static void job_begin(struct cm_push_service *service,
		      struct cm_push_entry *entry)
{
	struct cm_push_job *job;

	if (*service->set->notify_url == '\0') {
		finish_entry(service, entry, FALSE, FALSE);
		return;
	}
	job = i_new(struct cm_push_job, 1);
	job->service = service;
	job->entry = entry;
	switch (job_prepare(service, job)) {
	case CM_PUSH_SEND:
		DLLIST2_APPEND(&service->jobs, &service->last_job, job);
		return;
	case CM_PUSH_HOLD:
		finish_entry(service, entry, TRUE, FALSE);
		break;
	case CM_PUSH_DROP_LATE:
		finish_entry(service, entry, FALSE, TRUE);
		break;
	case CM_PUSH_DROP_ACCOUNT:
	case CM_PUSH_DROP_TOKENS:
		finish_entry(service, entry, FALSE, FALSE);
		break;
	}
	cm_push_job_free(job);
}

/* A message came while this account is told of another: who was answered
 * already does not wait for those that were not. */
static void job_begin_anew(struct cm_push_service *service, const char *name)
{
	struct cm_push_job *job = service->jobs;

	while (job != NULL && strcmp(job->entry->name, name) != 0)
		job = job->next;
	if (job == NULL)
		return;
	T_BEGIN {
		job->failed = job_prepare(service, job) == CM_PUSH_HOLD;
	} T_END;
	if (cm_push_job_is_over(job))
		job_end(job);
}

static void due(struct cm_push_service *service)
{
	timeout_remove(&service->to_due);
	pump(service);
}

/* Starts one request, or looks at one account. False: nothing more is due;
 * *wait_r as of cm_push_queue_next(). */
static bool pump_one(struct cm_push_service *service, int64_t *wait_r)
{
	struct cm_push_entry *entry;

	/* An account that comes in has none under way, so its first goes out
	 * before the next comes in: there are no more jobs than requests. */
	if (send_one(service))
		return TRUE;
	entry = cm_push_queue_next(service->queue, now_ms(service), wait_r);
	if (entry == NULL)
		return FALSE;
	T_BEGIN {
		job_begin(service, entry);
	} T_END;
	return TRUE;
}

/* Starts as many requests as may run at one time. */
static void pump(struct cm_push_service *service)
{
	int64_t wait = -1;

	if (service->stopping)
		return;
	timeout_remove(&service->to_due);
	while (cm_push_http_count(service->http) < CM_PUSH_HTTP_MAX_REQUESTS &&
	       pump_one(service, &wait))
		;
	if (wait > 0) {
		service->to_due = timeout_add_short(
			(unsigned int)I_MIN(wait, INT_MAX), due, service);
	}
	if (service->spool_has_more &&
	    cm_push_queue_count(service->queue) < CM_PUSH_MAX_ACCOUNTS / 2)
		look(service);
}

static bool name_valid(struct cm_push_service *service, const char *name)
{
	return cm_account_name_valid(service->set, name, strlen(name));
}

static bool load_name(void *ctx, const char *name)
{
	struct cm_push_service *service = ctx;
	struct cm_push_notice notice;
	int ret;

	if (!name_valid(service, name))
		return TRUE;
	if (!cm_push_queue_has_room(service->queue)) {
		service->spool_has_more = TRUE;
		return FALSE;
	}
	ret = cm_push_spool_read(&service->spool, name, &notice);
	if (ret < 0)
		spool_error(service, "Reading");
	else if (ret > 0)
		(void)cm_push_queue_load(service->queue, name, &notice,
					 now_ms(service));
	return TRUE;
}

static bool claim_name(void *ctx, const char *name)
{
	struct cm_push_service *service = ctx;
	int64_t written, now;
	int ret;

	if (!name_valid(service, name))
		return TRUE;
	if (!cm_push_queue_has_room(service->queue) &&
	    !cm_push_queue_has(service->queue, name)) {
		service->spool_has_more = TRUE;
		return FALSE;
	}
	ret = cm_push_spool_claim(&service->spool, name, &written);
	if (ret < 0) {
		spool_error(service, "Taking over a notice");
	} else if (ret > 0) {
		now = now_ms(service);
		if (cm_push_queue_add(service->queue, name,
				      cm_push_start(written, clock_ms(
						      CLOCK_REALTIME), now),
				      now) == 0)
			job_begin_anew(service, name);
	}
	return TRUE;
}

/* What is new in the spool, and what had no room before. */
static void look(struct cm_push_service *service)
{
	bool had_more = service->spool_has_more;

	if (!service->working)
		return;
	service->spool_has_more = FALSE;
	if ((had_more && cm_push_spool_each(service->spool.queue_fd, load_name,
					    service) < 0) ||
	    cm_push_spool_each(service->spool.new_fd, claim_name, service) < 0)
		spool_error(service, "Reading");
	pump(service);
}

static void look_regularly(struct cm_push_service *service)
{
	if (service->expired > 0) {
		e_warning(service->event, "%u notices were dropped because "
			  "the notification proxy took none of their tries",
			  service->expired);
		service->expired = 0;
	}
	if (service->held > 1) {
		e_error(service->event, "The tokens of an account could not "
			"be read %u times", service->held);
	}
	service->held = 0;
	look(service);
}

/* Until an older process of ours has ended. */
static void try_lock(struct cm_push_service *service)
{
	int ret = cm_push_spool_lock(&service->spool);

	if (ret < 0)
		spool_error(service, "flock()");
	if (ret <= 0)
		return;
	timeout_remove(&service->to_lock);
	service->working = TRUE;
	/* what was taken over before counts as what had no room */
	service->spool_has_more = TRUE;
	service->to_look = timeout_add(CM_PUSH_LOOK_MS, look_regularly,
				       service);
	look(service);
}

static int open_all(struct cm_push_service *service, const char *ca_file,
		    unsigned int speed, const char **error_r)
{
	const struct cm_settings *set = service->set;
	unsigned char key[CM_SIPHASH_KEY_SIZE];
	const char *error;

	if (cm_push_spool_open(set->state_dir, &service->spool) < 0) {
		*error_r = t_strdup_printf("Cannot open or make %s/%s: %m",
					   set->state_dir, CM_PUSH_DIR);
		return -1;
	}
	if (cm_mailboxes_open(set->mailboxes_dir, &service->mailboxes_fd,
			      &error) != CM_DIR_OK) {
		service->mailboxes_fd = -1;
		*error_r = t_strdup_printf("%s: %s: %m", set->mailboxes_dir,
					   error);
		return -1;
	}
	random_fill(key, sizeof(key));
	service->queue = cm_push_queue_new(CM_PUSH_MAX_ACCOUNTS, speed, key);
	if (service->queue == NULL) {
		*error_r = "Out of memory";
		return -1;
	}
	service->http = cm_push_http_init(
		set->notify_url, ca_file,
		I_MAX(CM_PUSH_HTTP_TIMEOUT_MS / speed, MIN_TIMEOUT_MS),
		error_r);
	return service->http == NULL ? -1 : 0;
}

struct cm_push_service *cm_push_service_init(const struct cm_settings *set,
					     const char *ca_file,
					     unsigned int speed,
					     const char **error_r)
{
	struct cm_push_service *service = i_new(struct cm_push_service, 1);

	service->set = set;
	service->event = event_create(NULL);
	service->mailboxes_fd = -1;
	service->spool.new_fd = service->spool.queue_fd =
		service->spool.lock_fd = -1;
	service->clock_offset = clock_ms(CLOCK_REALTIME) -
				clock_ms(CLOCK_BOOTTIME);
	/* a file system that is full is no reason to tell nobody */
	if (cm_push_counters_open(&service->counters, set->run_dir) < 0) {
		e_warning(service->event, "Nothing is counted: cannot open or "
			  "make push.counters in %s: %m", set->run_dir);
	}
	if (open_all(service, ca_file, speed, error_r) < 0) {
		cm_push_service_deinit(&service);
		return NULL;
	}
	service->to_lock = timeout_add_short(CM_PUSH_LOCK_MS, try_lock,
					     service);
	try_lock(service);
	return service;
}

void cm_push_service_wake(struct cm_push_service *service)
{
	look(service);
}

static void drained(struct cm_push_service *service ATTR_UNUSED)
{
	io_loop_stop(current_ioloop);
}

void cm_push_service_drain(struct cm_push_service *service)
{
	struct timeout *to;

	service->stopping = TRUE;
	service->working = FALSE;
	if (cm_push_http_count(service->http) == 0)
		return;
	to = timeout_add(CM_PUSH_DRAIN_MS, drained, service);
	io_loop_run(current_ioloop);
	timeout_remove(&to);
}

void cm_push_service_deinit(struct cm_push_service **_service)
{
	struct cm_push_service *service = *_service;
	struct cm_push_job *job;

	*_service = NULL;
	timeout_remove(&service->to_lock);
	timeout_remove(&service->to_look);
	timeout_remove(&service->to_due);
	if (service->http != NULL)
		cm_push_http_deinit(&service->http);
	while ((job = service->jobs) != NULL) {
		DLLIST2_REMOVE(&service->jobs, &service->last_job, job);
		cm_push_job_free(job);
	}
	cm_push_queue_free(&service->queue);
	cm_push_spool_close(&service->spool);
	i_close_fd(&service->mailboxes_fd);
	cm_counters_close(&service->counters);
	event_unref(&service->event);
	i_free(service);
}
