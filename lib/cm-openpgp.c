/* SPDX-License-Identifier: MIT */
#include "cm-openpgp.h"
#include "cm-openpgp-esk.h"

#include <string.h>

#define TAG_PKESK 1
#define TAG_SKESK 3
#define TAG_SEIPD 18

/* version, then block size plus two octets of prefix and the 22 octets of
 * the MDC packet, at least one octet of data (RFC 9580 5.13.1). */
#define SEIPD_V1_MIN (1 + 16 + 2 + 22 + 1)
/* version, cipher, AEAD, chunk size, salt, at least one octet, its tag and
 * the final tag (RFC 9580 5.13.2). */
#define SEIPD_V2_HEAD (4 + 32)
#define SEIPD_V2_MIN (SEIPD_V2_HEAD + 1 + 16 + 16)
#define SEIPD_V2_MAX_CHUNK_OCTET 16

enum {
	STATE_TAG,
	STATE_LENGTH,	      /* first octet of a new format length */
	STATE_LENGTH_OCTETS,  /* the rest of one, or a legacy length */
	STATE_BODY,
	STATE_END
};

void cm_openpgp_init(struct cm_openpgp *pgp)
{
	/* body is only read as far as it was written */
	memset(pgp, 0, offsetof(struct cm_openpgp, body));
	pgp->state = STATE_TAG;
}

static enum cm_rule packet_begin(struct cm_openpgp *pgp)
{
	pgp->body_size = 0;
	if (pgp->tag == TAG_PKESK || pgp->tag == TAG_SKESK) {
		if (++pgp->esk_count > CM_OPENPGP_MAX_ESK)
			return CM_RULE_OPENPGP_TOO_MANY;
		return CM_RULE_NONE;
	}
	if (pgp->tag != TAG_SEIPD)
		return CM_RULE_OPENPGP_PACKET;
	/* Nobody could decrypt it: somebody only dressed something up. Or
	 * what all the session keys say together is no noise. */
	if (pgp->esk_count == 0 || !cm_openpgp_noise_end(&pgp->noise))
		return CM_RULE_OPENPGP_SESSION_KEY;
	return CM_RULE_NONE;
}

static enum cm_rule take_tag(struct cm_openpgp *pgp, unsigned char c)
{
	static const unsigned char octets[3] = { 1, 2, 4 };

	if ((c & 0x80) == 0)
		return CM_RULE_OPENPGP_SYNTAX;
	pgp->partial = false;
	pgp->remaining = 0;
	if ((c & 0x40) != 0) {
		pgp->tag = c & 0x3f;
		pgp->state = STATE_LENGTH;
	} else {
		pgp->tag = (c >> 2) & 0x0f;
		if ((c & 3) == 3) /* "until the end": hides anything */
			return CM_RULE_OPENPGP_LENGTH;
		pgp->length_octets = octets[c & 3];
		pgp->state = STATE_LENGTH_OCTETS;
	}
	return packet_begin(pgp);
}

static enum cm_rule length_known(struct cm_openpgp *pgp)
{
	pgp->state = STATE_BODY;
	if (pgp->tag != TAG_SEIPD && pgp->remaining > CM_OPENPGP_MAX_ESK_SIZE)
		return CM_RULE_OPENPGP_LENGTH;
	return CM_RULE_NONE;
}

/* RFC 9580 4.2.1 */
static enum cm_rule take_length(struct cm_openpgp *pgp, unsigned char c)
{
	pgp->partial = false;
	if (c < 192) {
		pgp->remaining = c;
		return length_known(pgp);
	}
	if (c < 224) {
		/* ((first - 192) << 8) + second + 192 */
		pgp->remaining = c - 192u;
		pgp->two_octet_form = true;
		pgp->length_octets = 1;
		pgp->state = STATE_LENGTH_OCTETS;
		return CM_RULE_NONE;
	}
	if (c < 255) {
		if (pgp->tag != TAG_SEIPD)
			return CM_RULE_OPENPGP_LENGTH;
		pgp->remaining = (uint64_t)1 << (c & 0x1f);
		pgp->partial = true;
		return length_known(pgp);
	}
	pgp->remaining = 0;
	pgp->length_octets = 4;
	pgp->state = STATE_LENGTH_OCTETS;
	return CM_RULE_NONE;
}

static enum cm_rule take_length_octet(struct cm_openpgp *pgp,
				      unsigned char c)
{
	pgp->remaining = pgp->remaining << 8 | c;
	if (--pgp->length_octets > 0)
		return CM_RULE_NONE;
	if (pgp->two_octet_form)
		pgp->remaining += 192;
	pgp->two_octet_form = false;
	return length_known(pgp);
}

