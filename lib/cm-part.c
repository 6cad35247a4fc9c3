/* SPDX-License-Identifier: MIT */
#include "cm-part.h"
#include "cm-addr.h"

#include <string.h>

enum {
	SEEN_TYPE = 1,
	SEEN_ENCODING = 2,
	SEEN_DESCRIPTION = 4,
	SEEN_DISPOSITION = 8,
	SEEN_MESSAGE_ID = 16,
	SEEN_MIME_VERSION = 32,
	SEEN_CONTENT_ID = 64
};

/* Descriptions, compared whole and with their case. */
static const char *const version_descriptions[] = {
	"PGP/MIME version identification", /* Thunderbird, Enigmail, Proton,
					      Delta Chat before 2.50 */
	"PGP/MIME Versions Identification", /* GPGTools (Apple Mail) */
	NULL
};

static const char *const data_descriptions[] = {
	"OpenPGP encrypted message",	/* Thunderbird, Enigmail, Proton,
					   Delta Chat before 2.50 */
	"PGP/MIME encrypted message",	/* Roundcube's enigma */
	/* Evolution in English, GPGMail before GPGTools */
	"This is a digitally encrypted message part",
	"This is an encrypted message part",
	NULL
};

/* Names of files, as name= of the type and filename= of the disposition. */
static const char *const version_names[] = {
	"version.asc", /* Google's End-To-End */
	NULL
};

static const char *const data_names[] = {
	"encrypted.asc", /* most of them */
	"msg.asc",	 /* Mutt, KMail */
	"openpgp-encrypted-message.asc", /* Outlook with GpgOL (Gpg4win) */
	NULL
};

static const char *const dispositions[] = { "inline", "attachment", NULL };

static const char *const charsets[] = { "utf-8", "us-ascii", NULL };

static const char *const preambles[] = {
	/* Enigmail, Thunderbird, Proton */
	"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)",
	/* Enigmail of old, GPGTools (Apple Mail) */
	"This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)",
	/* Horde IMP */
	"This message is in MIME format and has been PGP encrypted.",
	/* Nextcloud Mail with Mailvelope (horde/Mime) */
	"This message is in MIME format.",
	/* PHPMailer and other libraries, whatever the multipart */
	"This is a multi-part message in MIME format.",
	NULL
};

static bool listed(const char *const *list, const char *value, bool any_case)
{
	for (; *list != NULL; list++) {
		if (any_case ? cm_ascii_equal(*list, value) :
			       strcmp(*list, value) == 0)
			return true;
	}
	return false;
}

bool cm_part_preamble_known(const char *line, size_t len)
{
	const char *const *p;

	for (p = preambles; *p != NULL; p++) {
		if (strlen(*p) == len && memcmp(*p, line, len) == 0)
			return true;
	}
	return false;
}

enum cm_encoding cm_encoding_parse(const char *value, size_t len)
{
	static const struct {
		const char *name;
		enum cm_encoding encoding;
	} encodings[] = {
		{ "7bit", CM_ENCODING_IDENTITY },
		{ "8bit", CM_ENCODING_IDENTITY },
		{ "binary", CM_ENCODING_IDENTITY },
		{ "base64", CM_ENCODING_BASE64 },
		{ "quoted-printable", CM_ENCODING_QUOTED_PRINTABLE }
	};
	char text[32];
	size_t i;

	if (cm_header_unfold(value, len, text, sizeof(text)) == 0) {
		for (i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
			if (cm_ascii_equal(text, encodings[i].name))
				return encodings[i].encoding;
		}
	}
	return CM_ENCODING_UNKNOWN;
}

void cm_part_init(struct cm_part *part, enum cm_part_kind kind,
		  bool from_outside, const char *message_id)
{
	memset(part, 0, sizeof(*part));
	part->kind = kind;
	part->from_outside = from_outside;
	part->message_id = message_id;
	part->encoding = CM_ENCODING_IDENTITY;
}

