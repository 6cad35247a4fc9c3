/* SPDX-License-Identifier: MIT */
#include "cm-securejoin.h"
#include "cm-autocrypt.h"
#include "cm-cleanup.h"
#include "cm-date.h"
#include "cm-header.h"
#include "cm-message-id.h"

#include <string.h>

static bool only(const char *text, const char *others)
{
	for (; *text != '\0'; text++) {
		if (!cm_ascii_is_alnum(*text) && strchr(others, *text) == NULL)
			return false;
	}
	return true;
}

/* Read elsewhere, or written by servers and taken away. */
static bool anything(struct cm_securejoin *join, const char *value,
		     size_t len)
{
	(void)join;
	(void)value;
	(void)len;
	return true;
}

static bool subject(struct cm_securejoin *join, const char *value, size_t len)
{
	char text[CM_SECUREJOIN_MAX_SUBJECT + 1];

	(void)join;
	return cm_header_unfold(value, len, text, sizeof(text)) == 0;
}

static bool from(struct cm_securejoin *join, const char *value, size_t len)
{
	return cm_header_mailbox(value, len, &join->from) == 0;
}

/* One person, or the group that hides him. */
static bool to(struct cm_securejoin *join, const char *value, size_t len)
{
	return cm_header_value_is(value, len, "\"hidden-recipients\": ;") ||
	       cm_header_value_is(value, len, "\"hidden-recipients\":;") ||
	       cm_header_value_is(value, len, "hidden-recipients: ;") ||
	       cm_header_value_is(value, len, "hidden-recipients:;") ||
	       cm_header_mailbox(value, len, &join->to) == 0;
}

/* By servers: an address, or none. */
static bool trace_address(struct cm_securejoin *join, const char *value,
			  size_t len)
{
	struct cm_addr addr;

	(void)join;
	return cm_header_value_is(value, len, "<>") ||
	       cm_header_mailbox(value, len, &addr) == 0;
}

static bool date(struct cm_securejoin *join, const char *value, size_t len)
{
	int64_t time;

	(void)join;
	return memchr(value, '(', len) == NULL &&
	       cm_date_parse(value, len, &time) == 0;
}

/* MIME-Version and Chat-Version */
static bool version(struct cm_securejoin *join, const char *value, size_t len)
{
	(void)join;
	return cm_header_value_is(value, len, "1.0");
}

/* Bots write it, as into all of their messages. */
static bool auto_submitted(struct cm_securejoin *join, const char *value,
			   size_t len)
{
	(void)join;
	return cm_header_value_is(value, len, "auto-generated");
}

/* Of the chat with the inviter. */
static bool timer(struct cm_securejoin *join, const char *value, size_t len)
{
	char text[CM_SECUREJOIN_MAX_TIMER_DIGITS + 1];

	(void)join;
	return cm_header_unfold(value, len, text, sizeof(text)) == 0 &&
	       *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* base64url, as core makes random IDs */
static bool token(struct cm_securejoin *join, const char *value, size_t len)
{
	char text[CM_SECUREJOIN_MAX_TOKEN + 1];

	(void)join;
	return cm_header_unfold(value, len, text, sizeof(text)) == 0 &&
	       *text != '\0' && only(text, "-_");
}

/* Whose domain it is, is known at the end. */
static bool note_domain(struct cm_securejoin *join, const char *domain,
			size_t len)
{
	size_t i;

	if (len > CM_ADDR_MAX_DOMAIN)
		return false;
	for (i = 0; i < 2; i++) {
		char *known = join->domains[i];

		if (*known == '\0') {
			memcpy(known, domain, len);
			known[len] = '\0';
			return true;
		}
		if (strlen(known) == len &&
		    cm_ascii_equal_n(known, domain, len))
			return true;
	}
	return false;
}

static bool core_ids(struct cm_securejoin *join, const char *value, size_t len,
		     unsigned int max)
{
	static const char local[] = "localhost";
	const char *p = value, *id, *domain;
	unsigned int count = 0;
	size_t id_len, n;
	int ret;

	while ((ret = cm_message_id_next(&p, value + len, &id, &id_len)) > 0) {
		domain = cm_message_id_core_domain(id, id_len);
		if (++count > max || domain == NULL)
			return false;
		n = (size_t)(id + id_len - domain);
		if ((n != sizeof(local) - 1 || memcmp(domain, local, n) != 0) &&
		    !note_domain(join, domain, n))
			return false;
	}
	return ret == 0 && count > 0;
}

/* Message-ID and In-Reply-To */
static bool message_id(struct cm_securejoin *join, const char *value,
		       size_t len)
{
	return core_ids(join, value, len, 1);
}

static bool references(struct cm_securejoin *join, const char *value,
		       size_t len)
{
	return core_ids(join, value, len, CM_SECUREJOIN_MAX_REFERENCES);
}

static bool autocrypt(struct cm_securejoin *join, const char *value,
		      size_t len)
{
	return cm_autocrypt_valid(value, len, &join->autocrypt);
}

static const struct {
	const char *name;
	bool (*valid)(struct cm_securejoin *, const char *, size_t);
	bool repeated;
} fields[] = {
	{ "From", from, false },
	{ "To", to, false },
	{ "Date", date, false },
	{ "Message-ID", message_id, false },
	{ "References", references, false },
	{ "In-Reply-To", message_id, false },
	{ "Subject", subject, false },
	{ "MIME-Version", version, false },
	{ "Content-Type", anything, false },
	{ "Content-Transfer-Encoding", anything, false },
	{ "Chat-Version", version, false },
	{ "Auto-Submitted", auto_submitted, false },
	{ "Ephemeral-Timer", timer, false },
	{ "Autocrypt", autocrypt, false },
	{ "Secure-Join", token, false },
	{ "Secure-Join-Invitenumber", token, false },
	{ "Secure-Join-Group", token, false },
	/* by servers */
	{ "Return-Path", trace_address, true },
	{ "Delivered-To", trace_address, true },
	{ "Received", anything, true },
	{ "DKIM-Signature", anything, true },
	{ "Authentication-Results", anything, true }
};

static bool field_valid(struct cm_securejoin *join, const char *name,
			size_t name_len, const char *value, size_t value_len)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		unsigned int bit = 1u << i;

		if (strlen(fields[i].name) != name_len ||
		    !cm_ascii_equal_n(fields[i].name, name, name_len))
			continue;
		if ((join->seen & bit) != 0 && !fields[i].repeated)
			return false;
		join->seen |= bit;
		return fields[i].valid(join, value, value_len);
	}
	return join->from_outside && cm_cleanup_by_provider(name, name_len);
}

void cm_securejoin_field(struct cm_securejoin *join, const char *name,
			 size_t name_len, const char *value, size_t value_len)
{
	/* most messages are no request, and soon it is known */
	if (!join->broken)
		join->broken = !field_valid(join, name, name_len, value,
					    value_len);
}

static bool has_domain(const struct cm_addr *addr, const char *domain)
{
	return *addr->text != '\0' && cm_ascii_equal(addr->domain, domain);
}

bool cm_securejoin_valid(const struct cm_securejoin *join)
{
	size_t i;

	for (i = 0; i < 2 && *join->domains[i] != '\0'; i++) {
		if (!has_domain(&join->from, join->domains[i]) &&
		    !has_domain(&join->to, join->domains[i]))
			return false;
	}
	return !join->broken &&
	       (*join->autocrypt.text == '\0' ||
		strcmp(join->autocrypt.text, join->from.text) == 0);
}
