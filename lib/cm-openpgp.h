/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp: is this byte stream an OpenPGP encrypted message, and nothing
 * beside it? (RFC 9580 10.3: ESK sequence, encrypted data)
 *
 *	(PKESK v3|v6, SKESK v4|v5|v6)+  SEIPD v1|v2  end
 *
 * in new or legacy packet format. It looks at structure only: it can see that
 * a session key packet has the shape of its algorithm and that what should be
 * noise, in it and in the encrypted data, is not text (see cm-openpgp-noise),
 * not that anybody can decrypt it.
 *
 * A push scanner in constant memory: feed() any number of bytes at a time,
 * the answer does not depend on how they were cut. No allocation.
 */
#ifndef CM_OPENPGP_H
#define CM_OPENPGP_H

#include "cm-openpgp-noise.h"
#include "cm-rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PKESK and SKESK packets together. One per member of a group, and Delta
 * Chat puts no bound on groups; a relay takes 1000 recipients a message. */
#define CM_OPENPGP_MAX_ESK 4096
/* Body of one PKESK or SKESK. ML-KEM-1024 + X448 takes 1700 bytes, RSA of
 * 16384 bits 2060. */
#define CM_OPENPGP_MAX_ESK_SIZE 4096

struct cm_openpgp {
	int state;
	enum cm_rule rule; /* the first rule broken; scanning stops there */

	unsigned int tag;
	unsigned int length_octets; /* still to come */
	bool two_octet_form;	    /* the one that adds 192 */
	bool partial;		    /* another length follows this chunk */
	uint64_t remaining;	    /* body bytes left in this chunk */

	unsigned int esk_count;
	uint64_t data_size; /* SEIPD body seen */
	unsigned int data_version;
	struct cm_openpgp_noise noise; /* of the session keys, then the data */

	/* body of a PKESK or SKESK, head of an SEIPD */
	size_t body_size;
	unsigned char body[CM_OPENPGP_MAX_ESK_SIZE];
};

void cm_openpgp_init(struct cm_openpgp *pgp);

/* CM_RULE_NONE, or what is broken: then and on every later call. */
enum cm_rule cm_openpgp_feed(struct cm_openpgp *pgp, const unsigned char *data,
			     size_t size);

/* At the end of the stream: CM_RULE_NONE if it was a whole message. */
enum cm_rule cm_openpgp_finish(struct cm_openpgp *pgp);

#endif
