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

#include <stdbool.h>
#include <stddef.h>

bool cm_openpgp_pkesk_valid(const unsigned char *body, size_t size);
bool cm_openpgp_skesk_valid(const unsigned char *body, size_t size);

#endif
