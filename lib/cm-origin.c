/* SPDX-License-Identifier: MIT */
#include "cm-origin.h"
#include "cm-addr.h"
#include "cm-dkim-tags.h"

#include <string.h>

static size_t name_len(const char *authserv_id, bool *with_queue_id_r)
{
	size_t len = strlen(authserv_id);
	size_t end = sizeof(CM_ORIGIN_QUEUE_ID) - 1;

	*with_queue_id_r = len > end &&
		strcmp(authserv_id + len - end, CM_ORIGIN_QUEUE_ID) == 0;
	return *with_queue_id_r ? len - end : len;
}

bool cm_origin_id_valid(const char *authserv_id)
{
	bool with_queue_id;

	return cm_authres_id_valid(authserv_id, name_len(authserv_id,
							 &with_queue_id));
}

bool cm_origin_secret_valid(const char *secret, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!cm_ascii_is_alnum(secret[i]))
			return false;
	}
	return len >= CM_ORIGIN_MIN_SECRET && len <= CM_ORIGIN_MAX_SECRET;
}

void cm_origin_begin(struct cm_origin *origin, const char *authserv_id,
		     const char *secret)
{
	size_t len, secret_len = strlen(secret);

	memset(origin, 0, offsetof(struct cm_origin, top));
	len = name_len(authserv_id, &origin->with_queue_id);
	/* what settings let in fits; nothing matches an empty one */
	if (len + 1 + secret_len >= sizeof(origin->id))
		len = secret_len = 0;
	memcpy(origin->id, authserv_id, len);
	if (secret_len > 0) {
		origin->id[len++] = '-';
		memcpy(origin->id + len, secret, secret_len);
		len += secret_len;
	}
	origin->id[len] = '\0';
}

static bool name_is(const char *name, size_t len, const char *known)
{
	return strlen(known) == len && cm_ascii_equal_n(known, name, len);
}

void cm_origin_header(struct cm_origin *origin, const char *name,
		      size_t name_len, const char *value, size_t value_len)
{
	if (name_is(name, name_len, "DKIM-Signature")) {
		origin->signatures++;
		if (!cm_dkim_tags_plain(value, value_len))
			origin->odd_signature = true;
		return;
	}
	if (!name_is(name, name_len, "Authentication-Results"))
		return;
	if (cm_authres_is_ours(value, value_len, origin->id))
		origin->ours++;
	if (origin->have_top)
		return;
	/* too long is as good as none */
	origin->have_top = true;
	if (value_len <= sizeof(origin->top)) {
		memcpy(origin->top, value, value_len);
		origin->top_len = value_len;
	}
}

enum cm_rule cm_origin_rule(const struct cm_origin *origin,
			    const char *queue_id, const char *from)
{
	const char *domain = strrchr(from, '@');

	domain = domain != NULL ? domain + 1 : "";
	if (*domain == '[')
		return CM_RULE_NONE;
	if (origin->signatures == 0)
		return CM_RULE_DKIM_MISSING;
	if (origin->odd_signature)
		return CM_RULE_DKIM_SIGNATURE;
	if (!origin->with_queue_id && strcmp(queue_id, "*") != 0)
		queue_id = NULL;
	switch (cm_authres_read(origin->top, origin->top_len, origin->id,
				queue_id, domain)) {
	case CM_AUTHRES_PASS:
		return origin->ours == 1 ? CM_RULE_NONE :
					   CM_RULE_DKIM_FORGED;
	case CM_AUTHRES_FAIL:
		return CM_RULE_DKIM_INVALID;
	case CM_AUTHRES_TEMPERROR:
		return CM_RULE_DKIM_TEMPORARY;
	default:
		/* Nothing of the verifier: it did not see this message, or
		 * its settings and ours do not fit. Neither is the sender's
		 * fault, and neither is a reason to believe him. */
		return CM_RULE_DKIM_UNVERIFIED;
	}
}
