/* SPDX-License-Identifier: MIT
 *
 * cm-push-service: takes notices out of the spool (cm-push-spool.h), asks the
 * queue when (cm-push-queue.h), reads the tokens of the account and sends them
 * (cm-push-http.h).
 *
 * Only one process works at one spool: after a reload of Dovecot the new one
 * waits until the old one has ended. What is being sent then has
 * CM_PUSH_DRAIN_MS to come to its end, so that it is not sent once more.
 */
#ifndef CM_PUSH_SERVICE_H
#define CM_PUSH_SERVICE_H

#include "cm-dovecot.h"

struct cm_settings;

/* How often it looks at the spool without being woken. */
#define CM_PUSH_LOOK_MS (30 * 1000)
#define CM_PUSH_LOCK_MS 100
#define CM_PUSH_DRAIN_MS (3 * 1000)

struct cm_push_service;

/* set stays the caller's. ca_file: NULL for the certificates of the system.
 * speed: 1; tests make time go faster. */
struct cm_push_service *cm_push_service_init(const struct cm_settings *set,
					     const char *ca_file,
					     unsigned int speed,
					     const char **error_r);

/* There is something in the spool. */
void cm_push_service_wake(struct cm_push_service *service);

/* Lets requests that are under way end, CM_PUSH_DRAIN_MS at most. Runs the
 * event loop. */
void cm_push_service_drain(struct cm_push_service *service);

void cm_push_service_deinit(struct cm_push_service **service);

#endif
