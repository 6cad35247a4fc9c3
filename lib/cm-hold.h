/* SPDX-License-Identifier: MIT
 *
 * cm-hold: keeps the address of an account that is gone from strangers, for
 * hold_deleted_days. Whoever logs in with the old password gets the account
 * back (an empty one, with that password); everybody else is refused.
 *
 *	<state_dir>/held/<hex>		{SCHEME}hash; its mtime is the UTC day
 *					of the removal
 *
 * hex is the keyed name of the address (cm-state.h): the address itself is
 * not kept, though who has the key can try addresses. The entry of an account
 * that has come back is not used while it exists, and goes after the days as
 * any other; the next removal writes it anew.
 *
 * Results and error texts are as in cm-account-dir.h. What root makes belongs
 * to the owner of state_dir.
 */
#ifndef CM_HOLD_H
#define CM_HOLD_H

#include "cm-account-dir.h"
#include "cm-state.h"

struct cm_settings;

#define CM_HOLD_FOLDER "held"

struct cm_hold {
	int fd; /* of the folder; -1: nothing is held */
	unsigned int days;
	int today; /* UTC day */
	unsigned char key[CM_STATE_KEY_SIZE];
	cm_state_hmac_fn *hmac;
};

/* For removals. With hold_deleted_days = 0 it holds nothing and does no I/O.
 * fresh: random, becomes the key if there is none yet. */
enum cm_dir_result cm_hold_open(const struct cm_settings *set, time_t now,
				cm_state_hmac_fn *hmac,
				const unsigned char fresh[CM_STATE_KEY_SIZE],
				struct cm_hold *hold_r, const char **error_r);

/* For logins: makes nothing. Holds nothing if there is no folder. */
enum cm_dir_result cm_hold_open_existing(const struct cm_settings *set,
					 time_t now, cm_state_hmac_fn *hmac,
					 struct cm_hold *hold_r,
					 const char **error_r);

/* Nothing is held: what a caller has that wants no hold. */
void cm_hold_none(struct cm_hold *hold_r);
void cm_hold_close(struct cm_hold *hold);

/* Holds the name, from today, for the owner of this hash
 * (cm_account_hash_valid()). On disk when it returns CM_DIR_OK. */
enum cm_dir_result cm_hold_put(const struct cm_hold *hold, const char *name,
			       const char *hash, const char **error_r);

/* CM_DIR_OK: it is held for who has the password of hash_r. CM_DIR_UNKNOWN:
 * it is free. CM_DIR_CORRUPT: it is held, and nobody can have it until the
 * admin removes the file or its days are over. */
enum cm_dir_result cm_hold_get(const struct cm_hold *hold, const char *name,
			       char hash_r[CM_ACCOUNT_MAX_HASH + 1],
			       const char **error_r);

/* Forgets the entries whose days are over: all of them if
 * hold_deleted_days = 0. Reads the whole folder; once a day is enough, since
 * cm_hold_get() does not use them any more. */
enum cm_dir_result cm_hold_sweep(const struct cm_settings *set, time_t now,
				 const char **error_r);

#endif
