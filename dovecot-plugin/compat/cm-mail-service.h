/* SPDX-License-Identifier: MIT
 *
 * cm-mail-service: the seam to mail_storage_service: opens one user after the
 * other in one process that is root, as Dovecot itself would for that user:
 * userdb, mail_location, plugins (quota). The rest of the mail API is the same
 * on 2.3 and 2.4.
 *
 *	service = cm_mail_service_init();
 *	if (cm_mail_service_open(service, name, &user, &error) > 0) {
 *		...
 *		cm_mail_service_close(service, &user);
 *	}
 *	cm_mail_service_deinit(&service);
 *
 * Between open and close the process has the user's uid for file access
 * (seteuid()), and all mailboxes and transactions must have ended before
 * close. Plugins are loaded at the first open, and stay.
 */
#ifndef CM_MAIL_SERVICE_H
#define CM_MAIL_SERVICE_H

#include "cm-dovecot.h"

struct mail_user;
struct cm_mail_service;

struct cm_mail_service *cm_mail_service_init(void);

/* 1: *user_r is open. 0: no userdb knows it. -1: *error_r, from the data
 * stack; it may name the user. */
int cm_mail_service_open(struct cm_mail_service *service, const char *name,
			 struct mail_user **user_r, const char **error_r);
void cm_mail_service_close(struct cm_mail_service *service,
			   struct mail_user **user);

/* Takes NULL, too. */
void cm_mail_service_deinit(struct cm_mail_service **service);

#endif
