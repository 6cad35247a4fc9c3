/* SPDX-License-Identifier: MIT
 *
 * submit-load: submits mail as many phones at one time would.
 *
 *	submit-load URL CERTIFICATE CLIENTS MESSAGES PER_CONNECTION DOMAIN
 *		PASSWORD RECIPIENT FILE
 *
 * Client number i is bench00000i@DOMAIN (six digits). Each connects by TLS,
 * logs in, sends PER_CONNECTION copies of FILE (lines end in CRLF) to
 * RECIPIENT, hangs up and begins anew, until all together have sent MESSAGES.
 * The sender's address in FILE is bench000000@DOMAIN and becomes the client's
 * own. Prints the seconds from the first connection to the last reply; exit
 * status 1 if anything but success was answered, after a line that says what.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CLIENTS 200
#define MAX_FILE (32U << 20)
#define NAME "bench000000"
#define NAME_DIGITS 6
#define MESSAGE_SECONDS 60L
#define POLL_MS 1000

struct client {
	CURL *easy;
	char *message;
	size_t sent;
	unsigned on_connection;
	char address[300];
	char error[CURL_ERROR_SIZE];
};

static struct client clients[MAX_CLIENTS];
static size_t file_size;
static unsigned long begun, messages;
static unsigned per_connection;

static void fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "submit-load: %s: %s\n", what, why);
	exit(2);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(MAX_FILE);

	if (file == NULL || text == NULL)
		fail(path, "cannot be read");
	file_size = fread(text, 1, MAX_FILE, file);
	if (ferror(file) || file_size == 0 || file_size == MAX_FILE)
		fail(path, "is empty, too large or unreadable");
	(void)fclose(file);
	text[file_size] = '\0';
	return text;
}

static size_t read_message(char *buf, size_t size, size_t count, void *context)
{
	struct client *client = context;
	size_t left = file_size - client->sent, take = size * count;

	if (take > left)
		take = left;
	memcpy(buf, client->message + client->sent, take);
	client->sent += take;
	return take;
}

static void set_up(struct client *client, int number, const char *text,
		   char **argv, struct curl_slist *recipients)
{
	char name[sizeof(NAME)];
	char *at;

	(void)snprintf(name, sizeof(name), "%.*s%0*d",
		       (int)(sizeof(NAME) - 1 - NAME_DIGITS), NAME,
		       NAME_DIGITS, number);
	(void)snprintf(client->address, sizeof(client->address), "%s@%s", name,
		       argv[6]);
	client->message = malloc(file_size + 1);
	client->easy = curl_easy_init();
	if (client->message == NULL || client->easy == NULL)
		fail("memory", "there is none");
	memcpy(client->message, text, file_size + 1);
	at = strstr(client->message, NAME);
	if (at == NULL)
		fail(argv[9], "has no sender " NAME);
	memcpy(at, name, sizeof(name) - 1);
	curl_easy_setopt(client->easy, CURLOPT_URL, argv[1]);
	curl_easy_setopt(client->easy, CURLOPT_CAINFO, argv[2]);
	curl_easy_setopt(client->easy, CURLOPT_USERNAME, client->address);
	curl_easy_setopt(client->easy, CURLOPT_PASSWORD, argv[7]);
	curl_easy_setopt(client->easy, CURLOPT_MAIL_FROM, client->address);
	curl_easy_setopt(client->easy, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(client->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(client->easy, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)file_size);
	curl_easy_setopt(client->easy, CURLOPT_READFUNCTION, read_message);
	curl_easy_setopt(client->easy, CURLOPT_READDATA, client);
	curl_easy_setopt(client->easy, CURLOPT_TIMEOUT, MESSAGE_SECONDS);
	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(client->easy, CURLOPT_PRIVATE, client);
}

static void begin_message(CURLM *multi, struct client *client)
{
	if (begun == messages)
		return;
	begun++;
	client->sent = 0;
	curl_easy_setopt(client->easy, CURLOPT_FRESH_CONNECT,
			 client->on_connection == 0 ? 1L : 0L);
	client->on_connection++;
	curl_easy_setopt(client->easy, CURLOPT_FORBID_REUSE,
			 client->on_connection == per_connection ? 1L : 0L);
	if (client->on_connection == per_connection)
		client->on_connection = 0;
	if (curl_multi_add_handle(multi, client->easy) != CURLM_OK)
		fail("libcurl", "takes no message");
}

/* Returns how many are done. */
static unsigned long take_results(CURLM *multi)
{
	unsigned long done = 0;
	struct client *client;
	CURLMsg *result;
	int left;

	while ((result = curl_multi_info_read(multi, &left)) != NULL) {
		if (result->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(result->easy_handle, CURLINFO_PRIVATE,
				  &client);
		if (result->data.result != CURLE_OK) {
			(void)fprintf(stderr, "submit-load: %s\n",
				      client->error);
			exit(1);
		}
		done++;
		(void)curl_multi_remove_handle(multi, client->easy);
		begin_message(multi, client);
	}
	return done;
}

int main(int argc, char **argv)
{
	struct curl_slist *recipients;
	unsigned long done = 0, taken;
	int running, count, i;
	double start;
	char *text;
	CURLM *multi;

	if (argc != 10)
		fail("usage", "see the head of submit-load.c");
	count = atoi(argv[3]);
	messages = strtoul(argv[4], NULL, 10);
	per_connection = (unsigned)strtoul(argv[5], NULL, 10);
	if (count < 1 || count > MAX_CLIENTS || messages < 1 ||
	    per_connection < 1)
		fail("usage", "a number is out of range");
	text = read_whole(argv[9]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	recipients = curl_slist_append(NULL, argv[8]);
	for (i = 0; i < count; i++)
		set_up(&clients[i], i, text, argv, recipients);
	start = now();
	for (i = 0; i < count; i++)
		begin_message(multi, &clients[i]);
	while (done < messages) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			fail("libcurl", "cannot go on");
		taken = take_results(multi);
		done += taken;
		/* what was taken may have begun something new */
		if (taken == 0 && curl_multi_poll(multi, NULL, 0, POLL_MS,
						  NULL) != CURLM_OK)
			fail("libcurl", "cannot wait");
	}
	(void)printf("%.4f\n", now() - start);
	for (i = 0; i < count; i++) {
		curl_easy_cleanup(clients[i].easy);
		free(clients[i].message);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(recipients);
	curl_global_cleanup();
	free(text);
	return 0;
}
