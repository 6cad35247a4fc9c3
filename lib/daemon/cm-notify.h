/* SPDX-License-Identifier: MIT
 *
 * cm-notify: tells the service manager how we are (systemd's sd_notify(3)
 * protocol, which is one datagram; no library is needed for it).
 */
#ifndef CM_NOTIFY_H
#define CM_NOTIFY_H

/* state is "READY=1", "STOPPING=1" ... Does nothing, and says nothing, where
 * nobody listens ($NOTIFY_SOCKET is not set or gone). */
void cm_notify(const char *state);

/* "RELOADING=1" with the time that systemd wants beside it. */
void cm_notify_reloading(void);

#endif
