/* SPDX-License-Identifier: MIT
 *
 * cm-auth-sasl: what auth-request.h needs of Dovecot's sasl-server.h, where
 * the one that is installed is another.
 *
 * Dovecot 2.4.2, 2.4.3 and 2.4.4 have two headers of that name, in lib-sasl
 * and in login-common. Both are installed to the same path, the second one
 * over the first, and then auth-request.h ("field 'req' has incomplete type")
 * compiles for nobody. 2.3, 2.4.0 and 2.4.1 have one, and Dovecot's main branch
 * has renamed the other. No order of -I helps: what is asked for by
 * #include "..." is looked for beside the file that asks.
 *
 * So this takes the guard of that header, and says about the lib-sasl one just
 * what goes into struct auth_request. Those three versions have it alike; one
 * that has it otherwise under the same name must not get here, which is why
 * configure (m4/cm-dovecot.m4) first tries without.
 */
#ifndef CM_AUTH_SASL_H
#define CM_AUTH_SASL_H

#ifdef SASL_SERVER_H
#  error "cm-auth-sasl.h must come before Dovecot's sasl-server.h"
#endif
#define SASL_SERVER_H

struct sasl_passdb_result;
struct sasl_server_instance;
struct sasl_server_mech;
struct sasl_server_request;

struct sasl_server_req_ctx {
	const struct sasl_server_mech *mech;
	const char *mech_name;
	struct sasl_server_request *request;
};

typedef void
sasl_server_passdb_callback_t(struct sasl_server_req_ctx *rctx,
			      const struct sasl_passdb_result *result);

#endif
