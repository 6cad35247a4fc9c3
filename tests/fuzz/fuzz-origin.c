/* SPDX-License-Identifier: MIT
 *
 * cm-authres and cm-dkim-tags. The input is an Authentication-Results value,
 * and a DKIM-Signature value as well: as such it is quoted the way OpenDKIM
 * 2.11 does, and what cm-dkim-tags calls plain must not have become a result
 * for somebody else's domain.
 */
#include "fuzz.h"
#include "cm-addr.h"
#include "cm-authres.h"
#include "cm-dkim-tags.h"

#include <ctype.h>
#include <stdio.h>

#define VICTIM "victim.test"

/* The value of a tag without its white space, "" if there is none. The last
 * one of a name counts here, the first one elsewhere: both are tried. */
static void get_tag(const char *list, const char *name, bool last, char *dest,
		    size_t size)
{
	const char *p = list, *best = NULL;
	size_t n = 0;

	while (*p != '\0') {
		const char *q = p + strspn(p, " \t\r\n");
		size_t len = strlen(name);

		if (strncmp(q, name, len) == 0) {
			q += len;
			q += strspn(q, " \t\r\n");
			if (*q == '=' && (best == NULL || last))
				best = q + 1;
		}
		p += strcspn(p, ";");
		p += *p == ';';
	}
	for (; best != NULL && *best != '\0' && *best != ';'; best++) {
		if (strchr(" \t\r\n", *best) == NULL && n + 1 < size)
			dest[n++] = *best;
	}
	dest[n] = '\0';
}

/* RFC 6376 2.11, in place. */
static void decode(char *text)
{
	char *out = text;

	while (*text != '\0') {
		if (text[0] == '=' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			char hex[3] = { text[1], text[2], '\0' };

			*out++ = (char)strtol(hex, NULL, 16);
			text += 3;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static void quote(const char *signature, bool last)
{
	char d[512], i[512], a[512], s[512], b[9], value[4096];
	enum cm_authres answer;

	get_tag(signature, "d", last, d, sizeof(d));
	get_tag(signature, "i", last, i, sizeof(i));
	get_tag(signature, "a", last, a, sizeof(a));
	get_tag(signature, "s", last, s, sizeof(s));
	get_tag(signature, "b", last, b, sizeof(b));
	decode(i);
	(void)snprintf(value, sizeof(value), "mx.test/Q1;\n\tdkim=permerror "
		       "header.d=%s header.i=%s header.a=%s header.s=%s "
		       "header.b=%s;\n\tdkim-atps=neutral", d, i, a, s, b);
	answer = cm_authres_read(value, strlen(value), "mx.test", "Q1",
				 VICTIM);
	cm_fuzz_assert(answer != CM_AUTHRES_PASS);
	(void)snprintf(value, sizeof(value), "mx.test/Q1;\n\tdkim=pass "
		       "header.d=%s header.i=%s header.a=%s header.s=%s "
		       "header.b=%s;\n\tdkim-atps=neutral", d, i, a, s, b);
	answer = cm_authres_read(value, strlen(value), "mx.test", "Q1",
				 VICTIM);
	cm_fuzz_assert(answer != CM_AUTHRES_PASS ||
		       cm_ascii_equal(d, VICTIM));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size);
	char *string = calloc(1, size + 1);
	enum cm_authres any, exact;

	if (string == NULL)
		abort();
	memcpy(string, data, size);
	any = cm_authres_read(text, size, "mx.test", "*", VICTIM);
	exact = cm_authres_read(text, size, "mx.test", "Q1", VICTIM);
	cm_fuzz_assert(exact == any || exact == CM_AUTHRES_OTHER);
	if (any != CM_AUTHRES_OTHER && any != CM_AUTHRES_MALFORMED)
		cm_fuzz_assert(cm_authres_is_ours(text, size, "mx.test"));
	cm_fuzz_assert(any != CM_AUTHRES_PASS || size <= CM_AUTHRES_MAX_VALUE);
	if (cm_dkim_tags_plain(text, size)) {
		cm_fuzz_assert(strlen(string) == size);
		quote(string, false);
		quote(string, true);
	}
	free(string);
	free(text);
	return 0;
}
