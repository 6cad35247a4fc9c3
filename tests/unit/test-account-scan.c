/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-account-scan.h"

#include <errno.h>
#include <stdbool.h>

#include "account-tree.h"

#define A TREE_ACCOUNT
#define MAX_SEEN 64

struct seen {
	char paths[MAX_SEEN][CM_ACCOUNT_SCAN_MAX_PATH + 300];
	unsigned int count, stop_after;
	struct cm_scan_facts facts;
};

static struct seen seen;

static void make_dirs(const char *const *dirs)
{
	char path[300];

	assert_int_equal(mkdirat(tree_fd, A, 0700), 0);
	for (; *dirs != NULL; dirs++) {
		(void)snprintf(path, sizeof(path), A "/%s", *dirs);
		assert_int_equal(mkdirat(tree_fd, path, 0700), 0);
	}
}

static bool show(void *ctx, const struct cm_scan_file *file)
{
	struct stat st;

	assert_ptr_equal(ctx, &seen);
	assert_true(seen.count < MAX_SEEN);
	assert_int_equal(fstatat(file->dir_fd, file->name, &st,
				 AT_SYMLINK_NOFOLLOW), 0);
	(void)snprintf(seen.paths[seen.count++], sizeof(seen.paths[0]),
		       "%s|%s|%s", file->folder, file->sub, file->name);
	return seen.count != seen.stop_after;
}

static enum cm_dir_result scan(void)
{
	enum cm_dir_result result;
	const char *error = "";
	int fd;

	seen.count = 0;
	assert_int_equal(cm_account_open(tree_fd, A, &fd, &error), CM_DIR_OK);
	result = cm_account_scan(fd, show, &seen, &seen.facts, &error);
	(void)close(fd);
	return result;
}

static bool has(const char *path)
{
	unsigned int i;

	for (i = 0; i < seen.count; i++) {
		if (strcmp(seen.paths[i], path) == 0)
			return true;
	}
	return false;
}

static const char *const maildir[] = {
	"cur", "new", "tmp", ".A.B", ".A.B/cur", ".A.B/new", ".A.B/tmp", NULL
};

static void sees_all(void **state)
{
	(void)state;
	tree_begin();
	make_dirs(maildir);
	tree_file(A, "password", "x", 1);
	tree_file(A "/cur", "1.a.b:2,S", "x", 1);
	tree_file(A "/new", "2.a.b", "x", 1);
	tree_file(A "/tmp", "3.a.b", "x", 1);
	tree_file(A "/.A.B", "maildirfolder", "", 0);
	tree_file(A "/.A.B/cur", "4.a.b:2,", "x", 1);
	assert_int_equal(scan(), CM_DIR_OK);
	assert_int_equal(seen.count, 6);
	assert_true(has("||password"));
	assert_true(has("|cur|1.a.b:2,S"));
	assert_true(has("|new|2.a.b"));
	assert_true(has("|tmp|3.a.b"));
	assert_true(has(".A.B||maildirfolder"));
	assert_true(has(".A.B|cur|4.a.b:2,"));
	assert_true(seen.facts.maildir);
	assert_int_equal(seen.facts.directories, 7);
	assert_int_equal(seen.facts.odd, 0);
	tree_end();
}

static void stops(void **state)
{
	(void)state;
	tree_begin();
	make_dirs(maildir);
	tree_file(A, "password", "x", 1);
	tree_file(A "/cur", "1.a.b:2,S", "x", 1);
	tree_file(A "/new", "2.a.b", "x", 1);
	seen.stop_after = 2;
	assert_int_equal(scan(), CM_DIR_OK);
	assert_int_equal(seen.count, 2);
	seen.stop_after = 0;
	tree_end();
}

/* What has another form than Maildir is shown, and said to be. */
static const struct form_row {
	const char *name;
	const char *dirs[6];
	bool maildir;
} form_rows[] = {
	{ "nothing", { NULL }, false },
	{ "cur alone", { "cur", NULL }, true },
	{ "sdbox", { "mailboxes", "mailboxes/INBOX", NULL }, false },
	{ "Maildir and something", { "cur", "storage", NULL }, false },
	{ "Maildir below", { "Maildir", "Maildir/cur", NULL }, false },
	{ "folders of LAYOUT=fs", { "cur", "a", "a/cur", "a/b", "a/b/cur" },
	  true },
	{ "directory in cur", { "cur", "cur/x", NULL }, false },
};

