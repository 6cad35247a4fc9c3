/* SPDX-License-Identifier: MIT */
#include "cm-mime-gmime.h"

#include <gmime/gmime.h>
#include <string.h>

/* Deepest nesting of address groups that is looked into. RFC 5322 has none. */
#define MAX_GROUP_DEPTH 2

/* GMime (3.2.13) reads what follows "name:" in a call within the call, so that
 * a header of 5 KB of them overruns the stack of a thread. That is its only
 * recursion here: comments, brackets and routes are loops. Enough for the
 * groups and routes that anybody writes. */
#define MAX_COLONS 16

void cm_gmime_init(void)
{
	g_mime_init();
}

/* GMime decodes "xn--" in a domain, which the DNS, DKIM and cm-addr know by
 * that name only. */
static const char *mailbox_addr(InternetAddress *ia)
{
	return internet_address_mailbox_get_idn_addr(
		INTERNET_ADDRESS_MAILBOX(ia));
}

static void count_addresses(InternetAddressList *list, unsigned int depth,
			    unsigned int *count, const char **addr)
{
	int i, n = internet_address_list_length(list);

	for (i = 0; i < n; i++) {
		InternetAddress *ia =
			internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(ia)) {
			if ((*count)++ == 0)
				*addr = mailbox_addr(ia);
		} else if (depth < MAX_GROUP_DEPTH) {
			count_addresses(
				internet_address_group_get_members(
					INTERNET_ADDRESS_GROUP(ia)),
				depth + 1, count, addr);
			/* a group is never a sender of ours */
			(*count)++;
		} else {
			*count += 2;
		}
	}
}

/* "<a@b>" and nothing else, as clients without names write it: whoever reads
 * it, it is that address. Leaves out the brackets. */
static bool is_plain_address(const char **value, size_t *len)
{
	struct cm_addr addr;

	if (*len > 0 && **value == ' ') {
		(*value)++;
		(*len)--;
	}
	if (*len < 2 || **value != '<' || (*value)[*len - 1] != '>')
		return false;
	(*value)++;
	*len -= 2;
	return cm_addr_parse(&addr, *value, *len) == 0;
}

/* Whether one is in a quoted string or in comments, and how deep. */
struct nesting {
	unsigned int depth;
	bool quoted;
};

/* Returns how many characters it took: two with a backslash. */
static size_t nest(struct nesting *nesting, const char *p)
{
	if (*p == '\\')
		return 2;
	if (*p == '"' && nesting->depth == 0)
		nesting->quoted = !nesting->quoted;
	else if (*p == '(' && !nesting->quoted)
		nesting->depth++;
	else if (*p == ')' && !nesting->quoted && nesting->depth > 0)
		nesting->depth--;
	return 1;
}

/* A comment or a quoted string without an end: no address list. */
static bool is_unfinished(const char *value, size_t len)
{
	struct nesting nesting = { 0, false };
	size_t i = 0;

	while (i < len)
		i += nest(&nesting, value + i);
	return nesting.depth > 0 || nesting.quoted;
}

/* GMime (3.2.13) leaks the address in front of a comment without an end, if
 * its domain is a literal: "a@[b](". Quotes are nothing to go by behind that,
 * because GMime goes on in its own way after what it cannot read (another one
 * is a@["](), so each "(" there has to have its ")". */
static bool leaks(const char *value, size_t len)
{
	const char *end = value + len, *literal, *p;
	size_t closed = 0;

	literal = memchr(value, '@', len);
	if (literal != NULL)
		literal = memchr(literal, '[', (size_t)(end - literal));
	if (literal == NULL)
		return false;
	if (memchr(literal, '\\', (size_t)(end - literal)) != NULL)
		return true;
	for (p = end; p > literal; p--) {
		if (p[-1] == ')')
			closed++;
		else if (p[-1] == '(' && closed == 0)
			return true;
		else if (p[-1] == '(')
			closed--;
	}
	return false;
}

/* How long is the literal ("@[IPv6:2001:db8::1]") at the beginning? 0: none
 * is there. */
static size_t literal_len(const char *value, size_t len)
{
	size_t end = 2;

	if (len < 2 || value[0] != '@' || value[1] != '[')
		return 0;
	while (end < len && (cm_ascii_is_alnum(value[end]) ||
			     value[end] == '.' || value[end] == ':'))
		end++;
	return end < len && value[end] == ']' ? end + 1 : 0;
}

/* Of those in literals none can begin a group: GMime goes on after them, or
 * behind the next ',' or ';'. What it takes for quoted or for a comment is not
 * ours to foresee, so colons count there. */
static bool has_too_many_colons(const char *value, size_t len)
{
	unsigned int colons = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		i += literal_len(value + i, len - i);
		if (i < len && value[i] == ':' && ++colons > MAX_COLONS)
			return true;
	}
	return false;
}

/* One address, but not to everybody: GMime drops what follows a ';' and takes
 * "<<a@b>>", where others see two addresses or none. Nor do groups and routes
 * belong into a From. Outside of quotes and comments, that is. */
static bool is_disputed(const char *value, size_t len)
{
	struct nesting nesting = { 0, false };
	unsigned int opened = 0, closed = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		i += nest(&nesting, value + i) - 1;
		if (nesting.quoted || nesting.depth > 0)
			continue;
		i += literal_len(value + i, len - i);
		if (i < len && (value[i] == ';' || value[i] == ':'))
			return true;
		opened += i < len && value[i] == '<';
		closed += i < len && value[i] == '>';
	}
	return opened > 1 || closed > 1;
}

/* NULL: not to be given to GMime, or it finds no address list either. The
 * caller's to unref. */
