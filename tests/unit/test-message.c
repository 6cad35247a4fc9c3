/* SPDX-License-Identifier: MIT
 *
 * cm-message: whole messages, each row a good one with one thing
 * changed.
 */
#include "cm-unit.h"
#include "pgp-sample.h"
#include "cm-addr.h"
#include "cm-gate.h"

#define FROM "From: <alice0001@relay.test>\n"
#define TYPE                                                                   \
	"Content-Type: multipart/encrypted; "                                  \
	"protocol=\"application/pgp-encrypted\";\n\tboundary=\"b1\"\n"
#define HEAD FROM "To: \"hidden-recipients\": ;\nSubject: [...]\n" TYPE
#define PART1 "--b1\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
#define PART2 "--b1\nContent-Type: application/octet-stream\n\n"
#define ARMOR "%A"
#define CLOSE "--b1--\n"
#define BODY PART1 PART2 ARMOR CLOSE

#define SJ_ID "c0ffee00-0000-4000-8000-000000000002"
#define SJ_HEAD                                                                \
	FROM "To: <bob000002@relay.test>\nMessage-ID: <" SJ_ID "@localhost>\n"          \
	"Secure-Join: vc-request\nSecure-Join-Invitenumber: abc\n"             \
	"Content-Type: multipart/mixed; boundary=\"b1\"\n"
#define SJ_BODY                                                                \
	"--b1\nContent-Type: text/plain; charset=\"utf-8\"\n\n"                \
	"Secure-Join: vc-request\n--b1--\n"

/* '\n' stands for CR LF, %A for the armor, %B for the armor in base64, %Q in
 * quoted-printable, %C for a lone CR, %L for a lone LF, %0 for a NUL. */
