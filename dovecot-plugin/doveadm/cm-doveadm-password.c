/* SPDX-License-Identifier: MIT */
#include "cm-doveadm-password.h"

#include "askpass.h"
#include "randgen.h"
#include "safe-memset.h"

#include "cm-account-rules.h"
#include "cm-doveadm-relay.h"
#include "cm-settings.h"

#include <crypt.h>
#include <unistd.h>

#define SALT_LEN 16

static const char *ask(void)
{
	const char *password = t_askpass("New password: ");

	if (isatty(STDIN_FILENO) != 0 &&
	    strcmp(password, t_askpass("Again: ")) != 0) {
		i_error("the passwords differ");
		cm_doveadm_exit(EX_DATAERR);
		return NULL;
	}
	return password;
}

const char *cm_doveadm_password_get(struct doveadm_cmd_context *cctx,
				    const struct cm_settings *set)
{
	enum cm_account_verdict verdict;
	const char *password;

	if (!doveadm_cmd_param_str(cctx, "password", &password)) {
		if (cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
			cm_doveadm_usage(cctx, "password is missing");
			return NULL;
		}
		password = ask();
		if (password == NULL)
			return NULL;
	}
	verdict = cm_account_password_check(set, password, strlen(password),
					    0);
	if (verdict == CM_ACCOUNT_ALLOWED)
		return password;
	i_error("%s", cm_account_verdict_text(verdict));
	cm_doveadm_exit(EX_DATAERR);
	return NULL;
}

const char *cm_doveadm_password_hash(const char *password)
{
	static const char chars[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz";
	unsigned char random[SALT_LEN];
	char setting[3 + SALT_LEN + 1 + 1] = "$6$";
	struct crypt_data *data;
	const char *hash;
	unsigned int i;

	random_fill(random, sizeof(random));
	for (i = 0; i < SALT_LEN; i++)
		setting[3 + i] = chars[random[i] % 64];
	setting[3 + SALT_LEN] = '$';
	/* 32 KB */
	data = i_new(struct crypt_data, 1);
	hash = crypt_r(password, setting, data);
	if (hash == NULL || *hash == '*')
		hash = NULL;
	else
		hash = t_strconcat("{SHA512-CRYPT}", hash, NULL);
	safe_memset(data, 0, sizeof(*data));
	i_free(data);
	return hash;
}
