/* SPDX-License-Identifier: MIT
 *
 * cm-appversions: what a relay tells clients of the newest client programs,
 * the metadata entry vendor/deltachat/appversions:
 *
 *	{"clients": [{"clientId": "deltachat-android", "sources": [{
 *		"sourceId": "apk", "versionInteger": 700,
 *		"versionString": "2.60.0",
 *		"downloadUrl": "https://download.delta.chat/..."}]}]}
 *
 * Delta Chat (src/appversions.rs) drops all of it if one value has another
 * type, and takes a misspelled key for an absent one. So the file is checked
 * here, by the rules of chatmail/relay's test of its own
 * (chatmaild/tests/test_appversions.py): these keys and no others, text and
 * lists not empty, ids unique, versionInteger a number of 32 bits, URLs below
 * those of CM_APPVERSIONS_URL_*.
 */
#ifndef CM_APPVERSIONS_H
#define CM_APPVERSIONS_H

#include <stddef.h>

/* Bytes of the file. That of chatmail/relay has 3 kB. */
#define CM_APPVERSIONS_MAX_SIZE 65536
/* Room for "clients[0].sources[1].versionInteger: ...". */
#define CM_APPVERSIONS_ERROR_SIZE 200

#define CM_APPVERSIONS_URL_GITHUB "https://github.com/deltachat/"
#define CM_APPVERSIONS_URL_OWN "https://download.delta.chat/"

/* Checks text[0..size) and gives it back as one line of ASCII without blanks
 * between its parts, the caller's to free(). 0, or -1 with what is wrong and
 * where. */
int cm_appversions_check(const char *text, size_t size, char **json_r,
			 char error[CM_APPVERSIONS_ERROR_SIZE]);

/* The same for a file: 1, 0 (there is none), or -1. */
int cm_appversions_read(const char *path, char **json_r,
			char error[CM_APPVERSIONS_ERROR_SIZE]);

#endif
