/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "token-tree.h"
#include "bad-files.h"

/* One account is made with the token, or its making fails. */
static enum cm_dir_result use(const char *password, const char *name,
			      bool works)
{
	struct cm_token token;
	struct cm_token_use used;
	enum cm_dir_result result;
	const char *error = "";

	result = find(password, TODAY, &token);
	if (result == CM_DIR_OK)
		result = cm_token_use_begin(&tokens, &token, mail_fd, name,
					    &used, &error);
	if (result != CM_DIR_OK)
		return result;
	if (works)
		result = cm_account_create(mail_fd, name, "{P}x", 0,
					   (uint64_t)getpid(), &error);
	cm_token_use_end(&used, works && result == CM_DIR_OK);
	return result;
}

static unsigned int used_of(const char *password)
{
	struct cm_token token;

	memset(&token, 0, sizeof(token));
	(void)find(password, 0, &token);
	return token.used;
}

static void finds_prefix(void **state)
{
	struct cm_token token;

	(void)state;
	begin();
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_UNKNOWN);
	assert_int_equal(add("autumn", SECRET, 10, TODAY), CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	assert_string_equal(token.name, "autumn");
	assert_string_equal(token.comment, "a comment");
	assert_int_equal(token.max_uses, 10);
	assert_int_equal(token.used, 0);
	assert_int_equal(token.created, TODAY);
	assert_int_equal(token.length, strlen(SECRET));
	assert_int_equal(find(SECRET, TODAY, &token), CM_DIR_OK);
	assert_int_equal(find("sesame-ope", TODAY, &token), CM_DIR_UNKNOWN);
	assert_int_equal(find("Sesame-open!", TODAY, &token), CM_DIR_UNKNOWN);
	assert_int_equal(find("x" PASSWORD, TODAY, &token), CM_DIR_UNKNOWN);
	assert_int_equal(find("", TODAY, &token), CM_DIR_UNKNOWN);
	/* its last day is today */
	assert_int_equal(find(PASSWORD, TODAY + 1, &token), CM_DIR_UNKNOWN);
	end();
}

/* The longest one that is good; a shorter one if it is not. */
static void longest_first(void **state)
{
	struct cm_token token;

	(void)state;
	begin();
	assert_int_equal(add("short", SECRET, 0, -1), CM_DIR_OK);
	assert_int_equal(add("long", SECRET "and", 1, -1), CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	assert_string_equal(token.name, "long");
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	assert_string_equal(token.name, "short");
	end();
}

static bool gather(void *ctx, const struct cm_token *token,
		   enum cm_dir_result result, const char *error)
{
	unsigned int *counts = ctx;

	(void)error;
	counts[result == CM_DIR_OK ? 0 : 1]++;
	if (result == CM_DIR_OK)
		assert_true(token->name[0] != '\0');
	return true;
}

static void added_and_removed(void **state)
{
	unsigned int counts[2] = { 0, 0 };
	struct cm_token token;
	const char *error = "";

	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, 1, -1), CM_DIR_OK);
	assert_int_equal(add("autumn", "another-one", 1, -1), CM_DIR_EXISTS);
	assert_int_equal(add("winter", SECRET, 1, -1), CM_DIR_EXISTS);
	assert_int_equal(add("winter", "another-one", 1, -1), CM_DIR_OK);
	assert_int_equal(add("spring", "a-longer-secret", 1, -1), CM_DIR_OK);
	assert_int_equal(cm_token_each(&tokens, gather, counts, &error),
			 CM_DIR_OK);
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 0);
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(cm_token_remove(&tokens, "summer", &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_token_remove(&tokens, "../x", &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_token_remove(&tokens, "autumn", &error),
			 CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_UNKNOWN);
	assert_int_equal(cm_tokens_drop(tree_path, &error), CM_DIR_EXISTS);
	/* begins anew */
	assert_int_equal(add("autumn", SECRET, 1, -1), CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	assert_int_equal(token.used, 0);
	assert_int_equal(cm_token_remove(&tokens, "autumn", &error),
			 CM_DIR_OK);
	assert_int_equal(cm_token_remove(&tokens, "winter", &error),
			 CM_DIR_OK);
	assert_int_equal(cm_token_remove(&tokens, "spring", &error),
			 CM_DIR_OK);
	cm_tokens_close(&tokens);
	/* one is needed all the same, until the folder is gone */
	assert_int_equal(cm_tokens_open(tree_path, state_hmac, NULL, &tokens, &error),
			 CM_DIR_OK);
	cm_tokens_close(&tokens);
	assert_int_equal(cm_tokens_drop(tree_path, &error), CM_DIR_OK);
	assert_int_equal(cm_tokens_open(tree_path, state_hmac, NULL, &tokens, &error),
			 CM_DIR_UNKNOWN);
	assert_int_equal(cm_tokens_drop(tree_path, &error), CM_DIR_UNKNOWN);
	end();
}

/* No file holds the secret, or has it in its name. */
static void secret_is_nowhere(void **state)
{
	char command[600];

	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, 1, -1), CM_DIR_OK);
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	(void)snprintf(command, sizeof(command),
		       "! grep -rqF '%s' '%s' && ! find '%s' | grep -qF '%s'",
		       SECRET, tree_path, tree_path, SECRET);
	assert_int_equal(system(command), 0);
	end();
}

