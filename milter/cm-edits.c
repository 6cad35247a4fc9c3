/* SPDX-License-Identifier: MIT */
#include "cm-edits.h"
#include "cm-autocrypt.h"
#include "cm-cleanup.h"
#include "cm-date.h"
#include "cm-header.h"
#include "cm-mime-gmime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_ALLOC 8

/* A field that passed by and may be changed; index counts those of its name,
 * the first being 1, as the milter protocol does. */
struct cm_edit {
	char *name;
	char *value; /* the new one; NULL removes the field */
	int index;
	bool change; /* or it only counts */
	/* What it would become in a SecureJoin request, and of what (nothing,
	 * if it just goes): worked out once it is known to be one. */
	enum cm_cleanup in_request;
	char *old_value;
	/* Goes if the message is encrypted. */
	bool cleartext_only;
	/* Whose key it is: goes unless that is the sender. */
	char *key_addr;
};

static bool is_full(struct cm_edits *edits, bool request_only)
{
	unsigned int others = edits->count - edits->request_count;

	if (request_only && edits->request_count == CM_EDITS_MAX_REQUEST)
		edits->request_overflow = true;
	else if (!request_only && others == CM_EDITS_MAX)
		edits->overflow = true;
	else
		return false;
	return true;
}

static struct cm_edit *add(struct cm_edits *edits, const char *name,
			   bool request_only)
{
	struct cm_edit *edit;
	unsigned int i;
	int index = 1;

	if (is_full(edits, request_only))
		return NULL;
	if (edits->count == edits->alloc) {
		unsigned int alloc = edits->alloc == 0 ? FIRST_ALLOC :
							 edits->alloc * 2;
		struct cm_edit *bigger = realloc(edits->edits,
						 alloc * sizeof(*bigger));

		if (bigger == NULL) {
			edits->failed = true;
			return NULL;
		}
		edits->edits = bigger;
		edits->alloc = alloc;
	}
	for (i = 0; i < edits->count; i++) {
		if (cm_ascii_equal(edits->edits[i].name, name))
			index++;
	}
	edit = &edits->edits[edits->count];
	memset(edit, 0, sizeof(*edit));
	edit->index = index;
	edit->name = strdup(name);
	if (edit->name == NULL) {
		edits->failed = true;
		return NULL;
	}
	edits->count++;
	edits->request_count += request_only;
	return edit;
}

static char *copy(struct cm_edits *edits, const char *text)
{
	char *result = strdup(text);

	edits->failed = edits->failed || result == NULL;
	return result;
}

/* What an address header becomes. Nothing worth keeping in one of the
 * recipients' is the list that Delta Chat writes; Reply-To just goes. */
static void edit_addresses(struct cm_edits *edits, struct cm_edit *edit,
			   const char *value)
{
	size_t len = strlen(value);
	int ret = len <= CM_EDITS_MAX_ADDRESSES ?
		cm_gmime_plain_addresses(value, len, &edit->value) : -1;

	edit->change = ret != 0;
	if (ret < 0 && cm_ascii_equal(edit->name, "To"))
		edit->value = copy(edits, "\"hidden-recipients\": ;");
	/* no From is worse than a free one; the gate has one address in it */
	if (ret < 0 && cm_ascii_equal(edit->name, "From"))
		edit->change = false;
}

static void edit_text(struct cm_edits *edits, struct cm_edit *edit,
		      const char *value, const char *text)
{
	edit->change = !cm_header_value_is(value, strlen(value), text);
	if (edit->change)
		edit->value = copy(edits, text);
}

/* A Date that cannot be read becomes this moment: some servers refuse mail
 * without any. */
static void edit_date(struct cm_edits *edits, struct cm_edit *edit,
		      const char *value)
{
	size_t len = strlen(value);
	char plain[CM_DATE_SIZE];
	int64_t date;

	if (cm_date_plain(value, len))
		return;
	if (cm_date_parse(value, len, &date) < 0)
		date = time(NULL);
	cm_date_format(date, plain);
	edit->change = true;
	edit->value = copy(edits, plain);
}

static void edit_key(struct cm_edits *edits, struct cm_edit *edit,
		     const char *value)
{
	struct cm_addr addr;

	edit->change = !cm_autocrypt_valid(value, strlen(value), &addr);
	if (!edit->change)
		edit->key_addr = copy(edits, addr.text);
}

