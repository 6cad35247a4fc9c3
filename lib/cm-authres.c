/* SPDX-License-Identifier: MIT */
#include "cm-authres.h"
#include "cm-addr.h"

#include <string.h>

struct cursor {
	const char *p, *end;
};

struct word {
	const char *text; /* without quotes */
	size_t len;
};

/* One "method=result" with what we want of its properties. */
struct result {
	bool is_dkim;
	struct word verdict;
	struct word names[CM_AUTHRES_MAX_PROPERTIES];
	unsigned int name_count;
	struct word d, i, a;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What may stand unquoted: printable ASCII but for what has a meaning. */
static bool is_word_char(char c)
{
	return c > ' ' && c < 0x7f && strchr(";()\"\\=", c) == NULL;
}

static bool word_is(struct word word, const char *text)
{
	return word.len == strlen(text) &&
	       cm_ascii_equal_n(word.text, text, word.len);
}

/* A comment, the cursor behind its "(". */
static int skip_comment(struct cursor *cur)
{
	for (; cur->p < cur->end; cur->p++) {
		if (*cur->p == ')') {
			cur->p++;
			return 0;
		}
		if (*cur->p == '(' || *cur->p == '\\')
			return -1;
	}
	return -1;
}

/* CFWS. Folds need no look: cm_header_value_check() saw to them. */
static int skip_space(struct cursor *cur)
{
	while (cur->p < cur->end) {
		if (is_space(*cur->p)) {
			cur->p++;
		} else if (*cur->p == '(') {
			cur->p++;
			if (skip_comment(cur) < 0)
				return -1;
		} else {
			break;
		}
	}
	return 0;
}

/* An unquoted word, not empty, and CFWS behind it. */
static int read_word(struct cursor *cur, struct word *word)
{
	const char *start = cur->p;

	while (cur->p < cur->end && is_word_char(*cur->p))
		cur->p++;
	word->text = start;
	word->len = (size_t)(cur->p - start);
	if (word->len == 0 || word->len > CM_AUTHRES_MAX_WORD)
		return -1;
	return skip_space(cur);
}

static int read_quoted(struct cursor *cur, struct word *word)
{
	const char *start = ++cur->p;

	while (cur->p < cur->end && *cur->p != '"') {
		if (*cur->p == '\\' || *cur->p < ' ' || *cur->p == 0x7f)
			return -1;
		cur->p++;
	}
	word->text = start;
	word->len = (size_t)(cur->p - start);
	if (cur->p == cur->end || word->len > CM_AUTHRES_MAX_WORD)
		return -1;
	cur->p++;
	/* a quoted string ends the word that it is */
	if (cur->p < cur->end && !is_space(*cur->p) && *cur->p != ';' &&
	    *cur->p != '(')
		return -1;
	return skip_space(cur);
}

static int read_value(struct cursor *cur, struct word *word)
{
	if (cur->p < cur->end && *cur->p == '"')
		return read_quoted(cur, word);
	return read_word(cur, word);
}

static bool at(const struct cursor *cur, char c)
{
	return cur->p < cur->end && *cur->p == c;
}

static int expect(struct cursor *cur, char c)
{
	if (!at(cur, c))
		return -1;
	cur->p++;
	return skip_space(cur);
}

/* Is "name" one that stood before? It is remembered. */
static int remember(struct result *res, struct word name)
{
	unsigned int i;

	for (i = 0; i < res->name_count; i++) {
		if (res->names[i].len == name.len &&
		    cm_ascii_equal_n(res->names[i].text, name.text, name.len))
			return -1;
	}
	if (res->name_count == CM_AUTHRES_MAX_PROPERTIES)
		return -1;
	res->names[res->name_count++] = name;
	return 0;
}

/* "reason=value" or "ptype.property=value"; the ptype and property of RFC 8601
 * may have spaces around the dot, which nobody writes. */
static int read_property(struct cursor *cur, struct result *res)
{
	struct word name, value;

	if (read_word(cur, &name) < 0 || remember(res, name) < 0 ||
	    expect(cur, '=') < 0 || read_value(cur, &value) < 0)
		return -1;
	if (word_is(name, "header.d"))
		res->d = value;
	else if (word_is(name, "header.i"))
		res->i = value;
	else if (word_is(name, "header.a"))
		res->a = value;
	else if (!word_is(name, "reason") &&
		 memchr(name.text, '.', name.len) == NULL)
		return -1;
	return 0;
}

static int read_result(struct cursor *cur, struct result *res)
{
	struct word method;

	memset(res, 0, sizeof(*res));
	if (read_word(cur, &method) < 0)
		return -1;
	/* No version but 1 exists (RFC 8601 2.6). */
	res->is_dkim = word_is(method, "dkim") || word_is(method, "dkim/1");
	if (expect(cur, '=') < 0 || read_word(cur, &res->verdict) < 0)
		return -1;
	while (cur->p < cur->end && *cur->p != ';') {
		if (read_property(cur, res) < 0)
			return -1;
	}
	return 0;
}

/* Is the identity's domain the signer's or below it (RFC 6376 3.5)? */
static bool identity_fits(const struct result *res)
{
	const char *domain = res->i.text, *p;
	size_t len = res->i.len;

	if (len == 0)
		return true;
	for (p = res->i.text; p < res->i.text + res->i.len; p++) {
		if (*p == '@') {
			domain = p + 1;
			len = (size_t)(res->i.text + res->i.len - domain);
		}
	}
	if (len < res->d.len ||
	    !cm_ascii_equal_n(domain + len - res->d.len, res->d.text,
			      res->d.len))
		return false;
	return len == res->d.len || domain[len - res->d.len - 1] == '.';
}

static bool algorithm_counts(const struct result *res)
{
	return res->a.len == 0 || word_is(res->a, "rsa-sha256") ||
	       word_is(res->a, "ed25519-sha256");
}

/* The id at the beginning; *queue_r is what follows its first "/", empty if
 * there is none. */
static int read_id(struct cursor *cur, struct word *id, struct word *queue_r)
{
	const char *slash;

	if (skip_space(cur) < 0 || read_value(cur, id) < 0)
		return -1;
	slash = memchr(id->text, '/', id->len);
	queue_r->text = slash != NULL ? slash + 1 : id->text + id->len;
	queue_r->len = (size_t)(id->text + id->len - queue_r->text);
	if (slash != NULL)
		id->len = (size_t)(slash - id->text);
	return 0;
}

static bool queue_id_fits(const struct word *id, const struct word *found,
			  const char *expected)
{
	bool slash = found->text != id->text + id->len;

	if (expected == NULL)
		return !slash;
	if (strcmp(expected, "*") == 0)
		return true;
	return slash && found->len == strlen(expected) && found->len > 0 &&
	       memcmp(found->text, expected, found->len) == 0;
}

/* Behind id and version. */
static enum cm_authres read_results(struct cursor *cur, const char *domain)
{
	enum cm_authres answer = CM_AUTHRES_FAIL;
	struct result res;
	struct word none;
	unsigned int count = 0;

