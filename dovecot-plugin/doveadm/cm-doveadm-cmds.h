/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm-cmds: what the table of commands (doveadm-chatmail-plugin.c)
 * calls. Each prints its rows through doveadm_print_*() and says how it ended
 * in doveadm_exit_code.
 */
#ifndef CM_DOVEADM_CMDS_H
#define CM_DOVEADM_CMDS_H

#include "cm-doveadm.h"

/* cm-doveadm-user.c */
void cm_doveadm_user_list(struct doveadm_cmd_context *cctx);
void cm_doveadm_user_info(struct doveadm_cmd_context *cctx);
void cm_doveadm_user_block(struct doveadm_cmd_context *cctx);
void cm_doveadm_user_unblock(struct doveadm_cmd_context *cctx);
void cm_doveadm_user_passwd(struct doveadm_cmd_context *cctx);
void cm_doveadm_user_cleartext(struct doveadm_cmd_context *cctx);

/* cm-doveadm-delete.c */
void cm_doveadm_user_delete(struct doveadm_cmd_context *cctx);

/* cm-doveadm-federation.c */
void cm_doveadm_federation_list(struct doveadm_cmd_context *cctx);
void cm_doveadm_federation_allow(struct doveadm_cmd_context *cctx);
void cm_doveadm_federation_block(struct doveadm_cmd_context *cctx);
void cm_doveadm_federation_forget(struct doveadm_cmd_context *cctx);

/* cm-doveadm-system.c */
void cm_doveadm_registration_open(struct doveadm_cmd_context *cctx);
void cm_doveadm_registration_close(struct doveadm_cmd_context *cctx);
void cm_doveadm_registration_status(struct doveadm_cmd_context *cctx);
void cm_doveadm_config(struct doveadm_cmd_context *cctx);
void cm_doveadm_stats(struct doveadm_cmd_context *cctx);

/* cm-doveadm-token.c */
void cm_doveadm_token_add(struct doveadm_cmd_context *cctx);
void cm_doveadm_token_list(struct doveadm_cmd_context *cctx);
void cm_doveadm_token_remove(struct doveadm_cmd_context *cctx);

/* cm-doveadm-expire.c */
void cm_doveadm_expire(struct doveadm_cmd_context *cctx);

/* cm-doveadm-report.c */
void cm_doveadm_report(struct doveadm_cmd_context *cctx);

#endif
