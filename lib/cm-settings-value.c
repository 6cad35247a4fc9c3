/* SPDX-License-Identifier: MIT
 *
 * One value of cm_settings: text to field and back, by the type of its row.
 */
#include "cm-settings-private.h"
#include "cm-addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits behind the point of a CM_SETTING_FLOAT. */
#define FLOAT_DECIMALS 3
#define FLOAT_SCALE 1000
#define FLOAT_MAX 1000000000

bool cm_setting_is_text(enum cm_setting_type type)
{
	return type == CM_SETTING_STRING || type == CM_SETTING_PATH ||
	       type == CM_SETTING_DOMAIN || type == CM_SETTING_NAME ||
	       type == CM_SETTING_HTTPS || type == CM_SETTING_CHOICE;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* strtoull takes signs and leading blanks; a settings file does not. */
static int parse_digits(const char *value, int base, uint64_t *result_r,
			const char **end_r)
{
	char *end;

	if (!is_digit(*value))
		return -1;
	errno = 0;
	*result_r = strtoull(value, &end, base);
	if (errno != 0)
		return -1;
	*end_r = end;
	return 0;
}

/* K, M, G, T are powers of 1024; a B behind them or behind a bare number
 * means nothing, as in chatmail/relay. */
static int set_size(uint64_t *dest, const char *value, unsigned int bare_shift)
{
	static const char units[] = "KMGTkmgt";
	unsigned int shift = bare_shift;
	const char *end, *unit;
	uint64_t n;

	if (parse_digits(value, 10, &n, &end) < 0)
		return 0;
	if (*end != '\0' && (unit = strchr(units, *end)) != NULL) {
		shift = 10 * (1 + (unsigned int)(unit - units) % 4);
		end++;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	/* kept below INT64_MAX: callers compute with off_t */
	if (*end != '\0' || n > (UINT64_MAX >> 1) >> shift)
		return 0;
	*dest = n << shift;
	return 1;
}

static bool is_name(const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$");

	return len > 0 && value[len] == '\0' && *value != '-';
}

/* A control character in a path is a slip, and would get into logs. */
static bool has_control(const char *value)
{
	for (; *value != '\0'; value++) {
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return true;
	}
	return false;
}

static bool may_be_empty(const struct cm_setting_def *def)
{
	return def->default_value != NULL && *def->default_value == '\0';
}

static bool is_path(const char *value, const struct cm_setting_def *def)
{
	if (*value == '\0')
		return may_be_empty(def);
	return *value == '/' && !has_control(value);
}

int cm_setting_set_text(char **dest, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -1;
	free(*dest);
	*dest = copy;
	return 1;
}

/* No top-level domain is a number (RFC 3696, 2), so what ends in one was
 * meant as an address: 1.2.3.256 is refused instead of used as a name. */
static bool ends_in_number(const char *domain)
{
	const char *label = strrchr(domain, '.');

	label = label != NULL ? label + 1 : domain;
	return label[strspn(label, "0123456789")] == '\0';
}

static int set_domain(char **dest, const struct cm_setting_def *def,
		      const char *value)
{
	char domain[CM_ADDR_MAX_DOMAIN + 1];
	size_t len = strlen(value);
	struct in_addr ip;

	if (len == 0 && may_be_empty(def))
		return cm_setting_set_text(dest, value);
	if (len > CM_ADDR_MAX_DOMAIN)
		return 0;
	memcpy(domain, value, len + 1);
	cm_ascii_lower(domain);
	/* [1.2.3.4] stands in addresses only, never in the file */
	if (*domain == '[' || !cm_addr_domain_valid(domain, len))
		return 0;
	if (ends_in_number(domain) && inet_pton(AF_INET, domain, &ip) != 1)
		return 0;
	return cm_setting_set_text(dest, domain);
}

static int set_number(unsigned int *dest, const struct cm_setting_def *def,
		      const char *value)
{
	bool octal = def->type == CM_SETTING_OCTAL;
	const char *end;
	uint64_t n;

	if (parse_digits(value, octal ? 8 : 10, &n, &end) < 0 || *end != '\0' ||
	    n < def->min || n > def->max)
		return 0;
	*dest = (unsigned int)n;
	return 1;
}

/* By hand: strtod() goes by the locale of whatever process we are in. */
static int set_float(double *dest, const char *value)
{
	unsigned int decimals = 0, scale = FLOAT_SCALE;
	const char *p;
	uint64_t n;

	if (parse_digits(value, 10, &n, &p) < 0 || n > FLOAT_MAX)
		return 0;
	if (*p == '.') {
		if (!is_digit(*++p))
			return 0;
		for (; is_digit(*p); p++) {
			scale /= 10;
			if (scale == 0)
				return 0;
			decimals += (unsigned int)(*p - '0') * scale;
		}
	}
	if (*p != '\0')
		return 0;
	*dest = (double)(n * FLOAT_SCALE + decimals) / FLOAT_SCALE;
	return 1;
}

/* chatmail/relay takes "true" in any case and everything else for false; so
 * that "yes" cannot mean no, only the words below are taken. */
static int set_bool(bool *dest, const char *value)
{
	if (cm_ascii_equal(value, "yes") || cm_ascii_equal(value, "true")) {
		*dest = true;
		return 1;
	}
	if (cm_ascii_equal(value, "no") || cm_ascii_equal(value, "false")) {
		*dest = false;
		return 1;
	}
	return 0;
}

/* Enough to catch a slip; what can be reached only trying shows. No user
 * names (they would get into logs), no fragment. */
static bool is_https(const char *value)
{
	static const char scheme[] = "https://";
	const char *p = value + strlen(scheme);

	if (*value == '\0')
		return true;
	if (strlen(value) > CM_SETTING_MAX_URL ||
	    strncmp(value, scheme, strlen(scheme)) != 0 ||
	    strchr("/?:", *p) != NULL)
		return false;
	for (; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || strchr("@#\\\"<>", *p) != NULL)
			return false;
	}
	return true;
}

static int set_choice(char **dest, const char *words, const char *value)
{
	char lower[CM_SETTING_FORM_SIZE];
	size_t len = strlen(value);

	if (len == 0 || len >= sizeof(lower) || strchr(value, '|') != NULL)
		return 0;
	memcpy(lower, value, len + 1);
	cm_ascii_lower(lower);
	for (; *words != '\0'; words += strspn(words, "|")) {
		size_t word = strcspn(words, "|");

		if (word == len && memcmp(words, lower, len) == 0)
			return cm_setting_set_text(dest, lower);
		words += word;
	}
	return 0;
}

int cm_setting_set(struct cm_settings *set, const struct cm_setting_def *def,
		   const char *value)
{
	void *dest = cm_setting_field(set, def);

	switch (def->type) {
	case CM_SETTING_STRING:
		return cm_setting_set_text(dest, value);
	case CM_SETTING_PATH:
		return is_path(value, def) ? cm_setting_set_text(dest, value) :
					     0;
	case CM_SETTING_HTTPS:
		return is_https(value) ? cm_setting_set_text(dest, value) : 0;
	case CM_SETTING_NAME:
		return is_name(value) ? cm_setting_set_text(dest, value) : 0;
	case CM_SETTING_DOMAIN:
		return set_domain(dest, def, value);
	case CM_SETTING_UINT:
	case CM_SETTING_OCTAL:
		return set_number(dest, def, value);
	case CM_SETTING_SIZE:
		return set_size(dest, value, 0);
	case CM_SETTING_SIZE_M:
		return set_size(dest, value, 20);
	case CM_SETTING_FLOAT:
		return set_float(dest, value);
	case CM_SETTING_BOOL:
		return set_bool(dest, value);
	case CM_SETTING_CHOICE:
		return set_choice(dest, def->unit, value);
	case CM_SETTING_UNUSED:
		return 1;
	}
	return 0;
}

static void describe_uint(const struct cm_setting_def *def, char *buf,
			  size_t size)
{
	char max[sizeof(" to 4294967295")] = " up";

	if (def->max != UINT_MAX)
		(void)snprintf(max, sizeof(max), " to %u", def->max);
	(void)snprintf(buf, size, "a whole number from %u%s%s%s", def->min,
		       max, *def->unit != '\0' ? ", in " : "", def->unit);
}

/* "open or closed" */
static void describe_choice(const char *words, char *buf, size_t size)
{
	size_t len = strcspn(words, "|");

	(void)snprintf(buf, size, "%.*s or %s", (int)len, words,
		       words + len + (words[len] == '|'));
}

void cm_setting_describe(const struct cm_setting_def *def, char *buf,
			 size_t size)
{
	switch (def->type) {
	case CM_SETTING_PATH:
		(void)snprintf(buf, size, "an absolute path");
		break;
	case CM_SETTING_HTTPS:
		(void)snprintf(buf, size, "an https:// URL or nothing");
		break;
	case CM_SETTING_DOMAIN:
		(void)snprintf(buf, size, "a domain like chat.example.org or "
					  "an IPv4 address");
		break;
	case CM_SETTING_NAME:
		(void)snprintf(buf, size, "a user or group name");
		break;
	case CM_SETTING_UINT:
		describe_uint(def, buf, size);
		break;
	case CM_SETTING_OCTAL:
		(void)snprintf(buf, size, "an octal mode like %s, at most %04o",
			       def->default_value, def->max);
		break;
	case CM_SETTING_SIZE:
		(void)snprintf(buf, size, "a number of bytes, or with K, M, G "
					  "or T behind it");
		break;
	case CM_SETTING_SIZE_M:
		(void)snprintf(buf, size, "a number of megabytes, or with K, "
					  "M, G or T behind it");
		break;
	case CM_SETTING_FLOAT:
		(void)snprintf(buf, size, "a number like 5 or 2.5, at most %d "
			       "digits behind the point", FLOAT_DECIMALS);
		break;
	case CM_SETTING_BOOL:
		(void)snprintf(buf, size, "yes or no");
		break;
	case CM_SETTING_CHOICE:
		describe_choice(def->unit, buf, size);
		break;
	case CM_SETTING_STRING:
	case CM_SETTING_UNUSED:
		(void)snprintf(buf, size, "text");
		break;
	}
}

/* With the largest unit that loses nothing. SIZE_M always has one: a bare
 * number would be read as megabytes. Its smallest is K, and what was read
 * from a file is never less. */
static void print_size(uint64_t n, bool need_unit, char *buf, size_t size)
{
	static const char units[] = "KMGT";
	unsigned int i = 0;

	while (i < 4 && n != 0 && n % 1024 == 0) {
		n /= 1024;
		i++;
	}
	if (i == 0 && need_unit)
		i = 1;
	if (i == 0)
		(void)snprintf(buf, size, "%llu", (unsigned long long)n);
	else
		(void)snprintf(buf, size, "%llu%c", (unsigned long long)n,
			       units[i - 1]);
}

static void print_float(double d, char *buf, size_t size)
{
	uint64_t n = (uint64_t)(d * FLOAT_SCALE + 0.5);
	unsigned int decimals = (unsigned int)(n % FLOAT_SCALE);
	int digits = FLOAT_DECIMALS;

	n /= FLOAT_SCALE;
	if (decimals == 0) {
		(void)snprintf(buf, size, "%llu", (unsigned long long)n);
		return;
	}
	for (; decimals % 10 == 0; digits--)
		decimals /= 10;
	(void)snprintf(buf, size, "%llu.%0*u", (unsigned long long)n, digits,
		       decimals);
}

/* A longer value goes on in indented lines. */
static void print_text(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return;
	for (; *text != '\0' && used + 1 < size; text++) {
		buf[used++] = *text;
		if (*text == '\n' && used + 1 < size)
			buf[used++] = '\t';
	}
	buf[used] = '\0';
}

void cm_setting_print(const struct cm_settings *set,
		      const struct cm_setting_def *def, char *buf, size_t size)
{
	const void *value = (const char *)set + def->offset;

	switch (def->type) {
	case CM_SETTING_STRING:
	case CM_SETTING_PATH:
	case CM_SETTING_DOMAIN:
	case CM_SETTING_NAME:
	case CM_SETTING_HTTPS:
	case CM_SETTING_CHOICE:
		print_text(*(char *const *)value, buf, size);
		break;
	case CM_SETTING_UINT:
		(void)snprintf(buf, size, "%u", *(const unsigned int *)value);
		break;
	case CM_SETTING_OCTAL:
		(void)snprintf(buf, size, "%04o", *(const unsigned int *)value);
		break;
	case CM_SETTING_SIZE:
		print_size(*(const uint64_t *)value, false, buf, size);
		break;
	case CM_SETTING_SIZE_M:
		print_size(*(const uint64_t *)value, true, buf, size);
		break;
	case CM_SETTING_FLOAT:
		print_float(*(const double *)value, buf, size);
		break;
	case CM_SETTING_BOOL:
		print_text(*(const bool *)value ? "yes" : "no", buf, size);
		break;
	case CM_SETTING_UNUSED:
		print_text("", buf, size);
		break;
	}
}
