/* SPDX-License-Identifier: MIT */
#include "cm-push-http.h"

#include "ioloop.h"
#include "llist.h"

#include <curl/curl.h>
#include <unistd.h>

/* Connections, and the requests on them. */
struct conns {
	struct cm_push_http *http;
	CURLM *multi;
	struct timeout *to;
	struct watch *watches;
	unsigned int count; /* of requests */
};

struct request {
	struct request *prev, *next;
	struct conns *conns;
	CURL *easy;
	cm_push_http_fn *callback;
	void *ctx;
	size_t received;
	char error[CURL_ERROR_SIZE];
};

struct watch {
	struct watch *prev, *next;
	struct conns *conns;
	curl_socket_t fd;
	struct io *io_read, *io_write;
};

struct cm_push_http {
	char *url, *ca_file;
	unsigned int timeout_ms;

	struct curl_slist *headers;
	/* new requests go to the first; the other, if any, gets none */
	struct conns *conns, *retired;
	struct request *requests;
	/* handles to be used again, as a stack */
	CURL *idle[CM_PUSH_HTTP_MAX_REQUESTS];
	unsigned int idle_count, count;
};

static void retire(struct conns *conns);

static void finish(struct request *request, CURLcode result)
{
	struct conns *conns = request->conns;
	struct cm_push_http *http = conns->http;
	cm_push_http_fn *callback = request->callback;
	void *ctx = request->ctx;
	const char *error;
	long status = 0;

	/* An answer that broke off behind its status is one all the same. */
	(void)curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	error = status != 0 ? NULL : t_strdup(*request->error != '\0' ?
		request->error : curl_easy_strerror(result));
	(void)curl_multi_remove_handle(conns->multi, request->easy);
	curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, NULL);
	if (http->idle_count < CM_PUSH_HTTP_MAX_REQUESTS)
		http->idle[http->idle_count++] = request->easy;
	else
		curl_easy_cleanup(request->easy);
	DLLIST_REMOVE(&http->requests, request);
	http->count--;
	conns->count--;
	i_free(request);
	/* before the callback makes a new request */
	if (status == 0 && result == CURLE_OPERATION_TIMEDOUT)
		retire(conns);
	callback(ctx, status, error);
}

static void finish_done(struct conns *conns)
{
	const CURLMsg *msg;
	CURLcode result;
	char *request;
	int left;

	while ((msg = curl_multi_info_read(conns->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		/* msg does not survive the removal of its handle */
		result = msg->data.result;
		request = NULL;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
					&request);
		T_BEGIN {
			finish((struct request *)(void *)request, result);
		} T_END;
	}
}

static void watch_free(struct watch *watch)
{
	io_remove(&watch->io_read);
	io_remove(&watch->io_write);
	DLLIST_REMOVE(&watch->conns->watches, watch);
	i_free(watch);
}

/* Without requests. */
static void conns_free(struct conns **_conns)
{
	struct conns *conns = *_conns;

	*_conns = NULL;
	if (conns == NULL)
		return;
	(void)curl_multi_cleanup(conns->multi);
	while (conns->watches != NULL)
		watch_free(conns->watches);
	timeout_remove(&conns->to);
	i_free(conns);
}

static void step(struct conns *conns, curl_socket_t fd, int what)
{
	struct cm_push_http *http = conns->http;
	int running;

	(void)curl_multi_socket_action(conns->multi, fd, what, &running);
	finish_done(conns);
	if (conns == http->retired && conns->count == 0)
		conns_free(&http->retired);
}

static void readable(struct watch *watch)
{
	step(watch->conns, watch->fd, CURL_CSELECT_IN);
}

static void writable(struct watch *watch)
{
	step(watch->conns, watch->fd, CURL_CSELECT_OUT);
}

static void timed_out(struct conns *conns)
{
	timeout_remove(&conns->to);
	step(conns, CURL_SOCKET_TIMEOUT, 0);
}

/* curl's: it wants to know, from now on, when fd is ready for `what`. */
static int set_watch(CURL *easy ATTR_UNUSED, curl_socket_t fd, int what,
		     void *conns_ctx, void *watch_ctx)
{
	struct conns *conns = conns_ctx;
	struct watch *watch = watch_ctx;

	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL)
			watch_free(watch);
		return 0;
	}
	if (watch == NULL) {
		watch = i_new(struct watch, 1);
		watch->conns = conns;
		watch->fd = fd;
		DLLIST_PREPEND(&conns->watches, watch);
		(void)curl_multi_assign(conns->multi, fd, watch);
	}
	if ((what & CURL_POLL_IN) == 0)
		io_remove(&watch->io_read);
	else if (watch->io_read == NULL)
		watch->io_read = io_add(fd, IO_READ, readable, watch);
	if ((what & CURL_POLL_OUT) == 0)
		io_remove(&watch->io_write);
	else if (watch->io_write == NULL)
		watch->io_write = io_add(fd, IO_WRITE, writable, watch);
	return 0;
}

