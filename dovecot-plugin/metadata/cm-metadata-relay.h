/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-relay: the files that the entries come from: chatmail.ini, the
 * TURN server's secret, the versions of client programs. Each is read when
 * somebody asks for it, and again when it has changed, so a session of days
 * gives out what is right today and nobody has to reload anything.
 *
 * A change is seen with the next command, at the latest with the next turn of
 * the event loop. One of each per process; a process serves one user after the other, and all
 * of them read the same files. What is wrong with one is logged once, until
 * the file changes.
 */
#ifndef CM_METADATA_RELAY_H
#define CM_METADATA_RELAY_H

#include "cm-dovecot.h"

#include "cm-stamp.h"

struct cm_settings;
struct mail_user;

/* For the log: of no user, so nothing identifies one. */
extern struct event *cm_metadata_event;

void cm_metadata_relay_init(void);
void cm_metadata_relay_deinit(void);

/* The settings; those of before if the file has been broken meanwhile. NULL:
 * there are none, and that is logged. Valid until the next call. */
const struct cm_settings *cm_metadata_settings(struct mail_user *user);

/* The secret; NULL: no TURN server is to be told. */
const char *cm_metadata_turn_secret(const struct cm_settings *set);

/* The file's JSON in one line; NULL: there is none, or it is broken. */
const char *cm_metadata_appversions(const struct cm_settings *set);

#endif
