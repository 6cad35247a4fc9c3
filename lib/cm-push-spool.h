/* SPDX-License-Identifier: MIT
 *
 * cm-push-spool: the folder by which deliveries hand notices to chatmail-push,
 * and in which they wait. Nothing in it is lost when either side is killed.
 *
 *	<state_dir>/push/lock    held by the one chatmail-push that works
 *	                new/     one empty file per account with new mail, named
 *	                         as the account: cm_push_spool_mark()
 *	                queue/   those that chatmail-push has taken over, and
 *	                         what it did about them (cm-push-record.h)
 *
 * A name is there at most once in each, however many messages come: so the
 * spool is bounded by the accounts that have devices, and two small files for
 * each. A message that comes while its account is in queue/ makes a new file
 * in new/; taking that over (rename(2)) replaces the one in queue/.
 *
 * No fsync(2): a delivery must not wait for a disk. A power cut takes the
 * notices of the last seconds (not the mail) along; a crash of a program or an
 * orderly reboot takes none.
 *
 * Names must have passed cm_account_name_valid(). 0 or 1 where it says so,
 * else -1 with errno. No allocation but by opendir(); no globals; descriptors
 * are close-on-exec.
 */
#ifndef CM_PUSH_SPOOL_H
#define CM_PUSH_SPOOL_H

#include "cm-push-queue.h"

#define CM_PUSH_DIR "push"

struct cm_push_spool {
	int new_fd, queue_fd, lock_fd; /* -1: not open */
};

/* For a delivery: new/ alone, which is made if it is missing. The descriptor,
 * or -1. */
int cm_push_spool_open_new(const char *state_dir);

/* There is news for this account, now. 1: noted; 0: was noted already, and
 * nobody has taken it over since. Two system calls. */
int cm_push_spool_mark(int new_fd, const char *name);

/* For chatmail-push: all of it. 0. */
int cm_push_spool_open(const char *state_dir, struct cm_push_spool *spool_r);
void cm_push_spool_close(struct cm_push_spool *spool);

/* 1, or 0 while another process has it. It ends with the process. */
int cm_push_spool_lock(struct cm_push_spool *spool);

/* Calls back with the name of each file in one of its folders, in no order,
 * until that returns false. Names that begin with a dot, temporary files of a
 * process that was killed, are removed in queue/. 0. */
typedef bool cm_push_spool_name_fn(void *ctx, const char *name);
int cm_push_spool_each(int dir_fd, cm_push_spool_name_fn *callback, void *ctx);

/* Takes a file over from new/. *written_r: milliseconds since 1970 when it was
 * last marked, by the wall clock. 1, or 0 if it is gone. */
int cm_push_spool_claim(struct cm_push_spool *spool, const char *name,
			int64_t *written_r);

/* Reads a file in queue/. One that is damaged is a notice that nobody has
 * tried yet. 1; 0 if it is gone or no file. */
int cm_push_spool_read(struct cm_push_spool *spool, const char *name,
		       struct cm_push_notice *notice_r);

/* Replaces it: after a failed try. 0. */
int cm_push_spool_write(struct cm_push_spool *spool, const char *name,
			const struct cm_push_notice *notice);

/* Adds one token that was told, while others are still waiting; notice is as
 * it was without it. 0. */
int cm_push_spool_add_done(struct cm_push_spool *spool, const char *name,
			   const struct cm_push_notice *notice,
			   uint64_t digest);

/* The notice is done. 0. */
int cm_push_spool_remove(struct cm_push_spool *spool, const char *name);

#endif