static const struct row {
	const char *name, *header, *body, *expect;
} rows[] = {
	{ "Delta Chat of today", HEAD, "\n" PART1 PART2 ARMOR "\n" CLOSE "\n",
	  "encrypted" },
	{ "no empty lines", HEAD, BODY, "encrypted" },
	{ "Thunderbird", HEAD,
	  "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n"
	  "--b1\nContent-Type: application/pgp-encrypted\n"
	  "Content-Description: PGP/MIME version identification\n\n"
	  "Version: 1\n\n--b1\n"
	  "Content-Type: application/octet-stream; name=\"encrypted.asc\"\n"
	  "Content-Description: OpenPGP encrypted message\n"
	  "Content-Disposition: inline; filename=\"encrypted.asc\"\n\n"
	  ARMOR "\n" CLOSE, "encrypted" },
	{ "Mutt", HEAD,
	  "\n--b1\nContent-Type: application/pgp-encrypted\n"
	  "Content-Disposition: attachment\n\nVersion: 1\n\n--b1\n"
	  "Content-Type: application/octet-stream\n"
	  "Content-Disposition: attachment; filename=\"msg.asc\"\n\n"
	  ARMOR "\n" CLOSE, "encrypted" },
	{ "base64", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: base64\n\n%B" CLOSE, "encrypted" },
	{ "quoted-printable", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n%Q" CLOSE,
	  "encrypted" },

	/* header */
	{ "no type", FROM, BODY, "not-encrypted" },
	{ "text", FROM "Content-Type: text/plain\n", BODY, "not-encrypted" },
	{ "multipart/mixed", FROM "Content-Type: multipart/mixed; "
	  "boundary=b1\n", BODY, "not-encrypted" },
	{ "type only named elsewhere",
	  FROM "Subject: application/pgp-encrypted multipart/encrypted\n",
	  BODY, "not-encrypted" },
	{ "type twice, text first", FROM "Content-Type: text/plain\n" TYPE,
	  BODY, "header-duplicate" },
	{ "type twice, text last", FROM TYPE "Content-Type: text/plain\n",
	  BODY, "header-duplicate" },
	{ "encoding twice", HEAD "Content-Transfer-Encoding: 7bit\n"
	  "Content-Transfer-Encoding: 7bit\n", BODY, "header-duplicate" },
	{ "MIME-Version twice", HEAD "MIME-Version: 1.0\nMIME-Version: 1.0\n",
	  BODY, "header-duplicate" },
	{ "base64 around it all", HEAD "Content-Transfer-Encoding: base64\n",
	  BODY, "transfer-encoding" },
	{ "unknown encoding", HEAD "Content-Transfer-Encoding: x-uuencode\n",
	  BODY, "transfer-encoding" },
	{ "8bit", HEAD "Content-Transfer-Encoding: 8bit\n", BODY,
	  "encrypted" },
	{ "no protocol", FROM "Content-Type: multipart/encrypted; "
	  "boundary=b1\n", BODY, "content-type-parameter" },
	{ "protocol of S/MIME", FROM "Content-Type: multipart/encrypted; "
	  "boundary=b1; protocol=\"application/pkcs7-mime\"\n", BODY,
	  "content-type-parameter" },
	{ "free parameter", FROM "Content-Type: multipart/encrypted; "
	  "protocol=\"application/pgp-encrypted\"; boundary=b1; x=hello\n",
	  BODY, "content-type-parameter" },
	{ "no boundary", FROM "Content-Type: multipart/encrypted; "
	  "protocol=\"application/pgp-encrypted\"\n", BODY,
	  "content-type-parameter" },
	{ "comment in the type", FROM "Content-Type: multipart/encrypted "
	  "(hello); protocol=\"application/pgp-encrypted\"; boundary=b1\n",
	  BODY, "content-type-syntax" },
	{ "space before the colon", FROM "Content-Type : x/y\n" TYPE, BODY,
	  "header-syntax" },
	{ "lone CR in a header", FROM "X: a%Cb\n" TYPE, BODY,
	  "control-character" },

	/* around the parts */
	{ "preamble", HEAD, "hello\n" BODY, "preamble" },
	{ "known preamble twice", HEAD,
	  "This is a multi-part message in MIME format.\n"
	  "This is a multi-part message in MIME format.\n" BODY, "preamble" },
	{ "known preamble and more", HEAD,
	  "This is a multi-part message in MIME format. hello\n" BODY,
	  "preamble" },
	{ "epilogue", HEAD, BODY "hello\n", "epilogue" },
	{ "known preamble as epilogue", HEAD,
	  BODY "This is a multi-part message in MIME format.\n", "epilogue" },
	{ "a part in the epilogue", HEAD, BODY PART2, "epilogue" },
	{ "delimiter with text, first", HEAD, "--b1x hello\n" BODY,
	  "boundary" },
	{ "delimiter with text, later", HEAD, PART1 "--b1x\n" PART2 ARMOR
	  CLOSE, "boundary" },
	{ "delimiter with a space", HEAD, PART1
	  "--b1 \nContent-Type: application/octet-stream\n\n" ARMOR CLOSE,
	  "boundary" },
	{ "no close delimiter", HEAD, PART1 PART2 ARMOR, "close-delimiter" },
	{ "no delimiter at all", HEAD, "\n", "part-count" },
	{ "no body", HEAD, "", "part-count" },
	{ "closed at once", HEAD, CLOSE, "part-count" },
	{ "one part", HEAD, PART1 CLOSE, "part-count" },
	{ "third part", HEAD, PART1 PART2 ARMOR PART2 ARMOR CLOSE,
	  "part-count" },
	{ "third part of text", HEAD,
	  PART1 PART2 ARMOR "--b1\nContent-Type: text/plain\n\nhi\n" CLOSE,
	  "part-count" },
	{ "parts in the other order", HEAD, PART2 ARMOR PART1 CLOSE,
	  "part-type" },
	{ "nested", HEAD,
	  PART1 "--b1\nContent-Type: multipart/mixed; boundary=b2\n\n"
	  "--b2\nContent-Type: application/octet-stream\n\n" ARMOR "--b2--\n"
	  CLOSE, "part-type" },

	/* parts */
	{ "part without a type", HEAD, "--b1\n\nVersion: 1\n" PART2 ARMOR CLOSE,
	  "part-type" },
	{ "text as second part", HEAD,
	  PART1 "--b1\nContent-Type: text/plain\n\n" ARMOR CLOSE,
	  "part-type" },
	{ "free description", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Description: hello\n\n" ARMOR CLOSE, "part-header" },
	{ "free file name", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream; name=\"hello\"\n\n"
	  ARMOR CLOSE, "content-type-parameter" },
	{ "free file name of the disposition", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Disposition: inline; filename=\"hello\"\n\n"
	  ARMOR CLOSE, "part-header" },
	{ "free header", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream\nX-Text: hello\n\n"
	  ARMOR CLOSE, "part-header" },
	{ "Message-ID on a part", HEAD "Message-ID: <a@b>\n", PART1
	  "--b1\nContent-Type: application/octet-stream\nMessage-ID: <a@b>\n\n"
	  ARMOR CLOSE, "part-header" },
	{ "type of a part twice", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Type: application/octet-stream\n\n" ARMOR CLOSE,
	  "header-duplicate" },
	{ "no colon in a part header", HEAD, PART1
	  "--b1\nContent-Type: application/octet-stream\nhello\n\n"
	  ARMOR CLOSE, "header-syntax" },
	{ "fold at the beginning of a part", HEAD,
	  PART1 "--b1\n hello\nContent-Type: application/octet-stream\n\n"
	  ARMOR CLOSE, "header-syntax" },
	{ "delimiter in a part header", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n" CLOSE,
	  "close-delimiter" },
	{ "text in the control part", HEAD,
	  "--b1\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
	  "hello\n" PART2 ARMOR CLOSE, "part-body" },
	{ "Version twice", HEAD,
	  "--b1\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
	  "Version: 1\n" PART2 ARMOR CLOSE, "part-body" },
	{ "Version 2", HEAD,
	  "--b1\nContent-Type: application/pgp-encrypted\n\nVersion: 2\n"
	  PART2 ARMOR CLOSE, "part-body" },
	{ "control part empty", HEAD,
	  "--b1\nContent-Type: application/pgp-encrypted\n\n" PART2 ARMOR
	  CLOSE, "part-body" },
	{ "control part in base64", HEAD,
	  "--b1\nContent-Type: application/pgp-encrypted\n"
	  "Content-Transfer-Encoding: base64\n\nVmVyc2lvbjogMQ==\n" PART2
	  ARMOR CLOSE, "transfer-encoding" },

	/* the armor */
	{ "text before the armor", HEAD, PART1 PART2 "hello\n" ARMOR CLOSE,
	  "armor-begin" },
	{ "text behind the armor", HEAD, PART1 PART2 ARMOR "hello\n" CLOSE,
	  "armor-trailing" },
	{ "two armors", HEAD, PART1 PART2 ARMOR ARMOR CLOSE,
	  "armor-trailing" },
	{ "no armor", HEAD, PART1 PART2 "hello\n" CLOSE, "armor-begin" },
	{ "empty", HEAD, PART1 PART2 CLOSE, "armor-begin" },
	{ "text in base64", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: base64\n\naGVsbG8K\n" CLOSE,
	  "armor-begin" },
	{ "Cyrillic in base64", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: base64\n\n"
	  "\xd0\xbf\xd1\x80\xd0\xb8\n%B" CLOSE, "transfer-encoding" },
	{ "base64 cut off", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: base64\n\nLS0tL\n" CLOSE,
	  "transfer-encoding" },
	{ "uuencode", HEAD,
	  PART1 "--b1\nContent-Type: application/octet-stream\n"
	  "Content-Transfer-Encoding: x-uuencode\n\n" ARMOR CLOSE,
	  "transfer-encoding" },
	{ "lone LF", HEAD, PART1 PART2 "-----BEGIN PGP MESSAGE-----%L\n",
	  "line-ending" },
	{ "lone CR", HEAD, PART1 PART2 "%C" ARMOR CLOSE, "armor-begin" },
	{ "NUL in the preamble", HEAD, "%0\n" BODY, "preamble" },
	{ "NUL in the armor", HEAD, PART1 PART2
	  "-----BEGIN PGP MESSAGE-----\n\n%0\n", "armor-base64" },
	{ "boundary like the armor", FROM "Content-Type: multipart/encrypted; "
	  "protocol=\"application/pgp-encrypted\"; boundary=\"---\"\n",
	  "-----\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
	  "-----\nContent-Type: application/octet-stream\n\n" ARMOR
	  "-------\n", "boundary" },

	/* SecureJoin */
	{ "SecureJoin", SJ_HEAD, SJ_BODY, "securejoin-request" },
	{ "SecureJoin with the Message-ID in the part", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\nMessage-ID: <" SJ_ID "@localhost>\n\n"
	  "Secure-Join: vc-request\n--b1--\n", "securejoin-request" },
	{ "SecureJoin with another Message-ID in the part", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\nMessage-ID: <hello@localhost>\n\n"
	  "Secure-Join: vc-request\n--b1--\n", "part-header" },
	{ "SecureJoin, another step", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\n\nSecure-Join: vg-request\n--b1--\n",
	  "securejoin" },
	{ "SecureJoin with text", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\n\nSecure-Join: vc-request\nhello\n"
	  "--b1--\n", "securejoin" },
	{ "SecureJoin with a preamble", SJ_HEAD, "hello\n" SJ_BODY,
	  "preamble" },
	{ "SecureJoin with a known preamble", SJ_HEAD,
	  "This is a multi-part message in MIME format.\n" SJ_BODY,
	  "preamble" },
	{ "SecureJoin with an epilogue", SJ_HEAD, SJ_BODY "hello\n",
	  "epilogue" },
	{ "SecureJoin with two parts", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\n\nSecure-Join: vc-request\n"
	  SJ_BODY, "part-count" },
	{ "SecureJoin with a header", SJ_HEAD "Comments: hello\n", SJ_BODY,
	  "securejoin" },
	{ "SecureJoin with a description", SJ_HEAD,
	  "--b1\nContent-Type: text/plain\nContent-Description: PGP/MIME "
	  "version identification\n\nSecure-Join: vc-request\n--b1--\n",
	  "part-header" },
	{ "SecureJoin header twice", SJ_HEAD "Secure-Join: vc-request\n",
	  SJ_BODY, "not-encrypted" },
	{ "SecureJoin of another kind", FROM "Secure-Join: vc-auth-required\n"
	  "Content-Type: multipart/mixed; boundary=b1\n", SJ_BODY,
	  "not-encrypted" },
	{ "SecureJoin without its header",
	  FROM "Content-Type: multipart/mixed; boundary=b1\n", SJ_BODY,
	  "not-encrypted" },
};

static struct sample s;
static char *armor, *armor_base64, *armor_qp;

static char *with_eol(const char *text, size_t len)
{
	char *result = malloc(len * 2 + 1), *p = result;

	assert_non_null(result);
	for (; len > 0; text++, len--) {
		if (*text == '\n')
			*p++ = '\r';
		*p++ = *text;
	}
	*p = '\0';
	return result;
}

static void make_armor(void)
{
	static char text[8192];
	char *base64, *p;

	sample_message(&s, 700);
	base64 = sample_base64(&s, 64, "\n");
	(void)snprintf(text, sizeof(text), "-----BEGIN PGP MESSAGE-----\n\n"
		       "%s=AbCd\n-----END PGP MESSAGE-----\n", base64);
	free(base64);
	armor = with_eol(text, strlen(text));
	s.size = 0;
	sample_put(&s, armor, strlen(armor));
	armor_base64 = sample_base64(&s, 76, "\r\n");
	/* quoted-printable: soft breaks in the middle of every line */
	armor_qp = malloc(strlen(armor) * 4);
	if (armor_qp == NULL)
		abort();
	p = armor_qp;
	for (base64 = armor; *base64 != '\0'; base64++) {
		if (*base64 == '=')
			p = stpcpy(p, "=3D");
		else
			*p++ = *base64;
		if (*base64 == 'B')
			p = stpcpy(p, "=\r\n");
	}
	*p = '\0';
}

/* Fills in what row texts leave out. Returns malloc()ed bytes. */
static char *expand(const char *text, size_t *size_r)
{
	s.size = 0;
	for (; *text != '\0'; text++) {
		const char *piece = NULL;

		if (*text == '\n') {
			sample_put(&s, "\r\n", 2);
			continue;
		}
		if (*text != '%') {
			sample_put(&s, text, 1);
			continue;
		}
		switch (*++text) {
		case 'A':
			piece = armor;
			break;
		case 'B':
			piece = armor_base64;
			break;
		case 'Q':
			piece = armor_qp;
			break;
		case 'C':
			piece = "\r";
			break;
		case 'L':
			piece = "x\n";
			break;
		default:
			sample_byte(&s, 0);
			continue;
		}
		sample_put(&s, piece, strlen(piece));
	}
	*size_r = s.size;
	{
		char *copy = malloc(s.size + 1);

		assert_non_null(copy);
		memcpy(copy, s.data, s.size);
		return copy;
	}
}

static void push_header(struct cm_message *msg, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *line_end = text, *colon;

		do {
			line_end = memchr(line_end, '\n',
					  (size_t)(end - line_end));
			assert_non_null(line_end);
			line_end++;
		} while (line_end < end &&
			 (*line_end == ' ' || *line_end == '\t'));
		colon = memchr(text, ':', (size_t)(line_end - text));
		assert_non_null(colon);
		cm_message_header(msg, text, (size_t)(colon - text), colon + 1,
				  (size_t)(line_end - 2 - (colon + 1)));
		text = line_end;
	}
}

struct skeleton {
	char text[16384];
	size_t used;
};

static void add_skeleton(void *ctx, const void *data, size_t len)
{
	struct skeleton *skeleton = ctx;

	assert_true(len < sizeof(skeleton->text) - skeleton->used);
	memcpy(skeleton->text + skeleton->used, data, len);
	skeleton->used += len;
	skeleton->text[skeleton->used] = '\0';
}

static const char *run(const struct row *row, size_t piece,
		       enum cm_direction direction, struct skeleton *skeleton)
{
	struct cm_message *msg = malloc(sizeof(*msg));
	struct cm_gate_input input = {
		.direction = direction,
		.mail_from = "alice0001@relay.test",
		.login = "",
		.from_addresses = 1,
		.from = "alice0001@relay.test",
		.max_size = 1000000,
		.msg = msg
	};
	char *header, *body;
	size_t header_size, body_size, pos, n;
	struct cm_verdict verdict;

	assert_non_null(msg);
	header = expand(row->header, &header_size);
	body = expand(row->body, &body_size);
	skeleton->used = 0;
	cm_message_init(msg, direction == CM_INCOMING, add_skeleton, skeleton);
	push_header(msg, header, header_size);
	(void)cm_message_eoh(msg);
	verdict = cm_gate_header(&input);
	for (pos = 0; pos < body_size; pos += n) {
		unsigned char *copy;

		n = piece != 0 ? piece : 1 + sample_noise() % 97u;
		if (n > body_size - pos)
			n = body_size - pos;
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, body + pos, n);
		(void)cm_message_body(msg, copy, n);
		free(copy);
	}
	(void)cm_message_finish(msg);
	if (verdict.action == CM_GATE_PENDING)
		verdict = cm_gate_final(&input);
	else /* what was certain then is so at the end */
		assert_int_equal(verdict.rule, cm_gate_final(&input).rule);
	free(header);
	free(body);
	free(msg);
	return verdict.action == CM_GATE_ACCEPT ?
		verdict.reason : cm_rule_info(verdict.rule)->name;
}

