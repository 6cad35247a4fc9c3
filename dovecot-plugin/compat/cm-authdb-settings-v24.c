/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "settings.h"
#include "settings-parser.h"

#include "cm-authdb-settings-v24.h"
#include "cm-config.h"

#undef DEF
#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, struct cm_authdb_settings)

static const struct setting_define cm_authdb_setting_defines[] = {
	/* the names of the sections with this driver, so that they can have
	 * defaults of their own */
	{ .type = SET_FILTER_NAME, .key = "passdb_chatmail" },
	{ .type = SET_FILTER_NAME, .key = "userdb_chatmail" },
	DEF(STR, chatmail_config),
	SETTING_DEFINE_LIST_END
};

static const struct cm_authdb_settings cm_authdb_default_settings = {
	.chatmail_config = CM_DEFAULT_CONFIG
};

static const struct setting_keyvalue cm_authdb_default_keyvalues[] = {
	{ "passdb_chatmail/passdb_use_worker", "yes" },
	{ "userdb_chatmail/userdb_use_worker", "yes" },
	{ NULL, NULL }
};

const struct setting_parser_info cm_authdb_setting_parser_info = {
	.name = "chatmail_authdb",

	.defines = cm_authdb_setting_defines,
	.defaults = &cm_authdb_default_settings,
	.default_settings = cm_authdb_default_keyvalues,

	.struct_size = sizeof(struct cm_authdb_settings),
	.pool_offset1 = 1 + offsetof(struct cm_authdb_settings, pool)
};
