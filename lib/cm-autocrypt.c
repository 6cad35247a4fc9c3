/* SPDX-License-Identifier: MIT */
#include "cm-autocrypt.h"
#include "cm-base64.h"
#include "cm-openpgp-key.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool keydata(const char *p, size_t len)
{
	unsigned char key[CM_OPENPGP_MAX_KEY];
	const char *end = p + len, *line;
	struct cm_base64 base64;
	size_t size = 0, n;

	memset(&base64, 0, sizeof(base64));
	for (;;) {
		while (p < end && is_space(*p))
			p++;
		if (p == end)
			break;
		for (line = p; p < end && !is_space(*p);)
			p++;
		n = (size_t)(p - line);
		if (p < end && n < CM_AUTOCRYPT_MIN_LINE)
			return false;
		/* what an unfinished group keeps counts, too */
		if (CM_BASE64_DECODED(n + 3) > sizeof(key) - size ||
		    cm_base64_decode(&base64, (const unsigned char *)line, n,
				     key + size, &n) < 0)
			return false;
		size += n;
	}
	return cm_base64_at_end(&base64) && cm_openpgp_key_valid(key, size);
}

static bool is(const char *p, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(p, text, len) == 0;
}

/* name=value without white space around it. seen: a bit for each. */
static bool attribute(unsigned int *seen, const char *p, size_t len,
		      struct cm_addr *addr)
{
	static const char *const known[] = { "addr=", "prefer-encrypt=",
					     "keydata=" };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t n = strlen(known[i]);

		if (len < n || memcmp(p, known[i], n) != 0)
			continue;
		if ((*seen & 1u << i) != 0)
			return false;
		*seen |= 1u << i;
		p += n;
		len -= n;
		if (i == 0)
			return cm_addr_parse(addr, p, len) == 0;
		if (i == 1)
			return is(p, len, "mutual") ||
			       is(p, len, "nopreference");
		return keydata(p, len);
	}
	return false;
}

bool cm_autocrypt_valid(const char *value, size_t len, struct cm_addr *addr_r)
{
	const char *p = value, *end = value + len;
	unsigned int seen = 0;

	while (p < end) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		const char *stop = semicolon != NULL ? semicolon : end;
		const char *next = semicolon != NULL ? semicolon + 1 : end;

		while (p < stop && is_space(*p))
			p++;
		while (stop > p && is_space(stop[-1]))
			stop--;
		/* a semicolon may stand at the end */
		if ((stop > p || next < end) &&
		    !attribute(&seen, p, (size_t)(stop - p), addr_r))
			return false;
		p = next;
	}
	return (seen & 5) == 5;
}
