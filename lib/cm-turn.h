/* SPDX-License-Identifier: MIT
 *
 * cm-turn: credentials for a TURN server that shares a secret with us, as
 * coturn's use-auth-secret has it (draft-uberti-behave-turn-rest-00): the
 * user name is the time when it expires, in seconds since 1970, and the
 * password is base64(HMAC-SHA1(secret, user name)). The server needs to know
 * nobody.
 *
 * The draft lets a name follow the time. Delta Chat takes the whole user name
 * for the time, so here it is digits only, and yet has to do for three:
 *
 *   - the server's quotas per user: the credential of one account stays the
 *     same for a period of time, that of others differs;
 *   - privacy: no third party can tell from it, or from two of them, whose it
 *     is;
 *   - Delta Chat fetches a new one as soon as 12 hours are left.
 *
 * So it expires the lifetime after the period's begin, less a number of
 * seconds that the secret, the account and the period give, below one period.
 * A period is a UTC day. With lifetimes below 60 hours it is half of what is
 * beyond 12 hours, so that never less than 12 hours are left.
 *
 * HMAC-SHA1 is the caller's, so that this needs no library for it.
 */
#ifndef CM_TURN_H
#define CM_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What clients need to have left, and the shortest lifetime: seconds. */
#define CM_TURN_MIN_LEFT (12 * 3600)
#define CM_TURN_MIN_TTL (13 * 3600)

/* Bytes of a secret: printable ASCII without a blank, as it can stand in
 * coturn's file. Ours have 64. */
#define CM_TURN_MIN_SECRET 32
#define CM_TURN_MAX_SECRET 128

#define CM_TURN_MAC_SIZE 20
/* Room for "host:port:name:password". */
#define CM_TURN_VALUE_SIZE 320

typedef void cm_turn_hmac_sha1_fn(const void *key, size_t key_size,
				  const void *data, size_t size,
				  unsigned char mac_r[CM_TURN_MAC_SIZE]);

struct cm_turn {
	const char *host; /* a name or an IPv4 address */
	unsigned int port;
	const char *secret;
	time_t ttl; /* at least CM_TURN_MIN_TTL */
};

/* When the credential of this account expires that is given out at `now`. */
time_t cm_turn_expiry(const struct cm_turn *turn, const char *account,
		      time_t now, cm_turn_hmac_sha1_fn *hmac);

/* "host:port:name:password", Delta Chat's form. It divides at colons, so an
 * IPv6 address cannot be told: give a name that has one in the DNS. 0, or -1
 * if this host cannot stand there. */
int cm_turn_value(const struct cm_turn *turn, const char *account, time_t now,
		  cm_turn_hmac_sha1_fn *hmac, char buf[CM_TURN_VALUE_SIZE]);

/* Reads the secret from its file, see cm_secret_read(). */
int cm_turn_read_secret(const char *path, char buf[CM_TURN_MAX_SECRET + 1],
			const char **error_r);

bool cm_turn_secret_valid(const char *secret, size_t len);

#endif
