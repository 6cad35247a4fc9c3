/* SPDX-License-Identifier: MIT
 *
 * devicetoken-account: one account, and its tokens, for the tests of
 * cm-devicetoken.
 */
#ifndef DEVICETOKEN_ACCOUNT_H
#define DEVICETOKEN_ACCOUNT_H

#include "cm-devicetoken.h"
#include "account-tree.h"

#define DAY ((time_t)86400)
/* noon of day 20000, 1728043200 */
#define TODAY (20000 * DAY)
#define NOW (TODAY + DAY / 2)

static int account_fd;

static inline void begin(const char *file, size_t len)
{
	const char *error;

	tree_begin();
	tree_file(TREE_ACCOUNT, "password", "x", 1);
	if (file != NULL)
		tree_file(TREE_ACCOUNT, CM_DEVICETOKEN_FILE, file, len);
	assert_int_equal(cm_account_open(tree_fd, TREE_ACCOUNT, &account_fd,
					 &error), CM_DIR_OK);
}

static inline void end(void)
{
	assert_int_equal(close(account_fd), 0);
	tree_end();
}

static inline const char *content(void)
{
	static char buf[CM_DEVICETOKEN_MAX_FILE + 2];
	int fd = openat(account_fd, CM_DEVICETOKEN_FILE, O_RDONLY);
	ssize_t ret = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);

	assert_true(ret >= 0);
	buf[ret] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return buf;
}

/* The tokens joined by blanks; "-" and the result's number if it is not
 * CM_DIR_OK. */
static inline const char *list(void)
{
	static char buf[CM_DEVICETOKEN_MAX_TOKENS *
			(CM_DEVICETOKEN_MAX_SIZE + 1) + 1];
	struct cm_devicetokens tokens;
	enum cm_dir_result result;
	const char *error = NULL;
	size_t used = 0;
	unsigned int i;

	result = cm_devicetoken_list(account_fd, NOW, &tokens, &error);
	if (result != CM_DIR_OK) {
		assert_int_equal(tokens.count, 0);
		assert_true(result == CM_DIR_UNKNOWN || error != NULL);
		(void)snprintf(buf, sizeof(buf), "-%d", -(int)result);
		return buf;
	}
	assert_in_range(tokens.count, 1, CM_DEVICETOKEN_MAX_TOKENS);
	for (i = 0; i < tokens.count; i++) {
		used += (size_t)snprintf(buf + used, sizeof(buf) - used,
					 "%s%s", i == 0 ? "" : " ",
					 tokens.tokens[i]);
	}
	cm_devicetokens_deinit(&tokens);
	cm_devicetokens_deinit(&tokens);
	return buf;
}

static inline enum cm_dir_result add(const char *token, time_t now)
{
	const char *error;

	return cm_devicetoken_add(account_fd, token, now, 1000, &error);
}

static inline void token_name(char *buf, size_t size, unsigned int number)
{
	(void)snprintf(buf, size, "token%u", number);
}

#endif
