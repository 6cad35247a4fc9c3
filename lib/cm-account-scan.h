/* SPDX-License-Identifier: MIT
 *
 * cm-account-scan: shows every file below an account's directory, for those
 * that count or look for what is due. Opens directories only, by descriptor,
 * one component at a time; never a file, and never through a link. Asks for no
 * file's status, except where the file system does not tell its type.
 *
 *	scan(account_fd, show, ctx, &facts, &error)
 *		show(ctx, {folder "",       sub "cur", name "17753...:2,S"})
 *		show(ctx, {folder ".Trash", sub "new", name ...})
 *		show(ctx, {folder "",       sub "",    name "password"})
 *
 * Files that come or go meanwhile are seen or not. Memory: one directory
 * stream and PATH_MAX bytes per level. Results and error texts are as in
 * cm-account-dir.h.
 */
#ifndef CM_ACCOUNT_SCAN_H
#define CM_ACCOUNT_SCAN_H

#include "cm-account-dir.h"

/* Directories within directories; what is deeper is not shown, and the result
 * is CM_DIR_CORRUPT after the rest. The same for a folder whose path is
 * longer. */
#define CM_ACCOUNT_SCAN_MAX_DEPTH 64
#define CM_ACCOUNT_SCAN_MAX_PATH 2048

struct cm_scan_file {
	const char *folder; /* below the account, without cur, new or tmp; "" */
	const char *sub;    /* "cur", "new", "tmp", or "" for other files */
	const char *name;
	int dir_fd; /* of the directory that it is in */
};

struct cm_scan_facts {
	/* The account's own directory is a Maildir, and whatever directories
	 * it has are, too: so nothing but what was shown can be mail. */
	bool maildir;
	unsigned int directories; /* below the account's */
	unsigned int odd; /* links, sockets, ...: neither shown nor followed */
};

/* A regular file. All pointers are valid until it returns. FALSE ends the
 * scan. */
typedef bool cm_scan_show_fn(void *ctx, const struct cm_scan_file *file);

/* CM_DIR_OK, also if show() ended it; CM_DIR_CORRUPT, CM_DIR_FAILED. */
enum cm_dir_result cm_account_scan(int account_fd, cm_scan_show_fn *show,
				   void *ctx, struct cm_scan_facts *facts_r,
				   const char **error_r);

#endif