	while (cur->p < cur->end) {
		struct cursor ahead;

		if (expect(cur, ';') < 0)
			return CM_AUTHRES_MALFORMED;
		/* "none" alone (RFC 8601 2.2, no-result) */
		ahead = *cur;
		if (count == 0 && read_word(&ahead, &none) == 0 &&
		    word_is(none, "none") && ahead.p == ahead.end)
			return CM_AUTHRES_FAIL;
		if (++count > CM_AUTHRES_MAX_RESULTS ||
		    read_result(cur, &res) < 0 ||
		    (res.is_dkim && !identity_fits(&res)))
			return CM_AUTHRES_MALFORMED;
		if (!res.is_dkim || !algorithm_counts(&res))
			continue;
		if (word_is(res.verdict, "pass") && word_is(res.d, domain))
			answer = CM_AUTHRES_PASS;
		else if (word_is(res.verdict, "temperror") &&
			 answer != CM_AUTHRES_PASS)
			answer = CM_AUTHRES_TEMPERROR;
	}
	return count == 0 ? CM_AUTHRES_MALFORMED : answer;
}

enum cm_authres cm_authres_read(const char *value, size_t len, const char *id,
				const char *queue_id, const char *domain)
{
	struct cursor cur = { value, value + len };
	struct word name, queue, version;

	if (len > CM_AUTHRES_MAX_VALUE || read_id(&cur, &name, &queue) < 0)
		return CM_AUTHRES_MALFORMED;
	if (!word_is(name, id) || !queue_id_fits(&name, &queue, queue_id))
		return CM_AUTHRES_OTHER;
	if (cur.p < cur.end && *cur.p != ';' &&
	    (read_word(&cur, &version) < 0 || !word_is(version, "1")))
		return CM_AUTHRES_MALFORMED;
	return *domain == '\0' ? CM_AUTHRES_FAIL :
				 read_results(&cur, domain);
}

bool cm_authres_is_ours(const char *value, size_t len, const char *id)
{
	struct cursor cur = { value, value + len };
	struct word name, queue;

	return read_id(&cur, &name, &queue) == 0 && word_is(name, id);
}

bool cm_authres_id_valid(const char *id, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	size_t i;

	/* id ends at len, not at a NUL */
	for (i = 0; i < len; i++) {
		if (id[i] == '\0' || strchr(allowed, id[i]) == NULL)
			return false;
	}
	return len >= 1 && len <= CM_ADDR_MAX_DOMAIN;
}
