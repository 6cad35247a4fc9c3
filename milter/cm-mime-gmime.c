/* SPDX-License-Identifier: MIT */
#include "cm-mime-gmime.h"

#include <gmime/gmime.h>
#include <string.h>

/* Deepest nesting of address groups that is looked into. RFC 5322 has none. */
#define MAX_GROUP_DEPTH 2

void cm_gmime_init(void)
{
	g_mime_init();
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
				*addr = internet_address_mailbox_get_addr(
					INTERNET_ADDRESS_MAILBOX(ia));
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

void cm_gmime_from(const char *value, size_t len, unsigned int *count_r,
		   char *addr)
{
	char *text = g_strndup(value, len);
	InternetAddressList *list = internet_address_list_parse(NULL, text);
	const char *first = NULL;

	*count_r = 0;
	*addr = '\0';
	if (list != NULL) {
		count_addresses(list, 0, count_r, &first);
		if (*count_r == 1 && first != NULL &&
		    strlen(first) <= CM_ADDR_MAX)
			strcpy(addr, first);
		else if (*count_r == 1)
			*count_r = 0; /* longer than any address may be */
		g_object_unref(list);
	}
	g_free(text);
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

static bool from_agrees(GMimeMessage *message, const char *from)
{
	InternetAddressList *list = g_mime_message_get_from(message);
	const char *first = NULL;
	unsigned int count = 0;

	if (list != NULL)
		count_addresses(list, 0, &count, &first);
	return count == 1 && first != NULL && cm_ascii_equal(first, from);
}

bool cm_gmime_agrees(const void *skeleton, size_t size,
		     enum cm_message_kind kind, const char *from)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(skeleton, size);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	bool agrees = message != NULL &&
		parts_agree(g_mime_message_get_mime_part(message), kind) &&
		from_agrees(message, from);

	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return agrees;
}
