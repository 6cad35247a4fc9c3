/* SPDX-License-Identifier: MIT
 *
 * cm-expire: what is due. Decides about one account, one message or one file
 * at a time, from facts that the caller has; knows no files and no mailboxes.
 *
 * Ages count from the time that a message was saved here, by our clock, not
 * from what it says about itself. All limits are exclusive: what is exactly
 * as old or as large as the setting stays, and what lies in the future is not
 * old. Days are 86,400 seconds.
 */
#ifndef CM_EXPIRE_H
#define CM_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cm_settings;

/* What nobody has touched for so long is nobody's work in progress. Maildir
 * gives files in tmp as much. */
#define CM_EXPIRE_LEFTOVER_SECS (36 * 3600)

/* A time in a message's name that is further ahead than this is a clock that
 * was wrong, and says nothing. */
#define CM_EXPIRE_MAX_AHEAD_SECS 86400

/* And a number below this one (September 2001) is none: files that were copied
 * in from elsewhere are named "1." (Cyrus) or "20241105.eml". */
#define CM_EXPIRE_MIN_TIME 1000000000

struct cm_expire {
	time_t now;
	time_t mails_before;   /* saved before: old */
	time_t large_before;   /* large and saved before: due if seen */
	time_t logins_before;  /* last login before: inactive */
	uint64_t large_size;   /* bytes; larger is large */
};

enum cm_expire_verdict {
	CM_EXPIRE_KEEP,
	CM_EXPIRE_OLD,
	CM_EXPIRE_LARGE,
	CM_EXPIRE_ASK_SIZE /* depends on the size, which was not known */
};

/* delete_mails_after, delete_large_after, delete_large_size and
 * delete_inactive_users_after, as of now. */
void cm_expire_init(struct cm_expire *expire, const struct cm_settings *set,
		    time_t now);

/* One message. seen: a client has been shown it (Maildir: it is in cur); large
 * ones that nobody has seen get as long as all others. size: bytes, -1 not
 * known. */
enum cm_expire_verdict cm_expire_message(const struct cm_expire *expire,
					 time_t saved, bool seen,
					 int64_t size);

/* "old", "large", or "". */
const char *cm_expire_reason(enum cm_expire_verdict verdict);

/* May this number of a message's name count as the time it was saved? */
bool cm_expire_time_plausible(time_t now, int64_t time);

/* Is an account whose owner logged in last on the UTC day that begins then due
 * as a whole? The day counts to its end: nobody loses an account a second
 * early. */
bool cm_expire_account(const struct cm_expire *expire, time_t last_login);

/* Is what was last touched then no work in progress any more? */
bool cm_expire_leftover(const struct cm_expire *expire, time_t touched);

#endif
