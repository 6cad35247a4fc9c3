/* SPDX-License-Identifier: MIT */
#include "cm-push-queue.h"

#include <stdlib.h>
#include <string.h>

#define NOT_IN_HEAP UINT32_MAX

struct cm_push_queue {
	unsigned char key[CM_SIPHASH_KEY_SIZE];
	unsigned int max_accounts, count, speed;
	/* a binary heap by `due` of those that are not being sent */
	struct cm_push_entry **heap;
	unsigned int heap_count;
	struct cm_push_entry **buckets;
	unsigned int bucket_mask;
};

struct cm_push_queue *
cm_push_queue_new(unsigned int max_accounts, unsigned int speed,
		  const unsigned char key[CM_SIPHASH_KEY_SIZE])
{
	struct cm_push_queue *queue;
	unsigned int buckets = 1;

	if (max_accounts == 0 || max_accounts > CM_PUSH_MAX_ACCOUNTS ||
	    speed == 0 || speed > CM_PUSH_MAX_SPEED)
		return NULL;
	while (buckets < max_accounts)
		buckets *= 2;
	queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	queue->heap = calloc(max_accounts, sizeof(*queue->heap));
	queue->buckets = calloc(buckets, sizeof(*queue->buckets));
	if (queue->heap == NULL || queue->buckets == NULL) {
		cm_push_queue_free(&queue);
		return NULL;
	}
	memcpy(queue->key, key, sizeof(queue->key));
	queue->max_accounts = max_accounts;
	queue->speed = speed;
	queue->bucket_mask = buckets - 1;
	return queue;
}

