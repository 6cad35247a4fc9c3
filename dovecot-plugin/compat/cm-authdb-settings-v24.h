/* SPDX-License-Identifier: MIT
 *
 * cm-authdb-settings (2.4 only): what may stand in passdb chatmail { } and
 * userdb chatmail { }. Compiled twice: into the auth module, which reads the
 * values, and into settings/libchatmail_settings.so, by which doveconf knows
 * the names.
 */
#ifndef CM_AUTHDB_SETTINGS_V24_H
#define CM_AUTHDB_SETTINGS_V24_H

struct cm_authdb_settings {
	pool_t pool;

	const char *chatmail_config; /* path of chatmail.ini */
};

extern const struct setting_parser_info cm_authdb_setting_parser_info;

#endif
