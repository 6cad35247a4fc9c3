/* SPDX-License-Identifier: MIT */
#include "cm-exempt.h"
#include "cm-addr.h"
#include "cm-settings.h"

#include <string.h>

bool cm_exempt_needs_recipients(const struct cm_settings *set,
				enum cm_direction direction)
{
	return direction == CM_INCOMING ||
	       *set->passthrough_recipients != '\0' ||
	       set->allow_autocrypt_setup_message;
}

static bool all_listed(const struct cm_recipients *rcpts, const char *list)
{
	const char *rcpt = NULL;

	if (rcpts->overflow || rcpts->size == 0)
		return false;
	while ((rcpt = cm_recipients_next(rcpts, rcpt)) != NULL) {
		if (!cm_settings_list_matches(list, rcpt))
			return false;
	}
	return true;
}

static bool to_himself(const struct cm_recipients *rcpts,
		       const char *mail_from)
{
	const char *rcpt = cm_recipients_next(rcpts, NULL);

	return !rcpts->overflow && rcpt != NULL &&
	       cm_recipients_next(rcpts, rcpt) == NULL &&
	       cm_ascii_equal(rcpt, mail_from);
}

static const char *outgoing(const struct cm_settings *set,
			    const char *mail_from,
			    const struct cm_recipients *rcpts,
			    const struct cm_message *msg)
{
	if (cm_settings_list_matches(set->passthrough_senders, mail_from))
		return "passthrough-sender";
	if (all_listed(rcpts, set->passthrough_recipients))
		return "passthrough-recipients";
	if (set->allow_autocrypt_setup_message && msg->setup_message &&
	    to_himself(rcpts, mail_from))
		return "autocrypt-setup-message";
	return NULL;
}

int cm_exempt(const struct cm_settings *set, enum cm_direction direction,
	      const char *mail_from, const struct cm_recipients *rcpts,
	      const struct cm_message *msg, const char **reason_r,
	      const char **error_r)
{
	*error_r = NULL;
	if (direction == CM_INCOMING) {
		*reason_r = "cleartext-allowed";
		return cm_recipients_cleartext_allowed(rcpts, set, error_r);
	}
	*reason_r = outgoing(set, mail_from, rcpts, msg);
	return *reason_r != NULL;
}
