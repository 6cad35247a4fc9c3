/* SPDX-License-Identifier: MIT
 *
 * cm-milter-service: chatmail-milter as a process: socket, threads, signals.
 *
 *	SIGTERM, SIGINT	stop: no new connections, running ones are finished
 *			as far as libmilter waits for them
 *	SIGHUP		read the settings again; what does not parse is
 *			logged and changes nothing. The socket stays as it is
 */
#ifndef CM_MILTER_SERVICE_H
#define CM_MILTER_SERVICE_H

/* Serves until told to stop. config is the path of the settings. 0, or -1
 * after the reason was logged. */
int cm_milter_serve(const char *config);

#endif
