/* SPDX-License-Identifier: MIT */
#include "cm-addr.h"

#include <arpa/inet.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void cm_ascii_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = lower(*s);
}

bool cm_ascii_equal(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

int cm_ascii_compare_n(const char *a, const char *b, size_t len)
{
	while (len > 0 && lower(*a) == lower(*b)) {
		a++;
		b++;
		len--;
	}
	return len == 0 ? 0 : lower(*a) < lower(*b) ? -1 : 1;
}

bool cm_ascii_equal_n(const char *a, const char *b, size_t len)
{
	return cm_ascii_compare_n(a, b, len) == 0;
}

bool cm_ascii_is_alnum(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_atext(char c)
{
	return cm_ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

#define IPV6_TAG "IPv6:"
#define IPV6_TAG_LEN (sizeof(IPV6_TAG) - 1)

/* What stands between the brackets. Returns its size in binary, or 0. */
static size_t literal_read(const char *text, size_t len,
			   unsigned char binary[sizeof(struct in6_addr)])
{
	char ip[INET6_ADDRSTRLEN + 1];
	bool is_v6 = len > IPV6_TAG_LEN &&
		cm_ascii_equal_n(IPV6_TAG, text, IPV6_TAG_LEN);

	if (is_v6) {
		text += IPV6_TAG_LEN;
		len -= IPV6_TAG_LEN;
	}
	if (len >= sizeof(ip) || memchr(text, '\0', len) != NULL)
		return 0;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, ip, binary) != 1)
		return 0;
	return is_v6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

static bool is_literal(const char *domain, size_t len)
{
	return len > 2 && domain[0] == '[' && domain[len - 1] == ']';
}

bool cm_addr_domain_valid(const char *domain, size_t len)
{
	size_t i;

	if (len == 0 || len > CM_ADDR_MAX_DOMAIN)
		return false;
	if (is_literal(domain, len)) {
		unsigned char binary[sizeof(struct in6_addr)];

		return literal_read(domain + 1, len - 2, binary) > 0;
	}
	for (i = 0; i < len; i++) {
		bool at_start = i == 0 || domain[i - 1] == '.';
		bool at_end = i + 1 == len || domain[i + 1] == '.';

		if (domain[i] == '.' || domain[i] == '-') {
			if (at_start || at_end)
				return false;
		} else if (!cm_ascii_is_alnum(domain[i]) && domain[i] != '_')
			return false;
	}
	return true;
}

static bool local_valid(const char *local, size_t len)
{
	size_t i;

	if (len == 0 || len > CM_ADDR_MAX_LOCAL)
		return false;
	for (i = 0; i < len; i++) {
		if (local[i] == '.') {
			if (i == 0 || i + 1 == len || local[i - 1] == '.')
				return false;
		} else if (!is_atext(local[i]))
			return false;
	}
	return true;
}

int cm_addr_parse(struct cm_addr *addr, const char *text, size_t len)
{
	const char *at = len > 0 ? memchr(text, '@', len) : NULL;
	size_t local_len, domain_len;

	if (at == NULL)
		return -1;
	local_len = (size_t)(at - text);
	domain_len = len - local_len - 1;
	if (!local_valid(text, local_len) ||
	    !cm_addr_domain_valid(at + 1, domain_len))
		return -1;
	memcpy(addr->text, text, len);
	addr->text[len] = '\0';
	cm_ascii_lower(addr->text);
	addr->local_len = local_len;
	addr->domain = addr->text + local_len + 1;
	return 0;
}

bool cm_addr_literal_is(const char *domain, const char *ip)
{
	unsigned char ours[sizeof(struct in6_addr)], theirs[sizeof(ours)];
	size_t len = strlen(domain), size;

	if (!is_literal(domain, len))
		return false;
	size = literal_read(domain + 1, len - 2, ours);
	if (size == 0)
		return false;
	if (strchr(ip, ':') != NULL &&
	    !cm_ascii_equal_n(IPV6_TAG, ip, IPV6_TAG_LEN))
		return size == sizeof(struct in6_addr) &&
		       inet_pton(AF_INET6, ip, theirs) == 1 &&
		       memcmp(ours, theirs, size) == 0;
	return literal_read(ip, strlen(ip), theirs) == size &&
	       memcmp(ours, theirs, size) == 0;
}

bool cm_addr_is_plain(const char *addr)
{
	const char *at = strrchr(addr, '@'), *p;

	if (at == NULL || at == addr || at[1] == '\0')
		return false;
	for (p = addr; p < at; p++) {
		if (!is_atext(*p) && *p != '.' && (unsigned char)*p < 0x80)
			return false;
	}
	if (at[1] == '[')
		return cm_addr_domain_valid(at + 1, strlen(at + 1));
	for (p = at + 1; *p != '\0'; p++) {
		if (!cm_ascii_is_alnum(*p) && strchr(".-_", *p) == NULL &&
		    (unsigned char)*p < 0x80)
			return false;
	}
	return true;
}
