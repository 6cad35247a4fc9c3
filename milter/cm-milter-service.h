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

/* Stack of a connection's thread, in bytes. The deepest path is GMime's parser
 * on a header of 64 KB; musl's default of 128 KB is too near to it. */
#define CM_MILTER_THREAD_STACK (512 * 1024)

/* Serves until told to stop. config is the path of the settings. 0, or -1
 * after the reason was logged. */
int cm_milter_serve(const char *config);

#endif