/* RFC 9580 9.6, and 9.3 without the ciphers that must not be used. */
static bool seipd2_head_valid(const unsigned char *head)
{
	unsigned int cipher = head[1], aead = head[2], chunk = head[3];

	return cipher >= 7 && cipher <= 13 && aead >= 1 && aead <= 3 &&
	       chunk <= SEIPD_V2_MAX_CHUNK_OCTET;
}

/* The octets of version 2 before the salt, which may come one by one. */
static enum cm_rule take_seipd_head(struct cm_openpgp *pgp,
				    const unsigned char **data, size_t *size)
{
	while (*size > 0 && pgp->body_size < 4) {
		pgp->body[pgp->body_size++] = *(*data)++;
		(*size)--;
		pgp->data_size++;
		if (pgp->body_size == 1) {
			pgp->data_version = pgp->body[0];
			if (pgp->data_version != 1 && pgp->data_version != 2)
				return CM_RULE_OPENPGP_DATA;
		}
		if (pgp->data_version == 1) {
			/* random from here on */
			pgp->body_size = 4;
		} else if (pgp->body_size == 4 &&
			   !seipd2_head_valid(pgp->body)) {
			return CM_RULE_OPENPGP_DATA;
		}
	}
	return CM_RULE_NONE;
}

static enum cm_rule take_body(struct cm_openpgp *pgp,
			      const unsigned char *data, size_t size)
{
	enum cm_rule rule;

	if (pgp->tag != TAG_SEIPD) {
		/* length_known() made sure that it fits */
		memcpy(pgp->body + pgp->body_size, data, size);
		pgp->body_size += size;
		return CM_RULE_NONE;
	}
	rule = take_seipd_head(pgp, &data, &size);
	if (rule != CM_RULE_NONE)
		return rule;
	pgp->data_size += size;
	return cm_openpgp_noise_feed(&pgp->noise, data, size) ?
		CM_RULE_NONE : CM_RULE_OPENPGP_DATA;
}

static enum cm_rule packet_end(struct cm_openpgp *pgp)
{
	if (pgp->tag == TAG_SEIPD) {
		pgp->state = STATE_END;
		if (pgp->data_size < (pgp->data_version == 2 ? SEIPD_V2_MIN :
							       SEIPD_V1_MIN))
			return CM_RULE_OPENPGP_DATA;
		return cm_openpgp_noise_end(&pgp->noise) ?
			CM_RULE_NONE : CM_RULE_OPENPGP_DATA;
	}
	pgp->state = STATE_TAG;
	if (pgp->tag == TAG_PKESK ?
	    !cm_openpgp_pkesk_valid(pgp->body, pgp->body_size, &pgp->noise) :
	    !cm_openpgp_skesk_valid(pgp->body, pgp->body_size, &pgp->noise))
		return CM_RULE_OPENPGP_SESSION_KEY;
	return CM_RULE_NONE;
}

static enum cm_rule chunk_end(struct cm_openpgp *pgp)
{
	if (pgp->partial) {
		pgp->state = STATE_LENGTH;
		return CM_RULE_NONE;
	}
	return packet_end(pgp);
}

static enum cm_rule feed_octet(struct cm_openpgp *pgp, unsigned char c)
{
	switch (pgp->state) {
	case STATE_TAG:
		return take_tag(pgp, c);
	case STATE_LENGTH:
		return take_length(pgp, c);
	case STATE_LENGTH_OCTETS:
		return take_length_octet(pgp, c);
	default:
		return CM_RULE_OPENPGP_TRAILING;
	}
}

enum cm_rule cm_openpgp_feed(struct cm_openpgp *pgp, const unsigned char *data,
			     size_t size)
{
	const unsigned char *end = data + size;

	while (data < end && pgp->rule == CM_RULE_NONE) {
		if (pgp->state == STATE_BODY && pgp->remaining > 0) {
			size_t n = (size_t)(end - data);

			if (n > pgp->remaining)
				n = (size_t)pgp->remaining;
			pgp->rule = take_body(pgp, data, n);
			data += n;
			pgp->remaining -= n;
		} else {
			pgp->rule = feed_octet(pgp, *data++);
		}
		if (pgp->rule == CM_RULE_NONE && pgp->state == STATE_BODY &&
		    pgp->remaining == 0)
			pgp->rule = chunk_end(pgp);
	}
	return pgp->rule;
}

enum cm_rule cm_openpgp_finish(struct cm_openpgp *pgp)
{
	if (pgp->rule == CM_RULE_NONE && pgp->state != STATE_END)
		pgp->rule = CM_RULE_OPENPGP_SYNTAX;
	return pgp->rule;
}