static void counts(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, 2, -1), CM_DIR_OK);
	/* failed creations cost nothing */
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", false),
			 CM_DIR_OK);
	assert_int_equal(used_of(PASSWORD), 0);
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(used_of(PASSWORD), 1);
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_EXISTS);
	assert_int_equal(used_of(PASSWORD), 1);
	assert_int_equal(use(PASSWORD, "aaaaaaaab@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(used_of(PASSWORD), 2);
	assert_int_equal(use(PASSWORD, "aaaaaaaac@example.org", true),
			 CM_DIR_UNKNOWN);
	end();
}

/* Whether the account was made before the process died decides. */
static const struct crash_row {
	const char *name;
	const char *left; /* in the file of uses */
	unsigned int used;
	bool damaged;
} crash_rows[] = {
	{ "nothing", "", 0, false },
	{ "two", "..", 2, false },
	{ "made", ".. made56789@example.org\n", 3, false },
	{ "not made", ".. gone56789@example.org\n", 2, false },
	{ "not announced", ".. made56789@exam", 2, false },
	{ "nothing but a blank", ".. ", 2, false },
	{ "not tidied", "...made56789@example.org\n", 3, false },
	{ "an editor's newline", "..\n", 2, false },
	{ "a number", "2", 0, true },
	{ "a NUL", "..\x01 x\n", 0, true },
	{ "a path", ".. ../x\n", 0, true },
	{ "two lines", ".. a@b\nc@d\n", 0, true }
};

static void write_uses(const char *data, size_t size)
{
	struct cm_token token;
	char path[128];

	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	(void)snprintf(path, sizeof(path), "tokens/%02zu/%s.used",
		       token.length, token.id);
	tree_file("", path, data, size);
}

static void crashed(void **state)
{
	const struct crash_row *row = *state;
	enum cm_dir_result result;

	begin();
	assert_int_equal(add("autumn", SECRET, 100, -1), CM_DIR_OK);
	tree_file("mail/made56789@example.org", "password", "{P}x", 4);
	write_uses(row->left, strlen(row->left));
	result = use(PASSWORD, "aaaaaaaaa@example.org", true);
	if (row->damaged) {
		assert_true(result == CM_DIR_CORRUPT ||
			    result == CM_DIR_FAILED);
		assert_false(tree_has("mail/aaaaaaaaa@example.org",
				      "password"));
	} else {
		assert_int_equal(result, CM_DIR_OK);
		assert_int_equal(used_of(PASSWORD), row->used + 1);
	}
	end();
}

/* Longer than what is read of it. */
static void many_uses(void **state)
{
	static char dots[5000];

	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, 0, -1), CM_DIR_OK);
	memset(dots, '.', sizeof(dots));
	write_uses(dots, sizeof(dots));
	assert_int_equal(used_of(PASSWORD), sizeof(dots));
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(used_of(PASSWORD), sizeof(dots) + 1);
	memset(dots, ',', sizeof(dots));
	write_uses(dots, sizeof(dots));
	assert_int_equal(use(PASSWORD, "aaaaaaaab@example.org", true),
			 CM_DIR_CORRUPT);
	end();
}

static const struct bad_row {
	const char *name, *suffix;
	enum bad_file what;
	bool may_be; /* as good as none */
} bad_rows[] = {
	{ "empty", "", BAD_EMPTY, false },
	{ "binary", "", BAD_BINARY, false },
	{ "huge", "", BAD_HUGE, false },
	{ "text", "", BAD_TEXT, false },
	{ "a link", "", BAD_LINK, false },
	{ "a FIFO", "", BAD_FIFO, false },
	{ "a folder", "", BAD_FOLDER, false },
	{ "uses: empty", ".used", BAD_EMPTY, true },
	{ "uses: binary", ".used", BAD_BINARY, false },
	{ "uses: huge", ".used", BAD_HUGE, false },
	{ "uses: text", ".used", BAD_TEXT, true },
	{ "uses: a link", ".used", BAD_LINK, false },
	{ "uses: a FIFO", ".used", BAD_FIFO, false },
	{ "uses: a folder", ".used", BAD_FOLDER, false }
};

/* The token makes no account, the error has no secret, others go on, and the
 * admin's list says which one it is. */
