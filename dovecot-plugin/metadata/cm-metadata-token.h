/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-token: the entry /private/devicetoken of INBOX. SETMETADATA adds
 * a token (NIL removes all), GETMETADATA gives all that count, joined by a
 * blank. What is kept, and for how long, cm-devicetoken.h says.
 */
#ifndef CM_METADATA_TOKEN_H
#define CM_METADATA_TOKEN_H

/* A client sets its token once in a connection. Each may be a write to disk,
 * so a session has this many at once, and a further one per minute. */
#define CM_METADATA_SETS_AT_ONCE 64
#define CM_METADATA_SECS_PER_SET 60

void cm_metadata_token_register(void);
void cm_metadata_token_unregister(void);

#endif