static void edit_value(struct cm_edits *edits, struct cm_edit *edit,
		       enum cm_cleanup what, const char *value)
{
	switch (what) {
	case CM_CLEANUP_KEEP:
		break;
	case CM_CLEANUP_DROP:
		edit->change = true;
		break;
	case CM_CLEANUP_SUBJECT:
		edit_text(edits, edit, value, CM_CLEANUP_SUBJECT_TEXT);
		break;
	case CM_CLEANUP_VERSION:
		edit_text(edits, edit, value, CM_CLEANUP_VERSION_TEXT);
		break;
	case CM_CLEANUP_ADDRESSES:
		edit_addresses(edits, edit, value);
		break;
	case CM_CLEANUP_DATE:
		edit_date(edits, edit, value);
		break;
	case CM_CLEANUP_KEY:
		edit_key(edits, edit, value);
		break;
	case CM_CLEANUP_VALUE:
		edit->change = !cm_cleanup_value_valid(edit->name,
						       strlen(edit->name),
						       value, strlen(value));
		break;
	case CM_CLEANUP_CLEARTEXT:
		edit->cleartext_only = true;
		break;
	}
}

void cm_edits_header(struct cm_edits *edits, enum cm_direction direction,
		     bool strict, const char *name, const char *value)
{
	size_t len = strlen(name);
	enum cm_cleanup what = direction == CM_OUTGOING ?
		cm_cleanup_outgoing(name, len, strict) :
		cm_cleanup_incoming(name, len);
	enum cm_cleanup in_request = cm_cleanup_request(name, len);
	struct cm_edit *edit;

	if (what == CM_CLEANUP_KEEP && in_request == CM_CLEANUP_KEEP)
		return;
	edits->size += len + strlen(value);
	if (edits->size > CM_EDITS_MAX_SIZE) {
		edits->overflow = true;
		return;
	}
	edit = add(edits, name, what == CM_CLEANUP_KEEP);
	if (edit == NULL)
		return;
	edit_value(edits, edit, what, value);
	if (in_request == CM_CLEANUP_KEEP || in_request == what)
		return;
	edit->in_request = in_request;
	if (in_request != CM_CLEANUP_DROP)
		edit->old_value = copy(edits, value);
}

void cm_edits_finish(struct cm_edits *edits, enum cm_message_kind kind,
		     const char *from)
{
	unsigned int i;

	if (kind == CM_MESSAGE_SECUREJOIN && edits->request_overflow)
		edits->overflow = true;
	if (edits->failed) /* something is missing */
		return;
	for (i = 0; i < edits->count; i++) {
		struct cm_edit *edit = &edits->edits[i];

		if (kind == CM_MESSAGE_SECUREJOIN &&
		    edit->in_request != CM_CLEANUP_KEEP)
			edit_value(edits, edit, edit->in_request,
				   edit->old_value);
		if (kind == CM_MESSAGE_ENCRYPTED && edit->cleartext_only)
			edit->change = true;
		if (edit->key_addr != NULL &&
		    !cm_ascii_equal(edit->key_addr, from))
			edit->change = true;
	}
}

int cm_edits_apply(const struct cm_edits *edits, SMFICTX *ctx, bool lead_space)
{
	unsigned int i;

	/* From the last to the first: what is removed then does not move the
	 * ones still to come. */
	for (i = edits->count; i-- > 0;) {
		struct cm_edit *edit = &edits->edits[i];
		char *value = edit->value;
		int ret;

		if (!edit->change)
			continue;
		if (value != NULL && lead_space) {
			size_t size = strlen(value) + 2;

			value = malloc(size);
			if (value == NULL)
				return -1;
			(void)snprintf(value, size, " %s", edit->value);
		}
		ret = smfi_chgheader(ctx, edit->name, edit->index, value);
		if (value != edit->value)
			free(value);
		if (ret != MI_SUCCESS)
			return -1;
	}
	return 0;
}

void cm_edits_reset(struct cm_edits *edits)
{
	unsigned int i;

	for (i = 0; i < edits->count; i++) {
		free(edits->edits[i].name);
		free(edits->edits[i].value);
		free(edits->edits[i].old_value);
		free(edits->edits[i].key_addr);
	}
	edits->count = edits->request_count = 0;
	edits->size = 0;
	edits->overflow = edits->request_overflow = false;
	edits->failed = false;
}

void cm_edits_deinit(struct cm_edits *edits)
{
	cm_edits_reset(edits);
	free(edits->edits);
	memset(edits, 0, sizeof(*edits));
}
