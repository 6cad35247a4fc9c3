/* SPDX-License-Identifier: MIT
 *
 * cm-auth-headers: what an auth module needs of Dovecot's auth headers. The
 * only place that includes them: they must come in this order, and in some
 * versions not by themselves (cm-auth-sasl.h).
 */
#ifndef CM_AUTH_HEADERS_H
#define CM_AUTH_HEADERS_H

#include "cm-dovecot.h"

#include "cm-config.h"
#ifdef CM_DOVECOT_SASL_CLASH
#  include "cm-auth-sasl.h"
#endif

#include "auth-common.h"
#include "passdb.h"
#include "userdb.h"
#include "password-scheme.h"

#endif
