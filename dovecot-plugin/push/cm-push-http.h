/* SPDX-License-Identifier: MIT
 *
 * cm-push-http: POST requests to the one URL, by libcurl inside Dovecot's
 * event loop. HTTP/2 where the other side has it: then all requests share one
 * connection; else up to CM_PUSH_HTTP_MAX_CONNECTIONS of HTTP/1.1. Once a
 * request had no answer in time, those that come after it get new connections;
 * for as long as requests are left on the old ones there are twice as many.
 *
 * As chatmail/relay asks: the body is the token and nothing else, no
 * Content-Type, 60 seconds. Redirects are not followed (a token goes to nobody
 * else), the certificate and its name are checked, answers are not kept.
 */
#ifndef CM_PUSH_HTTP_H
#define CM_PUSH_HTTP_H

#include "cm-dovecot.h"

#define CM_PUSH_HTTP_TIMEOUT_MS (60 * 1000)
#define CM_PUSH_HTTP_MAX_CONNECTIONS 4
/* Requests at one time. A server of HTTP/2 must be ready for 100 (RFC 9113,
 * 6.5.2). */
#define CM_PUSH_HTTP_MAX_REQUESTS 64
/* Bytes of an answer; more of it ends the request. */
#define CM_PUSH_HTTP_MAX_ANSWER 65536

struct cm_push_http;

/* status: that of the answer, or 0 with *error set when there was none. */
typedef void cm_push_http_fn(void *ctx, long status, const char *error);

/* ca_file: certificates to trust, NULL for those of the system. */
struct cm_push_http *cm_push_http_init(const char *url, const char *ca_file,
				       unsigned int timeout_ms,
				       const char **error_r);

/* Ends what is under way, without calling back. */
void cm_push_http_deinit(struct cm_push_http **http);

/* Calls back exactly once, never before it returns. The caller keeps to
 * CM_PUSH_HTTP_MAX_REQUESTS. body is copied. 0, or -1 (out of memory): does not
 * call back. */
int cm_push_http_post(struct cm_push_http *http, const char *body,
		      cm_push_http_fn *callback, void *ctx);

unsigned int cm_push_http_count(const struct cm_push_http *http);

#endif
