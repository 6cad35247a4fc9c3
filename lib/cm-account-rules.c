/* SPDX-License-Identifier: MIT */
#include "cm-account-rules.h"

#include "cm-settings.h"

#include <string.h>

/* Characters, as the reference counts them: Python's len() of the decoded
 * text. UTF-8 continuation bytes do not start one. */
static size_t utf8_chars(const char *text, size_t len)
{
	size_t i, chars = 0;

	for (i = 0; i < len; i++) {
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			chars++;
	}
	return chars;
}

static bool split(const char *name, size_t len, size_t *local_len_r)
{
	const char *at = len > 0 ? memchr(name, '@', len) : NULL;

	if (at == NULL)
		return false;
	*local_len_r = (size_t)(at - name);
	return *local_len_r > 0 &&
	       memchr(at + 1, '@', len - *local_len_r - 1) == NULL;
}

static bool domain_is_ours(const struct cm_settings *set, const char *domain,
			   size_t len)
{
	return len == strlen(set->address_domain) &&
	       memcmp(domain, set->address_domain, len) == 0;
}

static bool local_char_valid(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '_' || c == '-';
}

static enum cm_account_verdict check_local(const struct cm_settings *set,
					   const char *local, size_t len)
{
	size_t i;

	if (len < set->username_min_length)
		return CM_ACCOUNT_NAME_SHORT;
	if (len > set->username_max_length)
		return CM_ACCOUNT_NAME_LONG;
	for (i = 0; i < len; i++) {
		if (!local_char_valid(local[i]))
			return CM_ACCOUNT_NAME_CHARS;
	}
	/* The reference takes these, but no mail server would accept the
	 * address (RFC 5321 4.1.2, Dot-string), and ".x" is a hidden file. */
	for (i = 0; i < len; i++) {
		if (local[i] == '.' &&
		    (i == 0 || i + 1 == len || local[i - 1] == '.'))
			return CM_ACCOUNT_NAME_DOTS;
	}
	return CM_ACCOUNT_ALLOWED;
}

/* Whether password begins with token; the time does not tell how far. */
static bool begins_with(const char *password, size_t password_len,
			const char *token, size_t token_len)
{
	unsigned char differs = 0;
	size_t i;

	if (token_len > password_len)
		return false;
	for (i = 0; i < token_len; i++)
		differs |= (unsigned char)(token[i] ^ password[i]);
	return differs == 0;
}

/* Length of the first token of the list that password begins with, 0 if
 * there is none. */
static size_t find_token(const char *list, const char *password,
			 size_t password_len)
{
	static const char blanks[] = " \t\r\n";
	size_t len;

	for (;;) {
		list += strspn(list, blanks);
		len = strcspn(list, blanks);
		if (len == 0 || begins_with(password, password_len, list, len))
			return len;
		list += len;
	}
}

size_t cm_account_invite_token(const struct cm_settings *set,
			       const char *password, size_t password_len)
{
	return find_token(set->invite_token, password, password_len);
}

/* Dovecot refuses a login with one of them before it asks any passdb (its
 * password_has_illegal_chars()); a NUL ends the password in SASL PLAIN. */
static bool has_illegal_chars(const char *password, size_t len)
{
	static const char chars[] = { '\0', '\001', '\t', '\r', '\n' };
	size_t i;

	for (i = 0; i < len; i++) {
		if (memchr(chars, password[i], sizeof(chars)) != NULL)
			return true;
	}
	return false;
}

enum cm_account_verdict
cm_account_password_check(const struct cm_settings *set,
			  const char *password, size_t password_len,
			  size_t token_len)
{
	if (password_len > CM_ACCOUNT_MAX_PASSWORD)
		return CM_ACCOUNT_PASSWORD_LONG;
	if (has_illegal_chars(password, password_len))
		return CM_ACCOUNT_PASSWORD_CHARS;
	/* password_min_length is at least 1, so this is for empty ones, too */
	if (utf8_chars(password + token_len, password_len - token_len) <
	    set->password_min_length)
		return CM_ACCOUNT_PASSWORD_SHORT;
	return CM_ACCOUNT_ALLOWED;
}

static bool has_words(const char *list)
{
	return list[strspn(list, " \t\r\n")] != '\0';
}

