/* SPDX-License-Identifier: MIT
 *
 * lib60_doveadm_chatmail_plugin.so: registers `doveadm chatmail ...`.
 */
#include "cm-doveadm-cmds.h"

struct module;

CM_EXPORT void doveadm_chatmail_plugin_init(struct module *module);
CM_EXPORT void doveadm_chatmail_plugin_deinit(void);
CM_EXPORT extern const char *doveadm_chatmail_plugin_version;

const char *doveadm_chatmail_plugin_version = DOVECOT_ABI_VERSION;

/* A parameter that is called "user" and a string would be written to the log,
 * with its value, for each request over HTTP. */
#define CONFIG \
	DOVEADM_CMD_PARAM('F', "config", CMD_PARAM_STR, \
			  CMD_PARAM_FLAG_DO_NOT_EXPOSE)
#define MASKS \
	DOVEADM_CMD_PARAM('\0', "mask", CMD_PARAM_ARRAY, \
			  CMD_PARAM_FLAG_POSITIONAL)

#define NAME \
	DOVEADM_CMD_PARAM('\0', "name", CMD_PARAM_STR, \
			  CMD_PARAM_FLAG_POSITIONAL)

#define TARGETS \
	DOVEADM_CMD_PARAM('\0', "target", CMD_PARAM_ARRAY, \
			  CMD_PARAM_FLAG_POSITIONAL)

#define USER_MASKS "[-F <chatmail.ini>] <user mask> [...]"

#define FEDERATION_TARGETS "[-F <chatmail.ini>] <address or domain> [...]"

static struct doveadm_cmd_ver2 commands[] = { {
	.name = "chatmail user list",
	.cmd = cm_doveadm_user_list,
	.usage = "[-F <chatmail.ini>] [<user mask> [...]]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	MASKS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user info",
	.cmd = cm_doveadm_user_info,
	.usage = USER_MASKS,
DOVEADM_CMD_PARAMS_START
	CONFIG
	MASKS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user block",
	.cmd = cm_doveadm_user_block,
	.usage = USER_MASKS,
DOVEADM_CMD_PARAMS_START
	CONFIG
	MASKS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user unblock",
	.cmd = cm_doveadm_user_unblock,
	.usage = USER_MASKS,
DOVEADM_CMD_PARAMS_START
	CONFIG
	MASKS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user delete",
	.cmd = cm_doveadm_user_delete,
	.usage = "[-F <chatmail.ini>] [-n|--dry-run] <user mask> [...]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('n', "dry-run", CMD_PARAM_BOOL, 0)
	MASKS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user passwd",
	.cmd = cm_doveadm_user_passwd,
	.usage = "[-F <chatmail.ini>] <user> [<password>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('\0', "account", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_POSITIONAL)
	DOVEADM_CMD_PARAM('\0', "password", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail user cleartext",
	.cmd = cm_doveadm_user_cleartext,
	.usage = "[-F <chatmail.ini>] <user mask> on|off",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('\0', "account", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_POSITIONAL)
	DOVEADM_CMD_PARAM('\0', "state", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail expire",
	.cmd = cm_doveadm_expire,
	.usage = "[-F <chatmail.ini>] [-n|--dry-run] [-v|--verbose] "
		"-A [-f|--force]|-u <user mask>",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('A', "all-users", CMD_PARAM_BOOL, 0)
	DOVEADM_CMD_PARAM('f', "force", CMD_PARAM_BOOL, 0)
	DOVEADM_CMD_PARAM('u', "mask", CMD_PARAM_STR, 0)
	DOVEADM_CMD_PARAM('n', "dry-run", CMD_PARAM_BOOL, 0)
	DOVEADM_CMD_PARAM('v', "verbose", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail report",
	.cmd = cm_doveadm_report,
	.usage = "[-F <chatmail.ini>] [-t <textfile>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('t', "textfile", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_DO_NOT_EXPOSE)
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail registration open",
	.cmd = cm_doveadm_registration_open,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail registration close",
	.cmd = cm_doveadm_registration_close,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail registration status",
	.cmd = cm_doveadm_registration_status,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail token add",
	.cmd = cm_doveadm_token_add,
	.usage = "[-F <chatmail.ini>] [-m|--max-uses <number>] "
		"[-e|--expires <day>] [-c|--comment <text>] <name> [<token>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('m', "max-uses", CMD_PARAM_INT64, 0)
	DOVEADM_CMD_PARAM('e', "expires", CMD_PARAM_STR, 0)
	DOVEADM_CMD_PARAM('c', "comment", CMD_PARAM_STR, 0)
	NAME
	DOVEADM_CMD_PARAM('\0', "token", CMD_PARAM_STR,
			  CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail token list",
	.cmd = cm_doveadm_token_list,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail token remove",
	.cmd = cm_doveadm_token_remove,
	.usage = "[-F <chatmail.ini>] <name>",
DOVEADM_CMD_PARAMS_START
	CONFIG
	NAME
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail federation list",
	.cmd = cm_doveadm_federation_list,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail federation allow",
	.cmd = cm_doveadm_federation_allow,
	.usage = FEDERATION_TARGETS,
DOVEADM_CMD_PARAMS_START
	CONFIG
	TARGETS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail federation block",
	.cmd = cm_doveadm_federation_block,
	.usage = FEDERATION_TARGETS,
DOVEADM_CMD_PARAMS_START
	CONFIG
	TARGETS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail federation forget",
	.cmd = cm_doveadm_federation_forget,
	.usage = "[-F <chatmail.ini>] [-n|--dry-run] <address or domain> [...]",
DOVEADM_CMD_PARAMS_START
	CONFIG
	DOVEADM_CMD_PARAM('n', "dry-run", CMD_PARAM_BOOL, 0)
	TARGETS
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail config",
	.cmd = cm_doveadm_config,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
}, {
	.name = "chatmail stats",
	.cmd = cm_doveadm_stats,
	.usage = "[-F <chatmail.ini>]",
DOVEADM_CMD_PARAMS_START
	CONFIG
DOVEADM_CMD_PARAMS_END
} };

void doveadm_chatmail_plugin_init(struct module *module ATTR_UNUSED)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(commands); i++)
		doveadm_cmd_register_ver2(&commands[i]);
}

void doveadm_chatmail_plugin_deinit(void)
{
}
