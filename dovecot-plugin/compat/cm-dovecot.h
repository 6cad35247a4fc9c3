/* SPDX-License-Identifier: MIT
 *
 * cm-dovecot: first include of every Dovecot plugin source. Brings Dovecot's
 * lib.h and says what a loadable object shows to the outside.
 */
#ifndef CM_DOVECOT_H
#define CM_DOVECOT_H

#include "lib.h"

/* Everything is compiled with -fvisibility=hidden, because Dovecot loads
 * plugins with RTLD_GLOBAL. What Dovecot itself looks up (<module>_init,
 * _deinit, _version, ...) carries this. */
#define CM_EXPORT __attribute__((visibility("default")))

#endif
