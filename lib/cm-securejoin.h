/* SPDX-License-Identifier: MIT
 *
 * cm-securejoin: the header of a legacy SecureJoin request (Delta Chat, QR
 * codes without v=3), field by field.
 *
 * Such a request is cleartext that passes, so nothing free may come along:
 * each field must be one that clients and the servers on the way write, stand
 * once, and have a value of its kind. Not judged here are names beside
 * addresses and the Subject, which is in the sender's language: those the
 * clean-up takes away, on submission and before delivery (cm-cleanup). The values as core 1.x and 2.x write
 * them: chatmail/core src/mimefactory.rs, src/aheader.rs.
 */
#ifndef CM_SECUREJOIN_H
#define CM_SECUREJOIN_H

#include <stdbool.h>
#include <stddef.h>

/* Invite number or group ID: core makes 11 or 24 characters. */
#define CM_SECUREJOIN_MAX_TOKEN 64
/* Subject, unfolded: a short sentence with an address or a name in it. */
#define CM_SECUREJOIN_MAX_SUBJECT 256
/* One Message-ID, and all of References. */
#define CM_SECUREJOIN_MAX_ID 250
#define CM_SECUREJOIN_MAX_IDS 1000

/* seen: which fields there were, zero at the beginning. The value is raw,
 * checked by cm_header_value_check(). */
bool cm_securejoin_field_valid(unsigned int *seen, const char *name,
			       size_t name_len, const char *value,
			       size_t value_len);

#endif