static void judges(void **state)
{
	static const size_t pieces[] = { 100000, 1, 2, 61, 0 };
	const struct row *row = *state;
	static struct skeleton first, other;
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct skeleton *skeleton = i == 0 ? &first : &other;

		assert_string_equal(run(row, pieces[i], CM_OUTGOING, skeleton),
				    row->expect);
		if (i > 0 && strcmp(row->expect, "encrypted") == 0)
			assert_string_equal(other.text, first.text);
		assert_string_equal(run(row, pieces[i], CM_INCOMING, &other),
				    row->expect);
	}
	/* no word that somebody could read is left out of the skeleton */
	if (strcmp(row->expect, "encrypted") == 0) {
		assert_non_null(strstr(first.text, "multipart/encrypted"));
		assert_null(strstr(first.text, "hello"));
	}
}

/* n of something before a body; n may be 0. */
static const char *with_blank(size_t before, size_t behind)
{
	struct row row = { "", HEAD, NULL, NULL };
	static struct skeleton skeleton;
	char text[1024], *p = text;

	while (before-- > 0)
		*p++ = '\n';
	p = stpcpy(p, BODY);
	while (behind-- > 0)
		*p++ = '\n';
	*p = '\0';
	row.body = text;
	return run(&row, 100000, CM_OUTGOING, &skeleton);
}