static InternetAddressList *parse_list(const char *value, size_t len)
{
	InternetAddressList *list;
	char *text;

	if (is_unfinished(value, len) || leaks(value, len) ||
	    has_too_many_colons(value, len))
		return NULL;
	text = g_strndup(value, len);
	list = internet_address_list_parse(NULL, text);
	g_free(text);
	return list;
}

void cm_gmime_from(const char *value, size_t len, unsigned int *count_r,
		   char *addr)
{
	const char *first = value;
	size_t first_len = len;
	InternetAddressList *list;

	*count_r = 0;
	*addr = '\0';
	if (is_plain_address(&first, &first_len)) {
		memcpy(addr, first, first_len);
		addr[first_len] = '\0';
		*count_r = 1;
		return;
	}
	first = NULL;
	list = is_disputed(value, len) ? NULL : parse_list(value, len);
	if (list != NULL) {
		count_addresses(list, 0, count_r, &first);
		if (*count_r == 1 && first != NULL &&
		    strlen(first) <= CM_ADDR_MAX)
			strcpy(addr, first);
		else if (*count_r == 1)
			*count_r = 0; /* longer than any address may be */
		g_object_unref(list);
	}
}

static void append_plain(InternetAddressList *list, unsigned int depth,
			 GString *plain)
{
	int i, n = internet_address_list_length(list);

	for (i = 0; i < n; i++) {
		InternetAddress *ia =
			internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(ia)) {
			const char *addr = mailbox_addr(ia);
			struct cm_addr parsed;

			/* what is no address may be anything */
			if (addr == NULL ||
			    cm_addr_parse(&parsed, addr, strlen(addr)) < 0)
				continue;
			g_string_append_printf(plain, "%s<%s>",
					       plain->len > 0 ? ",\n\t" : "",
					       addr);
		} else if (depth < MAX_GROUP_DEPTH) {
			append_plain(internet_address_group_get_members(
					     INTERNET_ADDRESS_GROUP(ia)),
				     depth + 1, plain);
		}
	}
}

/* Alike but for blanks and, if the first has none, angle brackets. */
static bool same_list(const char *value, size_t len, const char *plain)
{
	const char *end = value + len;
	bool bare = memchr(value, '<', len) == NULL;

	for (;;) {
		while (value < end && strchr(" \t\r\n", *value) != NULL)
			value++;
		while (*plain == '\n' || *plain == '\t' ||
		       (bare && (*plain == '<' || *plain == '>')))
			plain++;
		if (value == end || *plain == '\0')
			return value == end && *plain == '\0';
		if (*value++ != *plain++)
			return false;
	}
}

int cm_gmime_plain_addresses(const char *value, size_t len, char **plain_r)
{
	static const char *const hidden[] = { "\"hidden-recipients\":;",
					      "hidden-recipients:;",
					      "undisclosed-recipients:;" };
	InternetAddressList *list;
	GString *plain;
	const char *only = value;
	size_t i, only_len = len;
	int ret;

	*plain_r = NULL;
	if (is_plain_address(&only, &only_len))
		return 0;
	for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		if (same_list(value, len, hidden[i]))
			return 0;
	}
	list = parse_list(value, len);
	plain = g_string_new(NULL);
	if (list != NULL) {
		append_plain(list, 0, plain);
		g_object_unref(list);
	}
	if (plain->len == 0)
		ret = -1;
	else
		ret = same_list(value, len, plain->str) ? 0 : 1;
	if (ret > 0)
		*plain_r = strdup(plain->str);
	(void)g_string_free(plain, TRUE);
	return ret > 0 && *plain_r == NULL ? -1 : ret;
}

static bool has_type(GMimeObject *object, const char *type,
		     const char *subtype)
{
	return GMIME_IS_PART(object) &&
	       g_mime_content_type_is_type(
		       g_mime_object_get_content_type(object), type, subtype);
}

/* Nothing, empty lines, or one of the sentences that clients put there. */
static bool outside_is_known(const char *text)
{
	size_t len;

	if (text == NULL)
		return true;
	text += strspn(text, "\r\n");
	len = strcspn(text, "\r\n");
	return text[len + strspn(text + len, "\r\n")] == '\0' &&
	       (len == 0 || cm_part_preamble_known(text, len));
}

static bool parts_agree(GMimeObject *root, enum cm_message_kind kind)
{
	GMimeMultipart *multipart;

	if (!GMIME_IS_MULTIPART(root))
		return false;
	multipart = GMIME_MULTIPART(root);
	if (!outside_is_known(g_mime_multipart_get_prologue(multipart)) ||
	    !outside_is_known(g_mime_multipart_get_epilogue(multipart)))
		return false;
	if (kind == CM_MESSAGE_SECUREJOIN)
		return g_mime_multipart_get_count(multipart) == 1 &&
		       has_type(g_mime_multipart_get_part(multipart, 0),
				"text", "plain");
	return GMIME_IS_MULTIPART_ENCRYPTED(root) &&
	       g_mime_multipart_get_count(multipart) == 2 &&
	       has_type(g_mime_multipart_get_part(multipart, 0),
			"application", "pgp-encrypted") &&
	       has_type(g_mime_multipart_get_part(multipart, 1),
			"application", "octet-stream");
}

bool cm_gmime_agrees(const void *skeleton, size_t size,
		     enum cm_message_kind kind)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(skeleton, size);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	/* a message would make lists of addresses, too */
	GMimeObject *root = g_mime_parser_construct_part(parser, NULL);
	bool agrees = root != NULL && parts_agree(root, kind);

	if (root != NULL)
		g_object_unref(root);
	g_object_unref(parser);
	g_object_unref(stream);
	return agrees;
}
