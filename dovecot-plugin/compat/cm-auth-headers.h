/* SPDX-License-Identifier: MIT
 *
 * cm-auth-headers: what an auth module needs of Dovecot's auth headers.
 *
 * The only place that includes them: in the headers that 2.4.2 to 2.4.4
 * install, two different files are called sasl-server.h and the wrong one
 * wins, so that auth-request.h does not compile (STYLE.md F3). 2.3 and
 * 2.4.0/2.4.1 are not concerned. The way around belongs here.
 */
#ifndef CM_AUTH_HEADERS_H
#define CM_AUTH_HEADERS_H

#include "cm-dovecot.h"

#include "auth-common.h"
#include "passdb.h"
#include "userdb.h"
#include "password-scheme.h"

#endif
