/* SPDX-License-Identifier: MIT
 *
 * The value of one header field: cm-autocrypt, cm-date, cm-message-id, and
 * cm-header's mailbox. The bytes as they are: cm-openpgp-key.
 */
#include "fuzz.h"
#include "cm-autocrypt.h"
#include "cm-date.h"
#include "cm-header.h"
#include "cm-message-id.h"
#include "cm-openpgp-key.h"

static void dates(const char *text, size_t size)
{
	char plain[CM_DATE_SIZE];
	int64_t time, again;

	if (cm_date_parse(text, size, &time) < 0) {
		cm_fuzz_assert(!cm_date_plain(text, size));
		return;
	}
	cm_date_format(time, plain);
	cm_fuzz_assert(strlen(plain) == 31);
	cm_fuzz_assert(cm_date_parse(plain, strlen(plain), &again) == 0);
	cm_fuzz_assert(time == again);
	cm_fuzz_assert(cm_date_plain(plain, strlen(plain)));
}

static void ids(const char *text, size_t size)
{
	const char *p = text, *id, *domain;
	unsigned int count = 0;
	size_t len;
	int ret;

	while ((ret = cm_message_id_next(&p, text + size, &id, &len)) > 0) {
		count++;
		cm_fuzz_assert(id > text && id + len < text + size);
		domain = cm_message_id_core_domain(id, len);
		cm_fuzz_assert(domain == NULL ||
			       (domain[-1] == '@' && domain < id + len));
	}
	cm_fuzz_assert(cm_message_ids_valid(text, size, count) ==
		       (ret == 0 && count > 0));
	if (ret == 0 && count > 0)
		cm_fuzz_assert(!cm_message_ids_valid(text, size, count - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size);
	struct cm_addr addr;

	if (cm_autocrypt_valid(text, size, &addr))
		cm_fuzz_assert(strchr(addr.text, '@') != NULL);
	if (cm_header_mailbox(text, size, &addr) == 0)
		cm_fuzz_assert(strchr(addr.text, '@') != NULL);
	dates(text, size);
	ids(text, size);
	/* no part of a key is one, but for whole packets */
	if (cm_openpgp_key_valid((unsigned char *)text, size))
		cm_fuzz_assert(!cm_openpgp_key_valid((unsigned char *)text,
						     size - 1));
	free(text);
	return 0;
}
