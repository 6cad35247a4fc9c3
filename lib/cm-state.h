/* SPDX-License-Identifier: MIT
 *
 * cm-state: folders and keyed names below state_dir, for what must not be
 * readable from a copy of a single file: registration tokens (cm-token.h)
 * and names that are held (cm-hold.h).
 *
 *	<state_dir>/key		32 random bytes, mode 0600
 *
 * Things are found by the HMAC of their secret name under that key, never
 * kept by the name itself. Who has the key and the folder can still try
 * guesses, at the speed of SHA-256. Without the key (removed, not in a
 * backup) everything named by it is lost.
 *
 * Results and error texts are as in cm-account-dir.h. What root makes belongs
 * to the owner of the folder it is in.
 */
#ifndef CM_STATE_H
#define CM_STATE_H

#include "cm-account-dir.h"

#define CM_STATE_KEY_FILE "key"
#define CM_STATE_KEY_SIZE 32
#define CM_STATE_MAC_SIZE 32
/* Characters of a keyed name: hexadecimal digits of HMAC-SHA256. */
#define CM_STATE_NAME_LEN (2 * CM_STATE_MAC_SIZE)

/* HMAC-SHA256 (RFC 2104) over two pieces as if they were one: the caller's, so
 * that this needs no library for it. */
typedef void cm_state_hmac_fn(const void *key, size_t key_size,
			      const void *first, size_t first_size,
			      const void *second, size_t second_size,
			      unsigned char mac_r[CM_STATE_MAC_SIZE]);

/* Opens state_dir. CM_DIR_UNKNOWN: there is none. */
enum cm_dir_result cm_state_open(const char *state_dir, int *fd_r,
				 const char **error_r);

/* Opens folder `name` in parent_fd; `make`: makes it (0700) if need be, else
 * CM_DIR_UNKNOWN says that there is none. A link is CM_DIR_CORRUPT. */
enum cm_dir_result cm_state_folder(int parent_fd, const char *name, bool make,
				   int *fd_r, const char **error_r);

/* Reads the key. There is none: makes it of `fresh` (random) if that is not
 * NULL, of any number of processes one time; else CM_DIR_UNKNOWN. A damaged
 * key is CM_DIR_CORRUPT and never written over. */
enum cm_dir_result cm_state_key(int state_fd,
				const unsigned char fresh[CM_STATE_KEY_SIZE],
				unsigned char key_r[CM_STATE_KEY_SIZE],
				const char **error_r);

/* The keyed name of data. purpose keeps the same data from having the same
 * name in two places. */
void cm_state_name(const unsigned char key[CM_STATE_KEY_SIZE],
		   cm_state_hmac_fn *hmac, const char *purpose, const void *data, size_t size,
		   char name_r[CM_STATE_NAME_LEN + 1]);

#endif
