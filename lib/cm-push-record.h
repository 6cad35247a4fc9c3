/* SPDX-License-Identifier: MIT
 *
 * cm-push-record: a notice that waits, as a small file.
 *
 *	chatmail-push 1 START TRIED TRIES     milliseconds since 1970, twice
 *	0123456789abcdef                      a token that was told already;
 *	...                                   at most CM_DEVICETOKEN_MAX_TOKENS
 *
 * An empty file is a notice that nobody has tried yet: it came when the file
 * was last written. The last line may be cut (a crash while it was appended)
 * and is then left out: better told twice than not at all.
 */
#ifndef CM_PUSH_RECORD_H
#define CM_PUSH_RECORD_H

#include "cm-push-queue.h"

/* Bytes of the first line and of each one after it, at most. */
#define CM_PUSH_RECORD_MAX_HEAD 96
#define CM_PUSH_RECORD_DONE_SIZE 17
#define CM_PUSH_RECORD_MAX_SIZE \
	(CM_PUSH_RECORD_MAX_HEAD + \
	 CM_DEVICETOKEN_MAX_TOKENS * CM_PUSH_RECORD_DONE_SIZE)

/* Writes it to buf and returns its size. */
size_t cm_push_record_print(const struct cm_push_notice *notice,
			    char buf[CM_PUSH_RECORD_MAX_SIZE + 1]);

/* Only the line for one more token, to be appended. */
void cm_push_record_print_done(uint64_t digest,
			       char buf[CM_PUSH_RECORD_DONE_SIZE + 1]);

/* written: the file's time, for an empty one. False: the first line is not
 * ours, or there is more than CM_PUSH_RECORD_MAX_SIZE. */
bool cm_push_record_parse(const char *text, size_t size, int64_t written,
			  struct cm_push_notice *notice_r);

#endif
