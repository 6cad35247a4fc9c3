/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm on Dovecot 2.4.
 */
#include "cm-doveadm.h"

#include "anvil-client.h"
#include "ioloop.h"
#include "net.h"
#include "settings.h"
#include "str.h"
#include "strescape.h"

#include "cm-authdb-settings-v24.h"

#include <unistd.h>

struct kick_query {
	unsigned int count;
	bool failed;
};

const char *cm_doveadm_config_path(struct doveadm_cmd_context *cctx,
				   const char **error_r)
{
	const struct cm_authdb_settings *set;
	const char *path;

	if (settings_get(cctx->event, &cm_authdb_setting_parser_info, 0, &set,
			 error_r) < 0)
		return NULL;
	path = t_strdup(set->chatmail_config);
	settings_free(set);
	return path;
}

/* reply is NULL if anvil did not answer */
static void take_reply(const char *reply, struct kick_query *query)
{
	unsigned int count;

	if (reply == NULL || str_to_uint(reply, &count) < 0)
		query->failed = TRUE;
	else
		query->count += count;
	io_loop_stop(current_ioloop);
}

#if DOVECOT_PREREQ(2, 4, 3)
static void kicked(const struct anvil_reply *reply, struct kick_query *query)
{
	take_reply(reply->reply, query);
}
#else
static void kicked(const char *reply, struct kick_query *query)
{
	take_reply(reply, query);
}
#endif

static int kick_all(struct anvil_client *anvil, struct ioloop *ioloop,
		    const char *const *users, unsigned int *left_r,
		    const char **error_r)
{
	struct kick_query query;
	string_t *cmd = t_str_new(128);

	i_zero(&query);
	if (anvil_client_connect(anvil, TRUE) < 0) {
		*error_r = "cannot connect to anvil";
		return -1;
	}
	for (; *users != NULL && !query.failed; users++) {
		str_truncate(cmd, 0);
		str_append(cmd, "KICK-USER\t");
		str_append_tabescaped(cmd, *users);
		anvil_client_query(anvil, str_c(cmd),
				   ANVIL_DEFAULT_KICK_TIMEOUT_MSECS,
				   kicked, &query);
		io_loop_run(ioloop);
	}
	*left_r = query.count;
	if (!query.failed)
		return 0;
	*error_r = "anvil did not end the sessions";
	return -1;
}

/* A master process that has ended leaves its sockets; anvil's client would
 * try again for seconds, and then fail. */
static bool is_running(const char *path)
{
	int fd = net_connect_unix(path);

	if (fd < 0)
		return errno != ENOENT && errno != ECONNREFUSED;
	i_close_fd(&fd);
	return TRUE;
}

int cm_doveadm_kick(const char *const *users, unsigned int *left_r,
		    unsigned int *shared_r, const char **error_r)
{
	const char *path = t_strconcat(doveadm_settings->base_dir, "/anvil",
				       NULL);
	struct anvil_client *anvil;
	struct ioloop *ioloop;
	int ret;

	*left_r = *shared_r = 0;
	if (!is_running(path))
		return 0;
	ioloop = io_loop_create();
	anvil = anvil_client_init(path, NULL, 0);
	ret = kick_all(anvil, ioloop, users, left_r, error_r);
	anvil_client_deinit(&anvil);
	io_loop_destroy(&ioloop);
	return ret;
}
