/* SPDX-License-Identifier: MIT
 *
 * cm-live: the settings in force, which a reload replaces while threads work
 * with the old ones. Every user holds a reference; the last one frees.
 */
#ifndef CM_LIVE_H
#define CM_LIVE_H

#include "cm-origin.h"
#include "cm-settings.h"

struct cm_live {
	struct cm_settings set; /* read only */
	/* What is in authserv_secret_file, "" if it is not there or nobody
	 * asks. Read only. */
	char authserv_secret[CM_ORIGIN_MAX_SECRET + 1];
	unsigned int refs;	/* private */
};

/* Reads the file and puts it in force. 0, or -1 with *error_r set (to be used
 * before the next call): what was in force stays. Warnings go to the log. */
int cm_live_load(const char *path, const char **error_r);

/* The settings in force, to be given back. Never NULL after the first
 * successful load: one reference to them stays. */
struct cm_live *cm_live_get(void);

/* Takes NULL too; sets *live to NULL. */
void cm_live_put(struct cm_live **live);

#endif