enum cm_account_verdict
cm_account_rules_check(const struct cm_settings *set,
		       const struct cm_account_facts *facts,
		       const char *name, size_t name_len,
		       const char *password, size_t password_len)
{
	enum cm_account_verdict verdict;
	size_t local_len, token_len = 0;

	if (facts->closed)
		return CM_ACCOUNT_CLOSED;
	if (has_words(set->invite_token) || facts->token_needed) {
		token_len = cm_account_invite_token(set, password,
						    password_len);
		if (token_len == 0)
			token_len = facts->token_len;
		if (token_len == 0 || token_len > password_len)
			return CM_ACCOUNT_NO_TOKEN;
	}
	verdict = cm_account_password_check(set, password, password_len,
					    token_len);
	if (verdict != CM_ACCOUNT_ALLOWED)
		return verdict;
	if (!split(name, name_len, &local_len))
		return CM_ACCOUNT_ADDRESS;
	if (!domain_is_ours(set, name + local_len + 1,
			    name_len - local_len - 1))
		return CM_ACCOUNT_DOMAIN;
	if (name_len > CM_ACCOUNT_MAX_NAME)
		return CM_ACCOUNT_NAME_LONG;
	return check_local(set, name, local_len);
}

enum cm_account_verdict
cm_account_limits_check(const struct cm_settings *set,
			const struct cm_account_system *system)
{
	if (system->load_known && system->load_1m > set->max_load_1m)
		return CM_ACCOUNT_LOAD;
	if (system->memory_known &&
	    system->available_memory < set->min_available_memory)
		return CM_ACCOUNT_MEMORY;
	if (system->disk_known &&
	    system->free_disk_space < set->min_free_disk_space)
		return CM_ACCOUNT_DISK;
	return CM_ACCOUNT_ALLOWED;
}

const char *cm_account_verdict_text(enum cm_account_verdict verdict)
{
	switch (verdict) {
	case CM_ACCOUNT_ALLOWED:
		return "allowed";
	case CM_ACCOUNT_CLOSED:
		return "registration is closed";
	case CM_ACCOUNT_NO_TOKEN:
		return "password begins with no token that is good";
	case CM_ACCOUNT_PASSWORD_SHORT:
		return "password is too short";
	case CM_ACCOUNT_PASSWORD_LONG:
		return "password is too long";
	case CM_ACCOUNT_PASSWORD_CHARS:
		return "password contains NUL, \\001, TAB, CR or LF";
	case CM_ACCOUNT_ADDRESS:
		return "name is not an address";
	case CM_ACCOUNT_DOMAIN:
		return "name is not of our domain";
	case CM_ACCOUNT_NAME_SHORT:
		return "name is too short";
	case CM_ACCOUNT_NAME_LONG:
		return "name is too long";
	case CM_ACCOUNT_NAME_CHARS:
		return "name has characters other than a-z 0-9 . _ -";
	case CM_ACCOUNT_NAME_DOTS:
		return "name has a dot at its start or end, or two in a row";
	case CM_ACCOUNT_LOAD:
		return "load is above max_load_1m";
	case CM_ACCOUNT_MEMORY:
		return "available memory is below min_available_memory";
	case CM_ACCOUNT_DISK:
		return "free disk space is below min_free_disk_space";
	}
	return "unknown verdict";
}

bool cm_account_verdict_is_final(enum cm_account_verdict verdict)
{
	switch (verdict) {
	case CM_ACCOUNT_ADDRESS:
	case CM_ACCOUNT_DOMAIN:
	case CM_ACCOUNT_NAME_SHORT:
	case CM_ACCOUNT_NAME_LONG:
	case CM_ACCOUNT_NAME_CHARS:
	case CM_ACCOUNT_NAME_DOTS:
		return true;
	case CM_ACCOUNT_ALLOWED:
	case CM_ACCOUNT_CLOSED:
	case CM_ACCOUNT_NO_TOKEN:
	case CM_ACCOUNT_PASSWORD_SHORT:
	case CM_ACCOUNT_PASSWORD_LONG:
	case CM_ACCOUNT_PASSWORD_CHARS:
	case CM_ACCOUNT_LOAD:
	case CM_ACCOUNT_MEMORY:
	case CM_ACCOUNT_DISK:
		break;
	}
	return false;
}

bool cm_account_name_valid(const struct cm_settings *set, const char *name,
			   size_t len)
{
	size_t i, local_len;

	if (len == 0 || len > CM_ACCOUNT_MAX_NAME || name[0] == '.')
		return false;
	for (i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	}
	return split(name, len, &local_len) &&
	       domain_is_ours(set, name + local_len + 1, len - local_len - 1);
}
