/* SPDX-License-Identifier: MIT
 *
 * libauthdb_chatmail.so: registers passdb and userdb driver `chatmail`.
 */
#include "cm-auth-brake.h"
#include "cm-auth-passdb.h"
#include "cm-auth-relay.h"
#include "cm-auth-userdb.h"
#include "cm-authdb.h"

CM_EXPORT void authdb_chatmail_init(void);
CM_EXPORT void authdb_chatmail_deinit(void);
CM_EXPORT extern const char *authdb_chatmail_version;

static const struct cm_authdb_driver driver = {
	.name = "chatmail",
	.open = cm_auth_relay_open,
	.close = cm_auth_relay_close,
	.before_verify = cm_auth_before_verify,
	.after_verify = cm_auth_after_verify,
	.verify_plain = cm_auth_verify_plain,
	.lookup_credentials = cm_auth_lookup_credentials,
	.lookup = cm_auth_lookup,
	.iterate_init = cm_auth_iterate_init,
	.iterate_next = cm_auth_iterate_next,
	.iterate_deinit = cm_auth_iterate_deinit
};

const char *authdb_chatmail_version = DOVECOT_ABI_VERSION;

void authdb_chatmail_init(void)
{
	cm_auth_event_init();
	cm_authdb_register(&driver);
}

void authdb_chatmail_deinit(void)
{
	cm_authdb_unregister();
	cm_auth_event_deinit();
}
