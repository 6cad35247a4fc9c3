/* SPDX-License-Identifier: MIT
 *
 * token-tree: a state_dir with the folder of tokens, and mailboxes in it, for
 * the tests of cm-token.
 */
#ifndef TOKEN_TREE_H
#define TOKEN_TREE_H

#include "cm-token.h"
#include "state-hmac.h"

#include "account-tree.h"

#define TODAY 20000
#define SECRET "sesame-open"
#define PASSWORD SECRET "and more of it"

static const unsigned char fresh[CM_STATE_KEY_SIZE] = "one key of 32 bytes ...........";

static struct cm_tokens tokens;
static int mail_fd;

static void begin(void)
{
	const char *error = "";

	tree_begin();
	assert_int_equal(mkdirat(tree_fd, "mail", 0700), 0);
	mail_fd = openat(tree_fd, "mail", O_RDONLY | O_DIRECTORY);
	assert_int_equal(cm_tokens_open(tree_path, state_hmac, fresh, &tokens, &error),
			 CM_DIR_OK);
}

static void end(void)
{
	cm_tokens_close(&tokens);
	(void)close(mail_fd);
	tree_end();
}

static enum cm_dir_result add(const char *name, const char *secret,
			      unsigned int max_uses, int expires)
{
	struct cm_token token = { .max_uses = max_uses, .created = TODAY,
				  .expires = expires };
	const char *error = "";

	(void)snprintf(token.name, sizeof(token.name), "%s", name);
	(void)snprintf(token.comment, sizeof(token.comment), "a comment");
	return cm_token_add(&tokens, &token, secret, &error);
}

static enum cm_dir_result find(const char *password, int today,
			       struct cm_token *token_r)
{
	const char *error = "";

	return cm_token_find(&tokens, password, strlen(password), today,
			     token_r, &error);
}

#endif
