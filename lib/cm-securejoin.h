/* SPDX-License-Identifier: MIT
 *
 * cm-securejoin: the header of a legacy SecureJoin request (Delta Chat, QR
 * codes without v=3), field by field.
 *
 * Such a request is cleartext that passes, so nothing free may come along:
 * each field must be one that clients and the servers on the way write, stand
 * once, and have a value of its kind. Not judged here are names beside
 * addresses, the Subject, which is in the sender's language, and what servers
 * write, on mail from outside also the providers on its way: those the clean-up
 * takes away, on submission and before delivery (cm-cleanup). The values as core 1.x and 2.x write them: chatmail/core
 * src/mimefactory.rs, src/chat.rs (References), src/aheader.rs.
 */
#ifndef CM_SECUREJOIN_H
#define CM_SECUREJOIN_H

#include "cm-addr.h"

/* Invite number or group ID: core makes 11 or 24 characters. */
#define CM_SECUREJOIN_MAX_TOKEN 64
/* Subject, unfolded: a short sentence with an address or a name in it. */
#define CM_SECUREJOIN_MAX_SUBJECT 256
/* References: the two oldest of a chat and the message before, by core. */
#define CM_SECUREJOIN_MAX_REFERENCES 3
/* Ephemeral-Timer: seconds that fit 32 bits. */
#define CM_SECUREJOIN_MAX_TIMER_DIGITS 10

/* All zero but from_outside is the state at the beginning. */
struct cm_securejoin {
	bool from_outside;
	/* private */
	bool broken;
	unsigned int seen;
	/* "" as long as there was none */
	struct cm_addr from, to, autocrypt;
	/* of Message-IDs, beside localhost: the sender's and the recipient's */
	char domains[2][CM_ADDR_MAX_DOMAIN + 1];
};

/* The next field, its value raw and checked by cm_header_value_check(). */
void cm_securejoin_field(struct cm_securejoin *join, const char *name,
			 size_t name_len, const char *value, size_t value_len);

/* After the last: may this be the header of a request? */
bool cm_securejoin_valid(const struct cm_securejoin *join);

#endif