static void blank_limit(void **state)
{
	const size_t n = CM_MESSAGE_MAX_BLANK;

	(void)state;
	assert_string_equal(with_blank(n - 1, n - 1), "encrypted");
	assert_string_equal(with_blank(n, n), "encrypted");
	assert_string_equal(with_blank(n + 1, 0), "preamble");
	assert_string_equal(with_blank(0, n + 1), "epilogue");
}

static void part_field_limit(void **state)
{
	static struct skeleton skeleton;
	struct row row = { "", HEAD, NULL, NULL };
	char text[4096], folds[1024];
	size_t n;

	(void)state;
	for (n = CM_MESSAGE_MAX_PART_FIELD - 1;
	     n <= CM_MESSAGE_MAX_PART_FIELD + 1; n++) {
		/* a legal type, made long by spaces on folded lines */
		size_t used = strlen("Content-Type: application/octet-stream;"),
		       rest = n - used - 2;

		memset(folds, ' ', rest);
		folds[rest] = '\0';
		(void)snprintf(text, sizeof(text), PART1 "--b1\n"
			       "Content-Type: application/octet-stream;\n%s\n"
			       "\n%s", folds, ARMOR CLOSE);
		row.body = text;
		assert_string_equal(run(&row, 100000, CM_OUTGOING, &skeleton),
				    n <= CM_MESSAGE_MAX_PART_FIELD ?
				    "encrypted" : "part-header");
	}
}

