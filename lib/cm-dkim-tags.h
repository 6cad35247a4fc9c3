/* SPDX-License-Identifier: MIT
 *
 * cm-dkim-tags: is there anything in a DKIM-Signature but a signature?
 *
 * Verifiers copy what a DKIM-Signature says about itself into their
 * Authentication-Results, and not every one of them quotes it. OpenDKIM 2.11
 * (Debian 12 and 13) writes the i= tag unquoted with its quoted-printable
 * undone, so that
 *
 *	i=@evil.example=20header.b=3Dx=3B=20dkim=3Dpass=20header.d=3Dvictim
 *
 * in any signature, even one that does not verify, becomes one more result
 * "dkim=pass header.d=victim" in a header that the verifier did write. So a
 * message whose signatures are not plain here has no result that could be
 * believed. Nothing is verified here.
 */
#ifndef CM_DKIM_TAGS_H
#define CM_DKIM_TAGS_H

#include <stdbool.h>
#include <stddef.h>

/* One DKIM-Signature, raw. OpenDKIM has room for 4096 bytes. */
#define CM_DKIM_TAGS_MAX_VALUE 4096
/* Tags of one signature; RFC 6376 3.5 names 14. */
#define CM_DKIM_TAGS_MAX 24

/* value[0..len), raw: folded by CR LF or LF plus space or tab. True if
 *
 * - it is a tag-list (RFC 6376 3.2) of printable ASCII, no tag twice, with all
 *   that a signature must have: v, a, b, bh, d, h, s, none of them empty
 *   (without one of them OpenDKIM writes no result at all);
 * - d= and s= are of letters, digits, '.', '-', '_', a= of letters, digits,
 *   '-', t= and x=, where there, of digits;
 * - i=, where there, is a local part of RFC 5322 atoms without '=', or none,
 *   then '@' and a domain as above: nothing encoded;
 * - there is no l=: it would let anybody append to the body (RFC 6376 8.2).
 */
bool cm_dkim_tags_plain(const char *value, size_t len);

#endif
