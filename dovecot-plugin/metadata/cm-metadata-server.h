/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-server: the entries of the server, GETMETADATA "".
 */
#ifndef CM_METADATA_SERVER_H
#define CM_METADATA_SERVER_H

/* Registered by Dovecot's process-wide table of internal attributes. Those of
 * Dovecot for /shared/comment and /shared/admin, which would answer from its
 * settings mail_server_comment and mail_server_admin, are replaced; ours fall
 * back to these settings where chatmail.ini has nothing. */
void cm_metadata_server_register(void);
void cm_metadata_server_unregister(void);

#endif
