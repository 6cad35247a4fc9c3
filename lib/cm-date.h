/* SPDX-License-Identifier: MIT
 *
 * cm-date: the Date of a message (RFC 5322 3.3, with the obsolete zones and
 * years of 4.3).
 */
#ifndef CM_DATE_H
#define CM_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "Sat, 21 Nov 2026 07:55:33 +0000" and its NUL */
#define CM_DATE_SIZE 32

/* Reads a raw value, folded or not. Seconds since 1970, of a year from 1970
 * to 9999. One comment behind the zone is skipped: "(UTC)". 0, or -1. */
int cm_date_parse(const char *value, size_t len, int64_t *time_r);

/* In UTC, with +0000. time as above. */
void cm_date_format(int64_t time, char dest[CM_DATE_SIZE]);

/* Does the value say nothing but its time: what cm_date_format() makes of it,
 * with a day of one digit alone, behind a second space, or behind a zero? */
bool cm_date_plain(const char *value, size_t len);

#endif
