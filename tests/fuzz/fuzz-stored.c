/* SPDX-License-Identifier: MIT
 *
 * What is read from disk beside mail and settings, all as the same bytes:
 * account.json, metadata.json, a notice that waits, a registration token, and
 * the admin's rules of federation and appversions.json. Whatever is in them,
 * only valid values come out, a damaged file stays as it is, and what we write
 * is read back.
 */
#include "fuzz.h"
#include "cm-account-info.h"
#include "cm-appversions.h"
#include "cm-devicetoken.h"
#include "cm-federation.h"
#include "cm-push-record.h"
#include "cm-settings.h"
#include "cm-token-private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW ((time_t)1795132800)
#define TODAY ((int)(NOW / CM_ACCOUNT_INFO_SECS_PER_DAY))
#define TOKEN "a-token-of-ours"
#define PASSWORD "password"
#define TOKEN_ID "0123456789abcdef"

/* in memory, where there is such a place */
static char folder[] = "/dev/shm/cm-fuzz-stored.XXXXXX";
static int account_fd = -1;
static struct cm_settings set;

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(account_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

static void remove_folder(void)
{
	static const char *const names[] = {
		CM_ACCOUNT_FILE_INFO, CM_DEVICETOKEN_FILE, PASSWORD,
		CM_FEDERATION_FILE, TOKEN_ID
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(account_fd, names[i], 0);
	cm_settings_deinit(&set);
	/* if anything else was left, it is to be seen */
	if (rmdir(folder) < 0)
		perror(folder);
}

static void make_folder(void)
{
	static const uint8_t hash[] = "{PLAIN}x";
	const char *error;

	if (access("/dev/shm", W_OK) < 0)
		strcpy(folder, "/tmp/cm-fuzz-stored.XXXXXX");
	if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0 ||
	    (account_fd = open(folder, O_RDONLY | O_DIRECTORY)) < 0 ||
	    cm_settings_defaults(&set, &error) < 0)
		abort();
	write_file(PASSWORD, hash, sizeof(hash) - 1);
}

static bool is_same(const char *name, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	int fd = openat(account_fd, name, O_RDONLY);
	bool same;

	if (copy == NULL || fd < 0)
		abort();
	same = read(fd, copy, size + 1) == (ssize_t)size &&
	       memcmp(copy, data, size) == 0;
	(void)close(fd);
	free(copy);
	return same;
}

static bool day_valid(int day)
{
	return day >= -1 && day <= CM_ACCOUNT_INFO_MAX_DAY;
}

static void try_info(const uint8_t *data, size_t size)
{
	struct cm_account_info info, again;
	enum cm_dir_result result;
	const char *error;

	write_file(CM_ACCOUNT_FILE_INFO, data, size);
	result = cm_account_info_read(account_fd, &info, &error);
	cm_fuzz_assert(result != CM_DIR_FAILED);
	cm_fuzz_assert(day_valid(info.created) && day_valid(info.last_login));
	cm_fuzz_assert(strlen(info.token) <= CM_ACCOUNT_INFO_MAX_TOKEN);
	info.last_login = TODAY;
	if (result == CM_DIR_CORRUPT) {
		cm_fuzz_assert(cm_account_info_update(account_fd, &info, 7,
						      &error) ==
			       CM_DIR_CORRUPT);
		cm_fuzz_assert(is_same(CM_ACCOUNT_FILE_INFO, data, size));
		return;
	}
	result = cm_account_info_update(account_fd, &info, 7, &error);
	cm_fuzz_assert(result == CM_DIR_OK || result == CM_DIR_CORRUPT);
	if (result != CM_DIR_OK)
		return;
	cm_fuzz_assert(cm_account_info_read(account_fd, &again, &error) ==
		       CM_DIR_OK);
	cm_fuzz_assert(again.created == info.created);
	cm_fuzz_assert(again.last_login >= TODAY);
	cm_fuzz_assert(strcmp(again.token, info.token) == 0);
}

static bool has_token(const struct cm_devicetokens *tokens, const char *token)
{
	bool found = false;
	unsigned int i;

	cm_fuzz_assert(tokens->count <= CM_DEVICETOKEN_MAX_TOKENS);
	for (i = 0; i < tokens->count; i++) {
		cm_fuzz_assert(cm_devicetoken_valid(tokens->tokens[i],
						    strlen(tokens->tokens[i])));
		found = found || strcmp(tokens->tokens[i], token) == 0;
	}
	return found;
}

static void try_tokens(const uint8_t *data, size_t size)
{
	struct cm_devicetokens tokens;
	enum cm_dir_result result;
	const char *error;

	write_file(CM_DEVICETOKEN_FILE, data, size);
	result = cm_devicetoken_list(account_fd, NOW, &tokens, &error);
	cm_fuzz_assert(result != CM_DIR_FAILED);
	if (result == CM_DIR_OK)
		(void)has_token(&tokens, TOKEN);
	cm_devicetokens_deinit(&tokens);
	if (result == CM_DIR_CORRUPT) {
		cm_fuzz_assert(cm_devicetoken_add(account_fd, TOKEN, NOW, 0,
						  &error) == CM_DIR_CORRUPT);
		cm_fuzz_assert(is_same(CM_DEVICETOKEN_FILE, data, size));
		return;
	}
	result = cm_devicetoken_add(account_fd, TOKEN, NOW, 0, &error);
	cm_fuzz_assert(result == CM_DIR_OK);
	cm_fuzz_assert(cm_devicetoken_list(account_fd, NOW, &tokens, &error) ==
		       CM_DIR_OK);
	cm_fuzz_assert(has_token(&tokens, TOKEN));
	cm_devicetokens_deinit(&tokens);
	cm_fuzz_assert(cm_devicetoken_remove(account_fd, TOKEN, NOW, 0,
					     &error) == CM_DIR_OK);
	result = cm_devicetoken_list(account_fd, NOW, &tokens, &error);
	cm_fuzz_assert(result == CM_DIR_OK || result == CM_DIR_UNKNOWN);
	if (result == CM_DIR_OK)
		cm_fuzz_assert(!has_token(&tokens, TOKEN));
	cm_devicetokens_deinit(&tokens);
}

static void try_record(const char *text, size_t size)
{
	char buf[CM_PUSH_RECORD_MAX_SIZE + 1];
	struct cm_push_notice notice, again;
	size_t len;

	if (!cm_push_record_parse(text, size, NOW * 1000, &notice))
		return;
	cm_fuzz_assert(notice.tries < CM_PUSH_MAX_TRIES);
	cm_fuzz_assert(notice.done_count <= CM_DEVICETOKEN_MAX_TOKENS);
	len = cm_push_record_print(&notice, buf);
	cm_fuzz_assert(len <= CM_PUSH_RECORD_MAX_SIZE);
	cm_fuzz_assert(cm_push_record_parse(buf, len, 0, &again));
	cm_fuzz_assert(again.start == notice.start &&
		       again.tried == notice.tried &&
		       again.tries == notice.tries &&
		       again.done_count == notice.done_count);
	cm_fuzz_assert(memcmp(again.done, notice.done,
			      notice.done_count * sizeof(notice.done[0])) == 0);
}

static void try_versions(const char *text, size_t size)
{
	char error[CM_APPVERSIONS_ERROR_SIZE], *json, *again;
	const char *p;

	if (cm_appversions_check(text, size, &json, error) < 0) {
		cm_fuzz_assert(strlen(error) > 0);
		return;
	}
	/* one line of ASCII, and what it says is not changed by reading it */
	for (p = json; *p != '\0'; p++)
		cm_fuzz_assert(*p >= ' ' && *p < 0x7f);
	cm_fuzz_assert(cm_appversions_check(json, strlen(json), &again,
					    error) == 0);
	cm_fuzz_assert(strcmp(json, again) == 0);
	free(again);
	free(json);
}

static void check_rule(void *ctx, enum cm_federation_rule rule,
		       const char *target)
{
	const struct cm_federation *fed = ctx;
	const char *p;

	cm_fuzz_assert(rule == CM_FEDERATION_ALLOW ||
		       rule == CM_FEDERATION_BLOCK);
	cm_fuzz_assert(*target != '\0');
	for (p = target; *p != '\0'; p++)
		cm_fuzz_assert(*p > ' ');
	/* a later line may say otherwise, but something is said */
	cm_fuzz_assert(cm_federation_find(fed, target) != CM_FEDERATION_NONE);
}

static void try_federation(const uint8_t *data, size_t size)
{
	static const char *const senders[] = {
		"", "a@localhost", "someone@example.org", "a@sub.example.org",
		"@", "no address", "a@[192.0.2.1]"
	};
	struct cm_federation fed;
	const char *error;
	unsigned int i;

	write_file(CM_FEDERATION_FILE, data, size);
	cm_federation_init(&fed);
	if (cm_federation_load(&fed, account_fd, &error) < 0) {
		cm_fuzz_assert(size > CM_FEDERATION_MAX_SIZE);
		return;
	}
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++)
		(void)cm_federation_allows(&fed, &set, senders[i]);
	cm_fuzz_assert(cm_federation_allows(&fed, &set, ""));
	cm_federation_list(&fed, check_rule, &fed);
	cm_federation_deinit(&fed);
}

static void try_token(const uint8_t *data, size_t size)
{
	enum cm_dir_result result;
	struct cm_token token;
	const char *error;

	write_file(TOKEN_ID, data, size);
	result = cm_token_read(account_fd, TOKEN_ID, &token, &error);
	cm_fuzz_assert(result == CM_DIR_OK || result == CM_DIR_CORRUPT);
	if (result != CM_DIR_OK)
		return;
	cm_fuzz_assert(cm_token_name_valid(token.name));
	cm_fuzz_assert(cm_token_comment_valid(token.comment));
	cm_fuzz_assert(token.max_uses <= CM_TOKEN_MAX_USES);
	cm_fuzz_assert(day_valid(token.created) && day_valid(token.expires));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_fuzz_copy(data, size);

	if (account_fd < 0)
		make_folder();
	try_record(text, size);
	try_versions(text, size);
	free(text);
	try_info(data, size);
	try_tokens(data, size);
	try_token(data, size);
	try_federation(data, size);
	return 0;
}
