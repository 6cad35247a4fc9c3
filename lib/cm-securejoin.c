/* SPDX-License-Identifier: MIT */
#include "cm-securejoin.h"
#include "cm-addr.h"
#include "cm-header.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool only(const char *text, size_t len, const char *others)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\0' || (!cm_ascii_is_alnum(text[i]) &&
					strchr(others, text[i]) == NULL))
			return false;
	}
	return true;
}

/* Read elsewhere, or written by servers. */
static bool anything(const char *value, size_t len)
{
	(void)value;
	(void)len;
	return true;
}

static bool subject(const char *value, size_t len)
{
	char text[CM_SECUREJOIN_MAX_SUBJECT + 1];

	return cm_header_unfold(value, len, text, sizeof(text)) == 0;
}

/* "Sat, 21 Nov 2026 07:55:33 +0000": words have three letters */
static bool date(const char *value, size_t len)
{
	char text[48];
	const char *p;
	size_t letters = 0;

	if (cm_header_unfold(value, len, text, sizeof(text)) < 0 ||
	    !only(text, strlen(text), ",:+- "))
		return false;
	for (p = text; *p != '\0'; p++) {
		letters = *p >= 'A' ? letters + 1 : 0;
		if (letters > 3)
			return false;
	}
	return true;
}

/* MIME-Version and Chat-Version */
static bool version(const char *value, size_t len)
{
	char text[8];

	return cm_header_unfold(value, len, text, sizeof(text)) == 0 &&
	       strcmp(text, "1.0") == 0;
}

/* base64url, as core makes random IDs */
static bool token(const char *value, size_t len)
{
	char text[CM_SECUREJOIN_MAX_TOKEN + 1];

	return cm_header_unfold(value, len, text, sizeof(text)) == 0 &&
	       *text != '\0' && only(text, strlen(text), "-_");
}

/* <id>, or several with white space between */
static bool message_ids(const char *value, size_t len)
{
	const char *p = value, *end = value + len;

	if (len > CM_SECUREJOIN_MAX_IDS)
		return false;
	for (;;) {
		const char *close;

		while (p < end && is_space(*p))
			p++;
		if (p == end)
			return true;
		close = memchr(p, '>', (size_t)(end - p));
		if (*p != '<' || close == NULL ||
		    close - p > CM_SECUREJOIN_MAX_ID ||
		    !only(p + 1, (size_t)(close - p) - 1,
			  "!#$%&'*+-/=?^_`{|}~.@[]:"))
			return false;
		p = close + 1;
	}
}

/* One attribute of Autocrypt, name=value without white space around it. */
static bool autocrypt_attribute(const char *p, size_t len)
{
	static const struct {
		const char *begin;
		const char *chars; /* beside letters and digits */
	} known[] = {
		{ "addr=", "!#$%&'*+-/=?^_`{|}~.@[]:" },
		{ "prefer-encrypt=", "" }, /* mutual, nopreference */
		{ "keydata=", "+/= \t\r\n" }
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t n = strlen(known[i].begin);

		if (len < n || memcmp(p, known[i].begin, n) != 0)
			continue;
		if (i == 1)
			return (len - n == 6 && memcmp(p + n, "mutual", 6) ==
				0) ||
			       (len - n == 12 &&
				memcmp(p + n, "nopreference", 12) == 0);
		return only(p + n, len - n, known[i].chars);
	}
	return false;
}

/* Autocrypt 1.1, 2.1 */
static bool autocrypt(const char *value, size_t len)
{
	const char *p = value, *end = value + len;

	while (p < end) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		const char *stop = semicolon != NULL ? semicolon : end;
		const char *next = semicolon != NULL ? semicolon + 1 : end;

		while (p < stop && is_space(*p))
			p++;
		while (stop > p && is_space(stop[-1]))
			stop--;
		if (!autocrypt_attribute(p, (size_t)(stop - p)))
			return false;
		p = next;
	}
	return len > 0;
}

static const struct {
	const char *name;
	bool (*valid)(const char *, size_t);
	bool repeated;
} fields[] = {
	{ "From", anything, false },
	{ "To", anything, false },
	{ "Date", date, false },
	{ "Message-ID", message_ids, false },
	{ "References", message_ids, false },
	{ "In-Reply-To", message_ids, false },
	{ "Subject", subject, false },
	{ "MIME-Version", version, false },
	{ "Content-Type", anything, false },
	{ "Content-Transfer-Encoding", anything, false },
	{ "Chat-Version", version, false },
	{ "Autocrypt", autocrypt, false },
	{ "Secure-Join", token, false },
	{ "Secure-Join-Invitenumber", token, false },
	{ "Secure-Join-Group", token, false },
	/* by servers */
	{ "Return-Path", anything, true },
	{ "Delivered-To", anything, true },
	{ "Received", anything, true },
	{ "DKIM-Signature", anything, true },
	{ "Authentication-Results", anything, true }
};

bool cm_securejoin_field_valid(unsigned int *seen, const char *name,
			       size_t name_len, const char *value,
			       size_t value_len)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		unsigned int bit = 1u << i;

		if (strlen(fields[i].name) != name_len ||
		    !cm_ascii_equal_n(fields[i].name, name, name_len))
			continue;
		if ((*seen & bit) != 0 && !fields[i].repeated)
			return false;
		*seen |= bit;
		return fields[i].valid(value, value_len);
	}
	return false;
}
