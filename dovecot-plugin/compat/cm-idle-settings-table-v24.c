/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "settings.h"
#include "settings-parser.h"

#include "cm-idle-settings.h"
#include "cm-idle-settings-v24.h"

#undef DEF
#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, struct cm_idle_settings)

static const struct setting_define cm_idle_setting_defines[] = {
	DEF(TIME_MSECS, chatmail_idle_delay),
	SETTING_DEFINE_LIST_END
};

static const struct cm_idle_settings cm_idle_default_settings = {
	.chatmail_idle_delay = 0
};

static const struct setting_keyvalue cm_idle_default_keyvalues[] = {
	{ "chatmail_idle_delay", CM_IDLE_DEFAULT_DELAY },
	{ NULL, NULL }
};

static bool check(void *_set, pool_t pool ATTR_UNUSED, const char **error_r)
{
	const struct cm_idle_settings *set = _set;

	if (set->chatmail_idle_delay <= CM_IDLE_MAX_DELAY_MSECS)
		return TRUE;
	*error_r = t_strdup_printf("chatmail_idle_delay must be at most %u ms",
				   CM_IDLE_MAX_DELAY_MSECS);
	return FALSE;
}

const struct setting_parser_info cm_idle_setting_parser_info = {
	.name = "chatmail_idle",

	.defines = cm_idle_setting_defines,
	.defaults = &cm_idle_default_settings,
	.default_settings = cm_idle_default_keyvalues,

	.struct_size = sizeof(struct cm_idle_settings),
	.pool_offset1 = 1 + offsetof(struct cm_idle_settings, pool),
	.check_func = check
};