static void form(void **state)
{
	const struct form_row *row = *state;

	tree_begin();
	make_dirs(row->dirs);
	assert_int_equal(scan(), CM_DIR_OK);
	assert_int_equal(seen.facts.maildir, row->maildir);
	tree_end();
}

static void links(void **state)
{
	(void)state;
	tree_begin();
	make_dirs(maildir);
	tree_file("elsewhere", "secret", "x", 1);
	tree_file(A "/cur", "1.a.b:2,S", "x", 1);
	assert_int_equal(symlinkat("../elsewhere", tree_fd, A "/.Linked"), 0);
	assert_int_equal(symlinkat("../../elsewhere/secret", tree_fd,
				   A "/cur/2.a.b:2,S"), 0);
	assert_int_equal(mkfifoat(tree_fd, A "/cur/3.a.b:2,S", 0600), 0);
	assert_int_equal(unlinkat(tree_fd, A "/new", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("../elsewhere", tree_fd, A "/new"), 0);
	assert_int_equal(scan(), CM_DIR_OK);
	assert_int_equal(seen.count, 1);
	assert_true(has("|cur|1.a.b:2,S"));
	assert_int_equal(seen.facts.odd, 4);
	assert_true(seen.facts.maildir);
	/* cur itself a link: then there is no Maildir */
	assert_int_equal(unlinkat(tree_fd, A "/.A.B/cur", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("../../elsewhere", tree_fd, A "/.A.B/cur"),
			 0);
	assert_int_equal(scan(), CM_DIR_OK);
	assert_false(seen.facts.maildir);
	tree_end();
}

static const struct depth_row {
	const char *name;
	unsigned int depth; /* of directories below the account's */
	enum cm_dir_result result;
} depth_rows[] = {
	{ "MAX - 1", CM_ACCOUNT_SCAN_MAX_DEPTH - 1, CM_DIR_OK },
	{ "MAX", CM_ACCOUNT_SCAN_MAX_DEPTH, CM_DIR_OK },
	{ "MAX + 1", CM_ACCOUNT_SCAN_MAX_DEPTH + 1, CM_DIR_CORRUPT },
};

static void depth(void **state)
{
	const struct depth_row *row = *state;
	char path[400] = A;
	unsigned int i;

	tree_begin();
	make_dirs(maildir);
	for (i = 0; i < row->depth; i++) {
		(void)strcat(path, "/d");
		assert_int_equal(mkdirat(tree_fd, path, 0700), 0);
	}
	tree_file(path, "deep", "x", 1);
	tree_file(A "/cur", "1.a.b:2,S", "x", 1);
	assert_int_equal(scan(), row->result);
	assert_true(has("|cur|1.a.b:2,S"));
	assert_int_equal(seen.count, row->result == CM_DIR_OK ? 2 : 1);
	assert_false(seen.facts.maildir);
	tree_end();
}

/* A path of more than CM_ACCOUNT_SCAN_MAX_PATH */
static void long_path(void **state)
{
	char name[] = "................................................"
		"................................................"
		"................................................"
		"................................................xxxxxxxx";
	unsigned int i, fits = CM_ACCOUNT_SCAN_MAX_PATH / sizeof(name);
	enum cm_dir_result result;
	int fd, below;

	(void)state;
	for (i = fits; i <= fits + 1; i++) {
		unsigned int level;

		tree_begin();
		make_dirs(maildir);
		fd = openat(tree_fd, A, O_RDONLY | O_DIRECTORY);
		for (level = 0; level < i; level++) {
			assert_int_equal(mkdirat(fd, name, 0700), 0);
			below = openat(fd, name, O_RDONLY | O_DIRECTORY);
			assert_true(below >= 0);
			(void)close(fd);
			fd = below;
		}
		(void)close(fd);
		result = scan();
		assert_int_equal(result, i == fits ? CM_DIR_OK :
				 CM_DIR_CORRUPT);
		tree_end();
	}
}

int main(void)
{
	cm_unit_test(sees_all);
	cm_unit_test(stops);
	cm_unit_rows(form, form_rows);
	cm_unit_test(links);
	cm_unit_rows(depth, depth_rows);
	cm_unit_test(long_path);
	return cm_unit_run();
}
