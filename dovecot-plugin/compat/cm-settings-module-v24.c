/* SPDX-License-Identifier: MIT
 *
 * settings/libchatmail_settings.so (2.4 only): Dovecot's config process loads
 * it to learn our settings. Without it each of them would be an unknown
 * setting and Dovecot would not start. A plugin with settings adds a line.
 */
#include "cm-dovecot.h"

#include "settings.h"
#include "settings-parser.h"

#include "cm-authdb-settings-v24.h"
#include "cm-idle-settings-v24.h"

CM_EXPORT extern const char *chatmail_settings_version;
CM_EXPORT extern const struct setting_parser_info
	*chatmail_settings_set_infos[];

const char *chatmail_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *chatmail_settings_set_infos[] = {
	&cm_authdb_setting_parser_info,
	&cm_idle_setting_parser_info,
	NULL
};