void cm_push_queue_free(struct cm_push_queue **_queue)
{
	struct cm_push_queue *queue = *_queue;
	struct cm_push_entry *entry, *next;
	unsigned int i;

	*_queue = NULL;
	if (queue == NULL)
		return;
	for (i = 0; queue->buckets != NULL && i <= queue->bucket_mask; i++) {
		for (entry = queue->buckets[i]; entry != NULL; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	free(queue->heap);
	free(queue->buckets);
	free(queue);
}

unsigned int cm_push_queue_count(const struct cm_push_queue *queue)
{
	return queue->count;
}

bool cm_push_queue_has_room(const struct cm_push_queue *queue)
{
	return queue->count < queue->max_accounts;
}

static void heap_put(struct cm_push_queue *queue, unsigned int i,
		     struct cm_push_entry *entry)
{
	queue->heap[i] = entry;
	entry->heap = i;
}

/* Puts the entry where it belongs, coming from place i, which is free. */
static void heap_sift(struct cm_push_queue *queue, unsigned int i,
		      struct cm_push_entry *entry)
{
	unsigned int child;

	while (i > 0 && queue->heap[(i - 1) / 2]->due > entry->due) {
		heap_put(queue, i, queue->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		child = 2 * i + 1;
		if (child >= queue->heap_count)
			break;
		if (child + 1 < queue->heap_count &&
		    queue->heap[child + 1]->due < queue->heap[child]->due)
			child++;
		if (queue->heap[child]->due >= entry->due)
			break;
		heap_put(queue, i, queue->heap[child]);
		i = child;
	}
	heap_put(queue, i, entry);
}

static void heap_add(struct cm_push_queue *queue, struct cm_push_entry *entry)
{
	heap_sift(queue, queue->heap_count++, entry);
}

static void heap_remove_first(struct cm_push_queue *queue)
{
	struct cm_push_entry *last;

	queue->heap[0]->heap = NOT_IN_HEAP;
	last = queue->heap[--queue->heap_count];
	if (queue->heap_count > 0)
		heap_sift(queue, 0, last);
}

static struct cm_push_entry **bucket(const struct cm_push_queue *queue,
				     const char *name)
{
	return &queue->buckets[cm_siphash(queue->key, name, strlen(name)) &
			       queue->bucket_mask];
}

static struct cm_push_entry *find(const struct cm_push_queue *queue,
				  const char *name)
{
	struct cm_push_entry *entry = *bucket(queue, name);

	while (entry != NULL && strcmp(entry->name, name) != 0)
		entry = entry->next;
	return entry;
}

bool cm_push_queue_has(const struct cm_push_queue *queue, const char *name)
{
	return find(queue, name) != NULL;
}

static struct cm_push_entry *add_entry(struct cm_push_queue *queue,
				       const char *name)
{
	size_t size = strlen(name) + 1;
	struct cm_push_entry *entry, **head;

	if (!cm_push_queue_has_room(queue))
		return NULL;
	entry = calloc(1, sizeof(*entry) + size);
	if (entry == NULL)
		return NULL;
	memcpy(entry->name, name, size);
	head = bucket(queue, name);
	entry->next = *head;
	*head = entry;
	queue->count++;
	return entry;
}

static void free_entry(struct cm_push_queue *queue,
		       struct cm_push_entry *entry)
{
	struct cm_push_entry **link = bucket(queue, entry->name);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	queue->count--;
	free(entry);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Behind the n-th failure. */
static int64_t delay(const struct cm_push_queue *queue, unsigned int n)
{
	int64_t ms = 1000;

	while (n-- > 0)
		ms *= CM_PUSH_BASE_DELAY_MS / 1000;
	return ms / queue->speed;
}

/* Those that failed may be tried again. */
static void forget_failed(struct cm_push_entry *entry, int64_t now)
{
	if (now >= entry->failed_until)
		entry->failed_count = 0;
}

/* A message came: from the first try on, for all tokens. */
static void begin_anew(struct cm_push_entry *entry, int64_t start, int64_t now)
{
	entry->notice.start = later(entry->notice.start, start);
	entry->notice.tries = 0;
	entry->notice.done_count = 0;
	forget_failed(entry, now);
}

int64_t cm_push_start(int64_t written, int64_t wall, int64_t now)
{
	return now - later(0, wall - written);
}

int cm_push_queue_add(struct cm_push_queue *queue, const char *name,
		      int64_t start, int64_t now)
{
	struct cm_push_entry *entry = find(queue, name);

	start = start < now ? start : now;
	if (entry == NULL) {
		entry = add_entry(queue, name);
		if (entry == NULL)
			return -1;
		entry->notice.start = start;
		entry->due = now;
		heap_add(queue, entry);
		return 1;
	}
	begin_anew(entry, start, now);
	if (entry->sending)
		return 0;
	/* at once if that leaves out who failed, and somebody is left */
	entry->due = entry->notice.tried == 0 ||
		(entry->failed_count > 0 && entry->told) ? now :
		later(now, entry->notice.tried + delay(queue, 1));
	heap_sift(queue, entry->heap, entry);
	return 0;
}

int cm_push_queue_load(struct cm_push_queue *queue, const char *name,
		       const struct cm_push_notice *notice, int64_t now)
{
	struct cm_push_entry *entry = find(queue, name);

	if (entry != NULL)
		return 0;
	entry = add_entry(queue, name);
	if (entry == NULL)
		return -1;
	entry->notice = *notice;
	if (notice->start > now)
		entry->notice.start = now;
	if (notice->tried > now)
		entry->notice.tried = now;
	entry->due = notice->tries == 0 ? now :
		entry->notice.tried + delay(queue, notice->tries);
	heap_add(queue, entry);
	return 1;
}

struct cm_push_entry *cm_push_queue_next(struct cm_push_queue *queue,
					 int64_t now, int64_t *wait_r)
{
	struct cm_push_entry *entry;

	*wait_r = -1;
	if (queue->heap_count == 0)
		return NULL;
	entry = queue->heap[0];
	if (entry->due > now) {
		*wait_r = entry->due - now;
		return NULL;
	}
	heap_remove_first(queue);
	entry->sending = true;
	entry->notice.tried = now;
	forget_failed(entry, now);
	*wait_r = 0;
	return entry;
}

static bool is_late(const struct cm_push_queue *queue,
		    const struct cm_push_notice *notice, int64_t when)
{
	return when > notice->start + CM_PUSH_DEADLINE_MS / queue->speed;
}

bool cm_push_queue_is_late(const struct cm_push_queue *queue,
			   const struct cm_push_entry *entry, int64_t now)
{
	return is_late(queue, &entry->notice, now);
}

enum cm_push_step cm_push_step(bool late, enum cm_dir_result account,
			       unsigned int tokens)
{
	if (late)
		return CM_PUSH_DROP_LATE;
	if (account == CM_DIR_UNKNOWN)
		return CM_PUSH_DROP_ACCOUNT;
	if (account != CM_DIR_OK)
		return CM_PUSH_HOLD;
	return tokens == 0 ? CM_PUSH_DROP_TOKENS : CM_PUSH_SEND;
}

enum cm_push_answer cm_push_answer(long http_status)
{
	if (http_status == 200)
		return CM_PUSH_TAKEN;
	return http_status == 410 ? CM_PUSH_GONE : CM_PUSH_LATER;
}

enum cm_push_news cm_push_proxy_answer(struct cm_push_proxy *proxy,
				       enum cm_push_answer answer,
				       unsigned int *failures_r)
{
	if (answer == CM_PUSH_LATER) {
		*failures_r = ++proxy->failures;
		return proxy->failures == CM_PUSH_PROXY_FAILURES ?
			CM_PUSH_PROXY_FAILS : CM_PUSH_NO_NEWS;
	}
	*failures_r = proxy->failures;
	proxy->failures = 0;
	return *failures_r >= CM_PUSH_PROXY_FAILURES ? CM_PUSH_PROXY_WORKS :
						       CM_PUSH_NO_NEWS;
}

/* The key is no secret: a token is too long to be guessed, and digests of one
 * account only are ever compared. */
uint64_t cm_push_digest(const char *token)
{
	static const unsigned char key[CM_SIPHASH_KEY_SIZE] = "chatmail-push 1";

	return cm_siphash(key, token, strlen(token));
}

void cm_push_set_done(struct cm_push_entry *entry, uint64_t digest)
{
	struct cm_push_notice *notice = &entry->notice;

	entry->told = true;
	if (notice->done_count < CM_DEVICETOKEN_MAX_TOKENS)
		notice->done[notice->done_count++] = digest;
}

bool cm_push_is_done(const struct cm_push_notice *notice, uint64_t digest)
{
	unsigned int i;

	for (i = 0; i < notice->done_count; i++) {
		if (notice->done[i] == digest)
			return true;
	}
	return false;
}

void cm_push_queue_set_failed(const struct cm_push_queue *queue,
			      struct cm_push_entry *entry, uint64_t digest,
			      int64_t now)
{
	entry->failed_until = now + delay(queue, 1);
	if (!cm_push_is_failed(entry, digest) &&
	    entry->failed_count < CM_DEVICETOKEN_MAX_TOKENS)
		entry->failed[entry->failed_count++] = digest;
}

bool cm_push_is_failed(const struct cm_push_entry *entry, uint64_t digest)
{
	unsigned int i;

	for (i = 0; i < entry->failed_count; i++) {
		if (entry->failed[i] == digest)
			return true;
	}
	return false;
}

static enum cm_push_fate wait_until(struct cm_push_queue *queue,
				    struct cm_push_entry *entry, int64_t due)
{
	entry->due = due;
	heap_add(queue, entry);
	return CM_PUSH_RETRY;
}

enum cm_push_fate cm_push_queue_finish(struct cm_push_queue *queue,
				       struct cm_push_entry *entry,
				       bool failed, int64_t now)
{
	struct cm_push_notice *notice = &entry->notice;
	int64_t due;

	entry->sending = false;
	if (!failed) {
		/* no try of this notice yet, so none that failed */
		if (entry->failed_count > 0)
			return wait_until(queue, entry, entry->failed_until);
		free_entry(queue, entry);
		return CM_PUSH_FINISHED;
	}
	notice->tries++;
	/* so that a restart waits as long as we would have */
	notice->tried = now;
	due = now + delay(queue, notice->tries);
	if (notice->tries < CM_PUSH_MAX_TRIES && !is_late(queue, notice, due))
		return wait_until(queue, entry, due);
	free_entry(queue, entry);
	return CM_PUSH_EXPIRED;
}
