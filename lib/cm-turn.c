/* SPDX-License-Identifier: MIT */
#include "cm-turn.h"
#include "cm-secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY ((time_t)86400)
#define MAX_HOST 255

/* base64 of CM_TURN_MAC_SIZE bytes */
#define PASSWORD_LEN 28

static time_t get_period(time_t ttl)
{
	time_t half = (ttl - CM_TURN_MIN_LEFT) / 2;

	return half < DAY ? half : DAY;
}

time_t cm_turn_expiry(const struct cm_turn *turn, const char *account,
		      time_t now, cm_turn_hmac_sha1_fn *hmac)
{
	time_t period = get_period(turn->ttl);
	time_t begin = now - now % period;
	unsigned char mac[CM_TURN_MAC_SIZE];
	char text[512];
	uint64_t n = 0;
	size_t i;
	int len;

	/* A blank, so it is no user name and its hash no password. */
	len = snprintf(text, sizeof(text), "%" PRId64 " %s", (int64_t)begin,
		       account);
	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	hmac(turn->secret, strlen(turn->secret), text, (size_t)len, mac);
	for (i = 0; i < sizeof(n); i++)
		n = n << 8 | mac[i];
	return begin + turn->ttl - (time_t)(n % (uint64_t)period);
}

/* RFC 4648, 4; the size leaves a remainder of two. */
static void encode(const unsigned char mac[CM_TURN_MAC_SIZE],
		   char out[PASSWORD_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < CM_TURN_MAC_SIZE; i += 3) {
		unsigned int third = i + 2 < CM_TURN_MAC_SIZE ? mac[i + 2] : 0;
		unsigned int n = (unsigned int)mac[i] << 16 |
				 (unsigned int)mac[i + 1] << 8 | third;

		*out++ = digits[n >> 18];
		*out++ = digits[n >> 12 & 63];
		*out++ = digits[n >> 6 & 63];
		*out++ = digits[n & 63];
	}
	out[-1] = '=';
	*out = '\0';
}

int cm_turn_value(const struct cm_turn *turn, const char *account, time_t now,
		  cm_turn_hmac_sha1_fn *hmac, char buf[CM_TURN_VALUE_SIZE])
{
	unsigned char mac[CM_TURN_MAC_SIZE];
	char name[24], password[PASSWORD_LEN + 1];
	int len;

	if (*turn->host == '\0' || strlen(turn->host) > MAX_HOST ||
	    strpbrk(turn->host, ":[] ") != NULL)
		return -1;
	len = snprintf(name, sizeof(name), "%" PRId64,
		       (int64_t)cm_turn_expiry(turn, account, now, hmac));
	hmac(turn->secret, strlen(turn->secret), name, (size_t)len, mac);
	encode(mac, password);
	(void)snprintf(buf, CM_TURN_VALUE_SIZE, "%s:%u:%s:%s", turn->host,
		       turn->port, name, password);
	return 0;
}

bool cm_turn_secret_valid(const char *secret, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (secret[i] <= ' ' || secret[i] > '~')
			return false;
	}
	return len >= CM_TURN_MIN_SECRET && len <= CM_TURN_MAX_SECRET;
}

int cm_turn_read_secret(const char *path, char buf[CM_TURN_MAX_SECRET + 1],
			const char **error_r)
{
	static const struct cm_secret_form form = {
		.max = CM_TURN_MAX_SECRET,
		.valid = cm_turn_secret_valid,
		.expected = "must be one line of 32 to 128 characters without "
			    "a blank"
	};

	return cm_secret_read(path, &form, buf, error_r);
}
