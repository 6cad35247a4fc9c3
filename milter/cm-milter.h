/* SPDX-License-Identifier: MIT
 *
 * cm-milter: the gate as Postfix sees it, over the milter protocol.
 *
 * libmilter runs every connection in a thread of its own. A connection's
 * state is freed with it; threads share the settings (cm-live), the counters,
 * and nothing else.
 */
#ifndef CM_MILTER_H
#define CM_MILTER_H

/* Tells libmilter our callbacks. 0, or -1. */
int cm_milter_register(void);

#endif
