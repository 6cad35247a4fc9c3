/* SPDX-License-Identifier: MIT
 *
 * cm-master: the seam for programs that run as a service of Dovecot's master.
 * lib-master (master-service.h) is the same on 2.3 and 2.4 but for this.
 */
#ifndef CM_MASTER_H
#define CM_MASTER_H

#include "cm-dovecot.h"

#include "master-service.h"

/* Reads what every service needs to know of dovecot.conf: logging, mostly. 0,
 * or -1 with *error_r. */
int cm_master_settings_read(struct master_service *service,
			    const char **error_r);

#endif
