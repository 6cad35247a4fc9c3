/* SPDX-License-Identifier: MIT */
#include "cm-push-record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "chatmail-push 1 "
#define HEX_DIGITS 16

size_t cm_push_record_print(const struct cm_push_notice *notice,
			    char buf[CM_PUSH_RECORD_MAX_SIZE + 1])
{
	size_t used;
	unsigned int i;

	used = (size_t)snprintf(buf, CM_PUSH_RECORD_MAX_HEAD + 1,
				MAGIC "%" PRId64 " %" PRId64 " %u\n",
				notice->start, notice->tried, notice->tries);
	for (i = 0; i < notice->done_count; i++) {
		cm_push_record_print_done(notice->done[i], buf + used);
		used += CM_PUSH_RECORD_DONE_SIZE;
	}
	return used;
}

void cm_push_record_print_done(uint64_t digest,
			       char buf[CM_PUSH_RECORD_DONE_SIZE + 1])
{
	(void)snprintf(buf, CM_PUSH_RECORD_DONE_SIZE + 1, "%016" PRIx64 "\n",
		       digest);
}

/* Digits, then `end`. Nothing of ours is near the largest number. */
static bool take_number(const char **p, char end, int64_t *number_r)
{
	const char *start = *p;
	int64_t n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (n > INT64_MAX / 10 - 1)
			return false;
		n = n * 10 + (**p - '0');
	}
	if (*p == start || **p != end)
		return false;
	(*p)++;
	*number_r = n;
	return true;
}

static bool take_digest(const char **p, uint64_t *digest_r)
{
	static const char hex[] = "0123456789abcdef";
	const char *digit;
	unsigned int i;

	*digest_r = 0;
	for (i = 0; i < HEX_DIGITS; i++, (*p)++) {
		if (**p == '\0' || (digit = strchr(hex, **p)) == NULL)
			return false;
		*digest_r = *digest_r << 4 | (uint64_t)(digit - hex);
	}
	if (**p != '\n')
		return false;
	(*p)++;
	return true;
}

/* Times are added to and multiplied by nothing large. */
static bool plausible(const struct cm_push_notice *notice, int64_t tries)
{
	return notice->start <= INT64_MAX / 2 &&
	       notice->tried <= INT64_MAX / 2 && tries < CM_PUSH_MAX_TRIES;
}

bool cm_push_record_parse(const char *text, size_t size, int64_t written,
			  struct cm_push_notice *notice_r)
{
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	const char *p = buf, *end;
	int64_t tries;
	uint64_t digest;

	memset(notice_r, 0, sizeof(*notice_r));
	if (size == 0) {
		notice_r->start = written;
		return true;
	}
	if (size > CM_PUSH_RECORD_MAX_SIZE)
		return false;
	memcpy(buf, text, size);
	buf[size] = '\0';
	end = buf + size;
	if (strncmp(p, MAGIC, strlen(MAGIC)) != 0)
		return false;
	p += strlen(MAGIC);
	if (!take_number(&p, ' ', &notice_r->start) ||
	    !take_number(&p, ' ', &notice_r->tried) ||
	    !take_number(&p, '\n', &tries) || !plausible(notice_r, tries))
		return false;
	notice_r->tries = (unsigned int)tries;
	while (end - p >= CM_PUSH_RECORD_DONE_SIZE &&
	       notice_r->done_count < CM_DEVICETOKEN_MAX_TOKENS &&
	       take_digest(&p, &digest))
		notice_r->done[notice_r->done_count++] = digest;
	return true;
}