static const char *with_content_id(size_t local, size_t host,
				   enum cm_direction direction)
{
	static struct skeleton skeleton;
	struct row row = { "", HEAD, NULL, NULL };
	char text[4096], hex[256], name[256];

	memset(hex, 'f', sizeof(hex));
	memset(name, 'h', sizeof(name));
	(void)snprintf(text, sizeof(text), PART1 "--b1\n"
		       "Content-Type: application/octet-stream\n"
		       "Content-ID: <%.8s_%.*s@%.*s.mail>\n\n%s", hex,
		       (int)local - 9, hex, (int)host, name, ARMOR CLOSE);
	row.body = text;
	return run(&row, 100000, direction, &skeleton);
}

static void content_id_limit(void **state)
{
	const size_t local = CM_PART_MAX_CONTENT_ID_LOCAL;
	const size_t host = CM_PART_MAX_CONTENT_ID_DOMAIN - strlen(".mail");

	(void)state;
	assert_string_equal(with_content_id(local - 1, host - 1, CM_INCOMING),
			    "encrypted");
	assert_string_equal(with_content_id(local, host, CM_INCOMING),
			    "encrypted");
	assert_string_equal(with_content_id(local + 1, 1, CM_INCOMING),
			    "part-header");
	assert_string_equal(with_content_id(20, host + 1, CM_INCOMING),
			    "part-header");
	assert_string_equal(with_content_id(10, 1, CM_INCOMING), "encrypted");
	assert_string_equal(with_content_id(9, 1, CM_INCOMING), "part-header");
	assert_string_equal(with_content_id(20, 0, CM_INCOMING),
			    "part-header");
	assert_string_equal(with_content_id(local, host, CM_OUTGOING),
			    "part-header");
}

int main(void)
{
	int ret;

	make_armor();
	cm_unit_rows(judges, rows);
	cm_unit_test(blank_limit);
	cm_unit_test(part_field_limit);
	cm_unit_test(content_id_limit);
	ret = cm_unit_run();
	free(armor);
	free(armor_base64);
	free(armor_qp);
	return ret;
}
