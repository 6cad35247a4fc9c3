/* SPDX-License-Identifier: MIT
 *
 * cm-registration: may new accounts come into being at all?
 *
 * Two files say no by being there: nocreate_file, which is chatmail/relay's
 * and the admin's own (never written here), and our switch in state_dir,
 * which `doveadm chatmail registration` sets. It survives a reboot. Either
 * one closes; existing accounts go on.
 */
#ifndef CM_REGISTRATION_H
#define CM_REGISTRATION_H

#include <stdbool.h>

struct cm_settings;

/* In state_dir; empty, mode 0644. */
#define CM_REGISTRATION_FILE "registration-closed"

enum cm_registration {
	CM_REGISTRATION_OPEN = 0,
	CM_REGISTRATION_NOCREATE = 1, /* nocreate_file is there */
	CM_REGISTRATION_SWITCH = 2    /* our switch; may be both */
};

/* Returns 1 (closed), 0 (open) or -1 with errno and *error_r, a constant text
 * of what failed. *why_r is the two bits. A missing state_dir counts as no
 * switch; what cannot be looked at is an error and never "open". Two calls
 * of stat(). */
int cm_registration_closed(const struct cm_settings *set, unsigned int *why_r,
			   const char **error_r);

/* Sets the switch, or takes it away. state_dir must exist; the file belongs
 * to its owner. *changed_r may be NULL. 0, or -1 as above. */
int cm_registration_set(const struct cm_settings *set, bool closed,
			bool *changed_r, const char **error_r);

#endif
