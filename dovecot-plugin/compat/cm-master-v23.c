/* SPDX-License-Identifier: MIT
 *
 * cm-master on Dovecot 2.3.
 */
#include "cm-master.h"

#include "master-service-settings.h"

int cm_master_settings_read(struct master_service *service,
			    const char **error_r)
{
	return master_service_settings_read_simple(service, NULL, error_r);
}
