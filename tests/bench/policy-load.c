/* SPDX-License-Identifier: MIT
 *
 * policy-load: asks a policy service as fast as it answers.
 *
 *	policy-load CONNECTIONS SECONDS ACCOUNTS unix:PATH
 *	policy-load CONNECTIONS SECONDS ACCOUNTS PROGRAM ARGUMENT...
 *
 * Each connection has one request under way, as a smtpd has. A PROGRAM is
 * started once per connection with a socket for its standard streams, as
 * Postfix's spawn(8) does. Each message, of one of ACCOUNTS logins in turn, is
 * two requests, as on submission with two recipients. Prints requests per
 * second, how many were answered other than DUNNO, and the largest private
 * memory of a PROGRAM's process in KiB without shared mappings (0 for a
 * socket).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 200
#define LINE_SIZE 256
#define WARM_SECONDS 0.5

struct connection {
	int fd;
	pid_t pid;
	unsigned long message;
	int second; /* of the message: its second request */
	char reply[1024];
	size_t used;
};

static struct connection connections[MAX_CONNECTIONS];
static unsigned long requests, messages, others, accounts;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void connect_to(struct connection *conn, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0 || connect(conn->fd, (void *)&addr,
				    sizeof(addr)) < 0)
		fail(path);
}

static void start(struct connection *conn, char *argv[])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		fail("socketpair");
	conn->pid = fork();
	if (conn->pid < 0)
		fail("fork");
	if (conn->pid == 0) {
		(void)dup2(fds[1], 0);
		(void)dup2(fds[1], 1);
		(void)dup2(fds[1], 2);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(fds[1]);
	conn->fd = fds[0];
}

/* What smtpd of Postfix 3.7 sends at RCPT. */
static void ask(struct connection *conn)
{
	char text[2048];
	unsigned long account;
	int len;

	if (!conn->second)
		conn->message = messages++;
	account = conn->message * 7919 % accounts;
	len = snprintf(text, sizeof(text),
		"request=smtpd_access_policy\nprotocol_state=RCPT\n"
		"protocol_name=ESMTP\nclient_address=192.0.2.1\n"
		"client_name=unknown\nclient_port=51234\n"
		"reverse_client_name=unknown\nserver_address=192.0.2.2\n"
		"server_port=465\nhelo_name=[127.0.0.1]\n"
		"sender=user%05lu@chat.test\n"
		"recipient=somebody@chat.test\nrecipient_count=%d\n"
		"queue_id=4F1A2B3C4D\n"
		"instance=%lx.6740a1b2.c0ffe.0\nsize=5120\netrn_domain=\n"
		"stress=\nsasl_method=plain\n"
		"sasl_username=user%05lu@chat.test\nsasl_sender=\n"
		"ccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
		"ccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
		"encryption_cipher=TLS_AES_256_GCM_SHA384\n"
		"encryption_keysize=256\npolicy_context=\n\n",
		account, conn->second, conn->message, account);
	conn->second = !conn->second;
	requests++;
	if (write(conn->fd, text, (size_t)len) != len)
		fail("write");
}

/* True once an answer is complete. */
static int answered(struct connection *conn)
{
	ssize_t n = read(conn->fd, conn->reply + conn->used,
			 sizeof(conn->reply) - conn->used);

	if (n <= 0) {
		fprintf(stderr, "policy-load: the service has gone\n");
		exit(2);
	}
	conn->used += (size_t)n;
	if (conn->used < 2 ||
	    memcmp(conn->reply + conn->used - 2, "\n\n", 2) != 0)
		return 0;
	if (strncasecmp(conn->reply, "action=dunno", 12) != 0)
		others++;
	conn->used = 0;
	return 1;
}

/* Private pages of all mappings but those of shared files (their second
 * letter group ends in 's'): the table belongs to all processes. */
static unsigned long private_kb(pid_t pid)
{
	unsigned long kb = 0, value;
	char path[64], line[LINE_SIZE], modes[8] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*x-%*x %7s", modes) == 1)
			continue;
		if (modes[3] != 's' &&
		    (sscanf(line, "Private_Clean: %lu", &value) == 1 ||
		     sscanf(line, "Private_Dirty: %lu", &value) == 1))
			kb += value;
	}
	(void)fclose(f);
	return kb;
}

static void run(unsigned int count, double seconds)
{
	struct pollfd fds[MAX_CONNECTIONS];
	double end = now() + seconds;
	unsigned int i;

	for (i = 0; i < count; i++) {
		fds[i].fd = connections[i].fd;
		fds[i].events = POLLIN;
	}
	while (now() < end) {
		if (poll(fds, count, 10000) <= 0) {
			fprintf(stderr, "policy-load: no answer\n");
			exit(2);
		}
		for (i = 0; i < count; i++) {
			if (fds[i].revents != 0 && answered(&connections[i]))
				ask(&connections[i]);
		}
	}
}

int main(int argc, char *argv[])
{
	unsigned int count, i;
	unsigned long memory = 0, before, kb;
	double begin, seconds;

	if (argc < 5)
		return 2;
	count = (unsigned int)strtoul(argv[1], NULL, 10);
	seconds = strtod(argv[2], NULL);
	accounts = strtoul(argv[3], NULL, 10);
	if (count < 1 || count > MAX_CONNECTIONS || accounts < 1)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < count; i++) {
		if (strncmp(argv[4], "unix:", 5) == 0)
			connect_to(&connections[i], argv[4] + 5);
		else
			start(&connections[i], argv + 4);
	}
	for (i = 0; i < count; i++)
		ask(&connections[i]);
	/* until all processes run */
	run(count, WARM_SECONDS);
	before = requests;
	begin = now();
	run(count, seconds);
	seconds = now() - begin;
	for (i = 0; i < count; i++) {
		kb = connections[i].pid > 0 ? private_kb(connections[i].pid) :
					      0;
		if (kb > memory)
			memory = kb;
	}
	printf("%.0f %lu %lu\n", (double)(requests - before) / seconds, others,
	       memory);
	for (i = 0; i < count; i++) {
		(void)close(connections[i].fd);
		if (connections[i].pid > 0)
			(void)waitpid(connections[i].pid, NULL, 0);
	}
	return 0;
}
