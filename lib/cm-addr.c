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

bool cm_ascii_equal_n(const char *a, const char *b, size_t len)
{
	while (len > 0 && lower(*a) == lower(*b)) {
		a++;
		b++;
		len--;
	}
	return len == 0;
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

static bool literal_valid(const char *domain, size_t len)
{
	char ip[INET6_ADDRSTRLEN + 1];
	unsigned char binary[sizeof(struct in6_addr)];
	int family = AF_INET;

	domain++;
	len -= 2;
	if (len > 5 && domain[4] == ':' && lower(domain[0]) == 'i' &&
	    lower(domain[1]) == 'p' && lower(domain[2]) == 'v' &&
	    domain[3] == '6') {
		family = AF_INET6;
		domain += 5;
		len -= 5;
	}
	if (len >= sizeof(ip) || memchr(domain, '\0', len) != NULL)
		return false;
	memcpy(ip, domain, len);
	ip[len] = '\0';
	return inet_pton(family, ip, binary) == 1;
}

bool cm_addr_domain_valid(const char *domain, size_t len)
{
	size_t i;

	if (len == 0 || len > CM_ADDR_MAX_DOMAIN)
		return false;
	if (len > 2 && domain[0] == '[' && domain[len - 1] == ']')
		return literal_valid(domain, len);
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
