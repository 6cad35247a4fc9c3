/* SPDX-License-Identifier: MIT
 *
 * cm-doveadm on Dovecot 2.3.
 */
#include "cm-doveadm.h"

#include "cm-config.h"

#include "istream.h"
#include "net.h"
#include "strescape.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Seconds that anvil gets for an answer. */
#define ANVIL_TIMEOUT 10

struct session_pid {
	pid_t pid;
	unsigned int ours, others;
	bool lmtp;
};

struct session_list {
	ARRAY(struct session_pid) pids;
	const char *const *users;
	unsigned int users_count;
};

const char *cm_doveadm_config_path(struct doveadm_cmd_context *cctx ATTR_UNUSED,
				   const char **error_r ATTR_UNUSED)
{
	const char *path = doveadm_plugin_getenv("chatmail_config");

	return path == NULL || *path == '\0' ? CM_DEFAULT_CONFIG : path;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_one_of(const struct session_list *list, const char *user)
{
	return bsearch(&user, list->users, list->users_count,
		       sizeof(*list->users), compare) != NULL;
}

static struct session_pid *find_pid(struct session_list *list, pid_t pid)
{
	struct session_pid *p;

	array_foreach_modifiable(&list->pids, p) {
		if (p->pid == pid)
			return p;
	}
	p = array_append_space(&list->pids);
	p->pid = pid;
	return p;
}

/* SERVICE/[IP/]USER, pid, number of connections */
static void take_line(struct session_list *list, const char *line, bool add)
{
	const char *const *args = t_strsplit_tabescaped(line), *user;
	struct session_pid *p;
	unsigned int count;
	pid_t pid;
	bool ours;

	if (str_array_length(args) < 3 || str_to_pid(args[1], &pid) < 0 ||
	    str_to_uint(args[2], &count) < 0)
		return;
	user = strrchr(args[0], '/');
	if (user == NULL)
		return;
	ours = is_one_of(list, str_tabunescape(t_strdup_noconst(user + 1)));
	if (add && !ours)
		return;
	if (add) {
		p = find_pid(list, pid);
		p->ours += count;
		if (strncmp(args[0], "lmtp/", 5) == 0)
			p->lmtp = TRUE;
		return;
	}
	if (ours)
		return;
	array_foreach_modifiable(&list->pids, p) {
		if (p->pid == pid)
			p->others += count;
	}
}

/* anvil's list ends with an empty line. */
static int dump(struct istream *input, ARRAY_TYPE(const_string) *lines,
		const char **error_r)
{
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL) {
		if (*line == '\0')
			return 0;
		line = t_strdup(line);
		array_push_back(lines, &line);
	}
	*error_r = t_strdup_printf("anvil's list of sessions was cut: %s",
				   i_stream_get_error(input));
	return -1;
}

static int ask_anvil(ARRAY_TYPE(const_string) *lines, const char **error_r)
{
	static const char query[] = "VERSION\tanvil\t1\t0\nCONNECT-DUMP\n";
	const char *path = t_strconcat(doveadm_settings->base_dir, "/anvil",
				       NULL);
	struct timeval timeout = { .tv_sec = ANVIL_TIMEOUT };
	struct istream *input;
	int fd = net_connect_unix(path), ret;

	if (fd < 0) {
		/* Dovecot is not running */
		if (errno == ENOENT || errno == ECONNREFUSED)
			return 0;
		*error_r = t_strdup_printf("connect(%s) failed: %m", path);
		return -1;
	}
	net_set_nonblock(fd, FALSE);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
			 sizeof(timeout));
	if (write(fd, query, sizeof(query) - 1) != (ssize_t)sizeof(query) - 1) {
		*error_r = t_strdup_printf("write(%s) failed: %m", path);
		i_close_fd(&fd);
		return -1;
	}
	input = i_stream_create_fd_autoclose(&fd, SIZE_MAX);
	ret = dump(input, lines, error_r);
	i_stream_destroy(&input);
	return ret;
}

/* Killing a process is the only way that 2.3 knows. */
static void kill_sessions(struct session_list *list, unsigned int *left_r,
			  unsigned int *shared_r)
{
	const struct session_pid *p;

	array_foreach(&list->pids, p) {
		*left_r += p->ours;
		if (p->others > 0 && !p->lmtp)
			*shared_r += p->ours;
		else if (!p->lmtp)
			(void)kill(p->pid, SIGTERM);
	}
}

int cm_doveadm_kick(const char *const *users, unsigned int *left_r,
		    unsigned int *shared_r, const char **error_r)
{
	struct session_list list = {
		.users = users, .users_count = str_array_length(users)
	};
	ARRAY_TYPE(const_string) lines;
	const char *line;

	*left_r = *shared_r = 0;
	t_array_init(&lines, 128);
	t_array_init(&list.pids, 16);
	if (ask_anvil(&lines, error_r) < 0)
		return -1;
	/* first the processes with sessions of theirs, then who else is there */
	array_foreach_elem(&lines, line)
		take_line(&list, line, TRUE);
	array_foreach_elem(&lines, line)
		take_line(&list, line, FALSE);
	kill_sessions(&list, left_r, shared_r);
	return 0;
}
