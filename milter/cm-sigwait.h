/* SPDX-License-Identifier: MIT
 *
 * cm-sigwait: what libmilter's signal thread was told. See cm-sigwait.c.
 */
#ifndef CM_SIGWAIT_H
#define CM_SIGWAIT_H

#include <stdbool.h>

/* Has SIGTERM or SIGINT come? */
bool cm_sigwait_stop_asked(void);

#endif
