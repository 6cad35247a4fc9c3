/* SPDX-License-Identifier: MIT */
#include "cm-armor.h"

#include <string.h>

#define BEGIN_LINE "-----BEGIN PGP MESSAGE-----"
#define END_LINE "-----END PGP MESSAGE-----"
#define CHECKSUM_LEN 5 /* "=" and four characters */

enum { STATE_BEGIN, STATE_HEADERS, STATE_DATA, STATE_CHECKSUM, STATE_END };

void cm_armor_init(struct cm_armor *armor, bool allow_headers)
{
	memset(armor, 0, offsetof(struct cm_armor, pgp));
	armor->state = STATE_BEGIN;
	armor->allow_headers = allow_headers;
	cm_openpgp_init(&armor->pgp);
}

static bool equals(const unsigned char *line, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(line, text, len) == 0;
}

static bool begins(const unsigned char *line, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

static enum cm_rule blank_line(struct cm_armor *armor, enum cm_rule rule)
{
	return ++armor->blank > CM_ARMOR_MAX_BLANK ? rule : CM_RULE_NONE;
}

static enum cm_rule begin_line(struct cm_armor *armor,
			       const unsigned char *line, size_t len)
{
	if (len == 0)
		return blank_line(armor, CM_RULE_ARMOR_BEGIN);
	if (!equals(line, len, BEGIN_LINE))
		return CM_RULE_ARMOR_BEGIN;
	armor->state = STATE_HEADERS;
	armor->blank = 0;
	return CM_RULE_NONE;
}

static enum cm_rule header_line(struct cm_armor *armor,
				const unsigned char *line, size_t len)
{
	size_t i;

	if (len == 0) {
		armor->state = STATE_DATA;
		armor->blank = 1;
		return CM_RULE_NONE;
	}
	if (!armor->allow_headers || len > CM_ARMOR_MAX_HEADER_LINE ||
	    ++armor->headers > CM_ARMOR_MAX_HEADERS ||
	    (!begins(line, len, "Version: ") &&
	     !begins(line, len, "Comment: ")))
		return CM_RULE_ARMOR_HEADER;
	for (i = 0; i < len; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return CM_RULE_ARMOR_HEADER;
	}
	return CM_RULE_NONE;
}

static enum cm_rule data(struct cm_armor *armor, const unsigned char *line,
			 size_t len)
{
	unsigned char out[CM_BASE64_DECODED(CM_ARMOR_MAX_LINE)];
	size_t size;

	if (len > CM_ARMOR_MAX_LINE ||
	    cm_base64_decode(&armor->base64, line, len, out, &size) < 0)
		return CM_RULE_ARMOR_BASE64;
	return cm_openpgp_feed(&armor->pgp, out, size);
}

static enum cm_rule checksum_line(struct cm_armor *armor,
				  const unsigned char *line, size_t len)
{
	size_t i;

	if (len != CHECKSUM_LEN || !cm_base64_at_end(&armor->base64))
		return CM_RULE_ARMOR_CHECKSUM;
	for (i = 1; i < len; i++) {
		if (!cm_base64_is_digit(line[i]))
			return CM_RULE_ARMOR_CHECKSUM;
	}
	armor->state = STATE_CHECKSUM;
	return CM_RULE_NONE;
}

static enum cm_rule end_line(struct cm_armor *armor, const unsigned char *line,
			     size_t len)
{
	if (!equals(line, len, END_LINE) || !cm_base64_at_end(&armor->base64))
		return CM_RULE_ARMOR_END;
	armor->state = STATE_END;
	armor->blank = 0;
	return cm_openpgp_finish(&armor->pgp);
}

static enum cm_rule data_line(struct cm_armor *armor,
			      const unsigned char *line, size_t len,
			      bool *is_data_r)
{
	if (len == 0) {
		/* before the data, not within */
		if (armor->blank == 0)
			return CM_RULE_ARMOR_BASE64;
		return blank_line(armor, CM_RULE_ARMOR_BASE64);
	}
	armor->blank = 0;
	if (*line == '-')
		return end_line(armor, line, len);
	/* A checksum begins a line; padding never does, unless the writer
	 * breaks lines within a quad. */
	if (*line == '=' && cm_base64_at_end(&armor->base64))
		return checksum_line(armor, line, len);
	*is_data_r = true;
	return data(armor, line, len);
}

enum cm_rule cm_armor_line(struct cm_armor *armor, const unsigned char *line,
			   size_t len, bool *is_data_r)
{
	*is_data_r = false;
	if (armor->rule != CM_RULE_NONE)
		return armor->rule;
	switch (armor->state) {
	case STATE_BEGIN:
		armor->rule = begin_line(armor, line, len);
		break;
	case STATE_HEADERS:
		armor->rule = header_line(armor, line, len);
		break;
	case STATE_DATA:
		armor->rule = data_line(armor, line, len, is_data_r);
		break;
	case STATE_CHECKSUM:
		armor->rule = end_line(armor, line, len);
		break;
	default:
		armor->rule = len == 0 ?
			blank_line(armor, CM_RULE_ARMOR_TRAILING) :
			CM_RULE_ARMOR_TRAILING;
		break;
	}
	return armor->rule;
}

enum cm_rule cm_armor_finish(struct cm_armor *armor)
{
	if (armor->rule == CM_RULE_NONE && armor->state != STATE_END)
		armor->rule = armor->state == STATE_BEGIN ?
			CM_RULE_ARMOR_BEGIN : CM_RULE_ARMOR_END;
	return armor->rule;
}
