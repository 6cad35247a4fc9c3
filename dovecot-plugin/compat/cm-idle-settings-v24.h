/* SPDX-License-Identifier: MIT
 *
 * cm-idle-settings-table (2.4 only): compiled twice, into the plugin, which
 * reads the value, and into settings/libchatmail_settings.so, by which
 * doveconf knows the name and refuses what is out of range.
 */
#ifndef CM_IDLE_SETTINGS_V24_H
#define CM_IDLE_SETTINGS_V24_H

struct cm_idle_settings {
	pool_t pool;

	unsigned int chatmail_idle_delay; /* milliseconds */
};

extern const struct setting_parser_info cm_idle_setting_parser_info;

#endif