/* curl's: it wants to be called in so many milliseconds, -1 not at all. */
static int set_timer(CURLM *multi ATTR_UNUSED, long ms, void *conns_ctx)
{
	struct conns *conns = conns_ctx;

	timeout_remove(&conns->to);
	if (ms >= 0)
		conns->to = timeout_add_short((unsigned int)I_MIN(ms, INT_MAX),
					     timed_out, conns);
	return 0;
}

/* NULL: out of memory. */
static struct conns *new_conns(struct cm_push_http *http)
{
	struct conns *conns;
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return NULL;
	conns = i_new(struct conns, 1);
	conns->http = http;
	conns->multi = multi;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_watch);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, conns);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, conns);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  (long)CM_PUSH_HTTP_MAX_CONNECTIONS);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
			  (long)CM_PUSH_HTTP_MAX_CONNECTIONS);
	return conns;
}

/* A request had no answer at all: its connection may be dead without a word,
 * as one is that a firewall has forgotten. libcurl ends that request alone and
 * puts all others on the same connection, if it is HTTP/2, until the kernel
 * gives it up after a quarter of an hour, or never where somebody still
 * acknowledges. So what comes goes to new connections; what is under way ends
 * by itself within timeout_ms. As that is before a request to the new ones can
 * time out, one set of old ones is enough; should it not be, the next timeout
 * will do. */
static void retire(struct conns *conns)
{
	struct cm_push_http *http = conns->http;
	struct conns *fresh;

	if (conns != http->conns || http->retired != NULL)
		return;
	fresh = new_conns(http);
	if (fresh == NULL)
		return;
	http->retired = conns;
	http->conns = fresh;
}

static size_t drop_answer(char *data ATTR_UNUSED, size_t size, size_t count,
			  void *request_ctx)
{
	struct request *request = request_ctx;

	request->received += size * count;
	return request->received <= CM_PUSH_HTTP_MAX_ANSWER ?
		size * count : 0;
}

struct cm_push_http *cm_push_http_init(const char *url, const char *ca_file,
				       unsigned int timeout_ms,
				       const char **error_r)
{
	struct cm_push_http *http;

	/* else each request would fail for it */
	if (ca_file != NULL && access(ca_file, R_OK) < 0) {
		*error_r = t_strdup_printf("Cannot read %s: %m", ca_file);
		return NULL;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		*error_r = "libcurl cannot be initialized";
		return NULL;
	}
	http = i_new(struct cm_push_http, 1);
	http->url = i_strdup(url);
	http->ca_file = i_strdup(ca_file);
	http->timeout_ms = timeout_ms;
	http->conns = new_conns(http);
	/* no type, and no "100 Continue" to wait for */
	http->headers = curl_slist_append(NULL, "Content-Type:");
	if (http->conns == NULL || http->headers == NULL ||
	    curl_slist_append(http->headers, "Expect:") == NULL) {
		*error_r = "libcurl is out of memory";
		cm_push_http_deinit(&http);
		return NULL;
	}
	return http;
}

/* What holds for every request. */
static CURL *new_easy(struct cm_push_http *http)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_URL, http->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_2TLS);
	/* rather wait for the one connection than open another */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_answer);
	if (http->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	return easy;
}

int cm_push_http_post(struct cm_push_http *http, const char *body,
		      cm_push_http_fn *callback, void *ctx)
{
	struct request *request;
	CURL *easy = http->idle_count > 0 ? http->idle[--http->idle_count] :
					    new_easy(http);

	if (easy == NULL)
		return -1;
	request = i_new(struct request, 1);
	request->conns = http->conns;
	request->easy = easy;
	request->callback = callback;
	request->ctx = ctx;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	if (curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body) != CURLE_OK ||
	    curl_multi_add_handle(http->conns->multi, easy) != CURLM_OK) {
		curl_easy_cleanup(easy);
		i_free(request);
		return -1;
	}
	DLLIST_PREPEND(&http->requests, request);
	http->count++;
	http->conns->count++;
	return 0;
}

unsigned int cm_push_http_count(const struct cm_push_http *http)
{
	return http->count;
}

void cm_push_http_deinit(struct cm_push_http **_http)
{
	struct cm_push_http *http = *_http;
	struct request *request;

	*_http = NULL;
	while ((request = http->requests) != NULL) {
		DLLIST_REMOVE(&http->requests, request);
		(void)curl_multi_remove_handle(request->conns->multi,
					       request->easy);
		curl_easy_cleanup(request->easy);
		i_free(request);
	}
	while (http->idle_count > 0)
		curl_easy_cleanup(http->idle[--http->idle_count]);
	conns_free(&http->retired);
	conns_free(&http->conns);
	curl_slist_free_all(http->headers);
	i_free(http->url);
	i_free(http->ca_file);
	i_free(http);
	curl_global_cleanup();
}