static void bad(void **state)
{
	const struct bad_row *row = *state;
	unsigned int counted[2] = { 0, 0 };
	struct cm_token token;
	const char *error = "";
	char path[128];

	begin();
	assert_int_equal(add("autumn", SECRET, 5, -1), CM_DIR_OK);
	assert_int_equal(add("winter", "another-one", 5, -1), CM_DIR_OK);
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(find(PASSWORD, TODAY, &token), CM_DIR_OK);
	(void)snprintf(path, sizeof(path), "tokens/%02zu/%s%s", token.length,
		       token.id, row->suffix);
	bad_file(tree_fd, path, row->what);
	if (!row->may_be) {
		assert_int_equal(cm_token_find(&tokens, PASSWORD,
					       strlen(PASSWORD), TODAY, &token,
					       &error), CM_DIR_CORRUPT);
		assert_non_null(strstr(error, "registration token"));
		assert_int_equal(use(PASSWORD, "aaaaaaaab@example.org", true),
				 CM_DIR_CORRUPT);
		assert_false(tree_has("mail/aaaaaaaab@example.org",
				      "password"));
	}
	assert_int_equal(use("another-one and more", "aaaaaaaac@example.org",
			     true), CM_DIR_OK);
	assert_int_equal(cm_token_each(&tokens, gather, counted, &error),
			 CM_DIR_OK);
	assert_int_equal(counted[0] + counted[1], 2);
	assert_int_equal(counted[1], row->may_be ? 0 : 1);
	end();
}

/* Each of RACERS makes an account of its own if it may, and waits for that. */
#define RACERS 100
#define MAX_USES 10
static void exact(void **state)
{
	int i, made = 0, status, tries = 60 / CM_TOKEN_LOCK_SECS;

	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, MAX_USES, -1), CM_DIR_OK);
	for (i = 0; i < RACERS; i++) {
		char name[32];
		enum cm_dir_result result;

		if (fork() != 0)
			continue;
		(void)snprintf(name, sizeof(name), "racer%04d@example.org", i);
		do {
			result = use(PASSWORD, name, true);
		} while (result == CM_DIR_FAILED && errno == ETIMEDOUT && --tries);
		_exit(result == CM_DIR_OK ? 1 : result == CM_DIR_UNKNOWN ? 0 : 2);
	}
	for (i = 0; i < RACERS; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += WEXITSTATUS(status);
	}
	assert_int_equal(made, MAX_USES);
	assert_int_equal(tree_count("mail"), MAX_USES);
	assert_int_equal(used_of(PASSWORD), MAX_USES);
	end();
}

/* Killed anywhere: in the end there are as many accounts as uses. */
#define KILLS 300
static void killed(void **state)
{
	unsigned int i, cut = 0;
	int status;
	pid_t pid;

	(void)state;
	begin();
	assert_int_equal(add("autumn", SECRET, KILLS + 1, -1), CM_DIR_OK);
	for (i = 0; i < KILLS; i++) {
		const struct timespec pause = { .tv_nsec = 2000L * i };
		char name[32];

		(void)snprintf(name, sizeof(name), "racer%04u@example.org", i);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(use(PASSWORD, name, true) == CM_DIR_OK ? 0 : 1);
		(void)nanosleep(&pause, NULL);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		cut += WIFSIGNALED(status) ? 1 : 0;
		/* a directory without password is no account */
		if (!tree_has("mail", name))
			continue;
		(void)strcat(name, "/password");
		if (!tree_has("mail", name)) {
			name[strlen(name) - strlen("/password")] = '\0';
			tree_empty(openat(mail_fd, name,
					  O_RDONLY | O_DIRECTORY));
			(void)unlinkat(mail_fd, name, AT_REMOVEDIR);
		}
	}
	assert_true(cut > 0);
	/* this one tidies up */
	assert_int_equal(use(PASSWORD, "aaaaaaaaa@example.org", true),
			 CM_DIR_OK);
	assert_int_equal(used_of(PASSWORD), tree_count("mail"));
	end();
}

/* A thousand tokens of one length are found as one is: by one open(2). */
static void many_tokens(void **state)
{
	struct cm_token token;
	char text[40];
	int i;

	(void)state;
	begin();
	for (i = 0; i < 200; i++) {
		(void)snprintf(text, sizeof(text), "token-%04d", i);
		assert_int_equal(add(text, text, 0, -1), CM_DIR_OK);
	}
	assert_int_equal(find("token-0123 and more", TODAY, &token),
			 CM_DIR_OK);
	assert_string_equal(token.name, "token-0123");
	assert_int_equal(tree_count("tokens"), 1);
	end();
}

int main(void)
{
	cm_unit_test(finds_prefix);
	cm_unit_test(longest_first);
	cm_unit_test(added_and_removed);
	cm_unit_test(secret_is_nowhere);
	cm_unit_test(counts);
	cm_unit_rows(crashed, crash_rows);
	cm_unit_test(many_uses);
	cm_unit_rows(bad, bad_rows);
	cm_unit_test(exact);
	cm_unit_test(killed);
	cm_unit_test(many_tokens);
	return cm_unit_run();
}