static bool type_param_valid(const struct cm_part *part,
			     const struct cm_header_param *param)
{
	if (strcmp(param->name, "charset") == 0)
		return listed(charsets, param->value, true);
	switch (part->kind) {
	case CM_PART_PGP_VERSION:
		return strcmp(param->name, "name") == 0 &&
		       listed(version_names, param->value, false);
	case CM_PART_PGP_DATA:
		return strcmp(param->name, "name") == 0 &&
		       listed(data_names, param->value, false);
	case CM_PART_SECUREJOIN:
		/* RFC 3676, as Delta Chat writes it on any text part */
		return (strcmp(param->name, "format") == 0 &&
			cm_ascii_equal(param->value, "flowed")) ||
		       (strcmp(param->name, "delsp") == 0 &&
			cm_ascii_equal(param->value, "no"));
	}
	return false;
}

static enum cm_rule type_field(struct cm_part *part, const char *value,
			       size_t len)
{
	static const char *const types[] = {
		[CM_PART_PGP_VERSION] = "application/pgp-encrypted",
		[CM_PART_PGP_DATA] = "application/octet-stream",
		[CM_PART_SECUREJOIN] = "text/plain"
	};
	struct cm_header_value type;
	enum cm_rule rule = cm_header_parse(&type, value, len, true);
	unsigned int i;

	if (rule != CM_RULE_NONE)
		return rule;
	if (strcmp(type.value, types[part->kind]) != 0)
		return CM_RULE_PART_TYPE;
	for (i = 0; i < type.param_count; i++) {
		if (!type_param_valid(part, &type.params[i]))
			return CM_RULE_CONTENT_TYPE_PARAMETER;
	}
	return CM_RULE_NONE;
}

static enum cm_rule disposition_field(struct cm_part *part, const char *value,
				      size_t len)
{
	struct cm_header_value disposition;
	unsigned int i;

	if (cm_header_parse(&disposition, value, len, false) != CM_RULE_NONE ||
	    !listed(dispositions, disposition.value, true))
		return CM_RULE_PART_HEADER;
	for (i = 0; i < disposition.param_count; i++) {
		const struct cm_header_param *param = &disposition.params[i];

		if (strcmp(param->name, "filename") != 0 ||
		    !listed(part->kind == CM_PART_PGP_DATA ? data_names :
							     version_names,
			    param->value, false))
			return CM_RULE_PART_HEADER;
	}
	return CM_RULE_NONE;
}

static enum cm_rule description_field(struct cm_part *part, const char *value,
				      size_t len)
{
	char text[64];

	if (cm_header_value_check(value, len) != CM_RULE_NONE ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0 ||
	    !listed(part->kind == CM_PART_PGP_DATA ? data_descriptions :
						     version_descriptions,
		    text, false))
		return CM_RULE_PART_HEADER;
	return CM_RULE_NONE;
}

static enum cm_rule encoding_field(struct cm_part *part, const char *value,
				   size_t len)
{
	part->encoding = cm_encoding_parse(value, len);
	switch (part->encoding) {
	case CM_ENCODING_IDENTITY:
		return CM_RULE_NONE;
	case CM_ENCODING_QUOTED_PRINTABLE:
		/* "Version: 1" looks the same in it */
		return CM_RULE_NONE;
	case CM_ENCODING_BASE64:
		return part->kind == CM_PART_PGP_DATA ?
			CM_RULE_NONE : CM_RULE_TRANSFER_ENCODING;
	default:
		return CM_RULE_TRANSFER_ENCODING;
	}
}

static enum cm_rule message_id_field(struct cm_part *part, const char *value,
				     size_t len)
{
	char text[CM_PART_MAX_MESSAGE_ID + 1];

	if (part->kind != CM_PART_SECUREJOIN || *part->message_id == '\0' ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0 ||
	    strcmp(text, part->message_id) != 0)
		return CM_RULE_PART_HEADER;
	return CM_RULE_NONE;
}

/* Python's email library puts it on every part (Zeyple, Mailpile). */
static enum cm_rule mime_version_field(struct cm_part *part,
				       const char *value, size_t len)
{
	char text[8];

	if (part->kind == CM_PART_SECUREJOIN ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0 ||
	    strcmp(text, "1.0") != 0)
		return CM_RULE_PART_HEADER;
	return CM_RULE_NONE;
}

