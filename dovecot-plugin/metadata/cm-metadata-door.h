/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-door: a session that `doveadm chatmail user block` could not see.
 *
 * Block first writes DISABLED, then ends the sessions that anvil knows. A
 * login that the auth-worker has let in before, but that imap has not told
 * anvil of, is behind both. So imap looks once more when it has told anvil,
 * and ends the session itself. It costs a look at one file a login.
 *
 * It is here because this plugin is in every imap process and knows the
 * account's directory; it has nothing to do with METADATA. In doveadm it does
 * nothing. An account without DISABLED stays in, whatever else it lacks: it
 * may be another passdb's.
 */
#ifndef CM_METADATA_DOOR_H
#define CM_METADATA_DOOR_H

struct cm_metadata_user;
struct mail_user;

void cm_metadata_door_init(struct mail_user *user);
void cm_metadata_door_deinit(struct cm_metadata_user *muser);

#endif
