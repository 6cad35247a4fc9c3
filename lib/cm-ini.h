/* SPDX-License-Identifier: MIT
 *
 * cm-ini: the syntax of chatmail.ini, and nothing of its meaning.
 *
 * A push-free pull reader over a text in memory. The syntax is that of
 * chatmail/relay's files (Python's iniconfig):
 *
 *	# comment, ; comment          only where the line begins with it
 *	[section]
 *	key = value                   spaces around both are dropped
 *	key: value
 *	  continuation                an indented line goes on with the value
 *	                              after a newline, over empty lines and
 *	                              comments in between
 *
 * Section, key and value are copied into the reader (10 KB: not for a small
 * thread stack); the text must stay until the last entry is read.
 */
#ifndef CM_INI_H
#define CM_INI_H

#include <stddef.h>

/* A whole settings file. Real ones have 5 KB. */
#define CM_INI_MAX_SIZE (256 * 1024)
/* One value with all its continuation lines, without the final NUL. */
#define CM_INI_MAX_VALUE 8191
/* One key, one section name. */
#define CM_INI_MAX_KEY 127

struct cm_ini {
	const char *pos, *end;
	unsigned int line; /* of the entry last returned; first is 1 */
	unsigned int next_line;
	char section[CM_INI_MAX_KEY + 1]; /* "" before the first section */
	char key[CM_INI_MAX_KEY + 1];
	char value[CM_INI_MAX_VALUE + 1];
};

/* Begins to read text[0..size). A UTF-8 byte order mark is skipped. */
void cm_ini_init(struct cm_ini *ini, const char *text, size_t size);

/* Reads on to the next "key = value": 1 with section, key, value and line
 * set (line is that of the key); 0 at the end; -1 for what is no ini (a line
 * without '=', an indented line with no value above it, a NUL, a key or value
 * over its limit), *error_r a constant string and line its line. After -1
 * the reader must not be used again. */
int cm_ini_next(struct cm_ini *ini, const char **error_r);

#endif