static size_t span_hex(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

/* Ruby's mail library gives one to every part that is inline (Schleuder and
 * whatever else is on mail-gpg): <HEX_HEX@HOST.mail>. The host is of the other
 * server; nobody of ours has to name his. */
static bool content_id_valid(const char *text, size_t len)
{
	static const char end[] = ".mail>";
	const size_t end_len = sizeof(end) - 1;
	const char *domain = strchr(text, '@'), *p;
	size_t n;

	if (*text != '<' || domain == NULL || len < end_len ||
	    strcmp(text + len - end_len, end) != 0)
		return false;
	p = text + 1;
	n = span_hex(p);
	if (n == 0 || p[n] != '_')
		return false;
	p += n + 1;
	n = span_hex(p);
	if (n == 0 || p + n != domain ||
	    domain - (text + 1) > CM_PART_MAX_CONTENT_ID_LOCAL)
		return false;
	domain++;
	len = (size_t)(text + len - 1 - domain);
	if (len < end_len || len > CM_PART_MAX_CONTENT_ID_DOMAIN)
		return false;
	for (p = domain; *p != '>'; p++) {
		if (!cm_ascii_is_alnum(*p) && *p != '.' && *p != '-')
			return false;
	}
	return p == domain + len;
}

static enum cm_rule content_id_field(struct cm_part *part, const char *value,
				     size_t len)
{
	/* "<", "@", ">" and NUL */
	char text[CM_PART_MAX_CONTENT_ID_LOCAL +
		  CM_PART_MAX_CONTENT_ID_DOMAIN + 4];

	if (!part->from_outside || part->kind != CM_PART_PGP_DATA ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0 ||
	    !content_id_valid(text, strlen(text)))
		return CM_RULE_PART_HEADER;
	return CM_RULE_NONE;
}

enum cm_rule cm_part_field(struct cm_part *part, const char *field, size_t len)
{
	static const struct {
		const char *name;
		unsigned int bit;
		enum cm_rule (*read)(struct cm_part *, const char *, size_t);
	} fields[] = {
		{ "Content-Type", SEEN_TYPE, type_field },
		{ "Content-Transfer-Encoding", SEEN_ENCODING, encoding_field },
		{ "Content-Description", SEEN_DESCRIPTION, description_field },
		{ "Content-Disposition", SEEN_DISPOSITION, disposition_field },
		{ "Message-ID", SEEN_MESSAGE_ID, message_id_field },
		{ "MIME-Version", SEEN_MIME_VERSION, mime_version_field },
		{ "Content-ID", SEEN_CONTENT_ID, content_id_field }
	};
	const char *colon = memchr(field, ':', len);
	enum cm_rule rule;
	char name[32];
	size_t i, name_len;

	if (colon == NULL)
		return CM_RULE_HEADER_SYNTAX;
	name_len = (size_t)(colon - field);
	if (!cm_header_name_valid(field, name_len))
		return CM_RULE_HEADER_SYNTAX;
	if (name_len >= sizeof(name) || ++part->fields > CM_PART_MAX_FIELDS)
		return CM_RULE_PART_HEADER;
	/* NUL would end the value for us and for nobody else */
	rule = cm_header_value_check(colon + 1, len - name_len - 1);
	if (rule != CM_RULE_NONE)
		return rule;
	memcpy(name, field, name_len);
	name[name_len] = '\0';
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!cm_ascii_equal(name, fields[i].name))
			continue;
		if ((part->seen & fields[i].bit) != 0)
			return CM_RULE_HEADER_DUPLICATE;
		if (part->kind == CM_PART_SECUREJOIN &&
		    (fields[i].bit & (SEEN_DESCRIPTION | SEEN_DISPOSITION)) != 0)
			return CM_RULE_PART_HEADER;
		part->seen |= fields[i].bit;
		return fields[i].read(part, colon + 1,
				      len - name_len - 1);
	}
	return CM_RULE_PART_HEADER;
}

enum cm_rule cm_part_headers_end(struct cm_part *part)
{
	return (part->seen & SEEN_TYPE) != 0 ? CM_RULE_NONE :
					       CM_RULE_PART_TYPE;
}
