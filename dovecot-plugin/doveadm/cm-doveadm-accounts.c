/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-accounts.h"

#include "wildcard-match.h"

#include "cm-account-edit.h"
#include "cm-account-rules.h"
#include "cm-doveadm-relay.h"

#include <unistd.h>

bool cm_doveadm_is_mask(const char *word)
{
	return strpbrk(word, "*?") != NULL;
}

static bool walk(struct cm_doveadm_relay *relay, const char *mask,
		 ARRAY_TYPE(const_string) *names)
{
	struct cm_account_iter *iter = NULL;
	enum cm_dir_result result;
	const char *name, *error = "";

	result = cm_account_iter_init(&relay->set, relay->mailboxes_fd, &iter,
				      &error);
	while (result == CM_DIR_OK) {
		result = cm_account_iter_next(iter, &name, &error);
		if (result == CM_DIR_OK && wildcard_match(name, mask)) {
			name = t_strdup(name);
			array_push_back(names, &name);
		}
	}
	if (result != CM_DIR_UNKNOWN)
		(void)cm_doveadm_trouble(result, error);
	cm_account_iter_deinit(&iter);
	return result == CM_DIR_UNKNOWN;
}

/* A mask can only ever match the name of an account, so all that it may not
 * have is what no name has. */
static bool word_valid(struct cm_doveadm_relay *relay, const char *word)
{
	const char *p;

	if (!cm_doveadm_is_mask(word)) {
		return cm_account_name_valid(&relay->set, word, strlen(word));
	}
	for (p = word; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || *p == '/' || *p == '%')
			return FALSE;
	}
	return TRUE;
}

static void sort_and_unique(ARRAY_TYPE(const_string) *names)
{
	const char *const *p;
	unsigned int i, count;

	array_sort(names, i_strcmp_p);
	for (i = 1; i < array_count(names); ) {
		p = array_get(names, &count);
		if (strcmp(p[i - 1], p[i]) == 0)
			array_delete(names, i, 1);
		else
			i++;
	}
}

bool cm_doveadm_accounts_find(struct cm_doveadm_relay *relay,
			      const char *const *words,
			      ARRAY_TYPE(const_string) *names_r)
{
	const char *const *p, *word;
	unsigned int before;

	t_array_init(names_r, 64);
	for (p = words; *p != NULL; p++) {
		if (!word_valid(relay, t_str_lcase(*p))) {
			i_error("not the address of an account here, nor a "
				"mask for some");
			cm_doveadm_exit(EX_DATAERR);
			return FALSE;
		}
	}
	for (p = words; *p != NULL; p++) {
		word = t_str_lcase(*p);
		if (!cm_doveadm_is_mask(word)) {
			array_push_back(names_r, &word);
			continue;
		}
		before = array_count(names_r);
		if (!walk(relay, word, names_r))
			return FALSE;
		if (array_count(names_r) == before) {
			i_error("the mask matches no account");
			cm_doveadm_exit(EX_NOUSER);
		}
	}
	sort_and_unique(names_r);
	return array_count(names_r) > 0;
}

bool cm_doveadm_accounts_all(struct cm_doveadm_relay *relay,
			     ARRAY_TYPE(const_string) *names_r)
{
	t_array_init(names_r, 64);
	if (!walk(relay, "*", names_r))
		return FALSE;
	array_sort(names_r, i_strcmp_p);
	return TRUE;
}

enum cm_dir_result cm_doveadm_account_open(struct cm_doveadm_relay *relay,
					   const char *name, int *fd_r,
					   const char **error_r)
{
	enum cm_dir_result result;

	*error_r = "";
	result = cm_account_open(relay->mailboxes_fd, name, fd_r, error_r);
	if (result != CM_DIR_OK)
		return result;
	result = cm_account_exists(*fd_r, NULL, error_r);
	if (result != CM_DIR_OK)
		i_close_fd(fd_r);
	return result;
}

void cm_doveadm_result_header(void)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("account", "account",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("result", "result",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void cm_doveadm_result(const char *name, const char *result)
{
	doveadm_print(name);
	doveadm_print(result);
}
