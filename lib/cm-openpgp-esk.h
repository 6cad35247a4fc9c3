/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp-esk: do the bodies of OpenPGP session key packets have the shape
 * of their version and algorithm? Private to cm-openpgp.
 *
 * Sources: RFC 9580 5.1 (PKESK), 5.3 (SKESK), 3.7 (S2K), 3.2 (MPI);
 * LibrePGP for SKESK v5; draft-ietf-openpgp-pqc for algorithms 35 and 36.
 */
#ifndef CM_OPENPGP_ESK_H
#define CM_OPENPGP_ESK_H

#include "cm-openpgp-noise.h"

/* All that is noise in an honest packet (key IDs, salts, encrypted keys) goes
 * to `noise`, which goes on from packet to packet: one of them may be too
 * short to tell. */
bool cm_openpgp_pkesk_valid(const unsigned char *body, size_t size,
			    struct cm_openpgp_noise *noise);
bool cm_openpgp_skesk_valid(const unsigned char *body, size_t size,
			    struct cm_openpgp_noise *noise);

#endif
