/* SPDX-License-Identifier: MIT
 *
 * cm-account-rules: "NAME NUL PASSWORD" as a login. A name that may be looked
 * up or made is one component of a path, whatever else the rules say.
 */
#include "fuzz.h"
#include "cm-account-dir.h"
#include "cm-account-rules.h"
#include "cm-settings.h"

static void check_component(const char *name, size_t len)
{
	size_t i;

	cm_fuzz_assert(len > 0 && len <= CM_ACCOUNT_MAX_NAME);
	cm_fuzz_assert(name[0] != '.');
	for (i = 0; i < len; i++)
		cm_fuzz_assert(name[i] > ' ' && name[i] < 0x7f &&
			       name[i] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cm_account_facts open = { .closed = false };
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t name_len = nul != NULL ? (size_t)(nul - data) : size;
	size_t password_len = nul != NULL ? size - name_len - 1 : 0;
	char *name = cm_fuzz_copy(data, name_len);
	char *password = cm_fuzz_copy(nul != NULL ? nul + 1 : data,
				      password_len);
	enum cm_account_verdict verdict;
	struct cm_settings set;
	const char *error;

	cm_fuzz_assert(cm_settings_defaults(&set, &error) == 0);
	verdict = cm_account_rules_check(&set, &open, name, name_len,
					 password, password_len);
	cm_fuzz_assert(cm_account_verdict_text(verdict) != NULL);
	if (cm_account_name_valid(&set, name, name_len))
		check_component(name, name_len);
	if (verdict == CM_ACCOUNT_ALLOWED) {
		check_component(name, name_len);
		cm_fuzz_assert(cm_account_name_valid(&set, name, name_len));
		cm_fuzz_assert(password_len >= set.password_min_length &&
			       password_len <= CM_ACCOUNT_MAX_PASSWORD);
	}
	if (cm_account_hash_valid(password, password_len))
		cm_fuzz_assert(password_len <= CM_ACCOUNT_MAX_HASH &&
			       password[0] == '{');
	cm_settings_deinit(&set);
	free(password);
	free(name);
	return 0;
}
