/* SPDX-License-Identifier: MIT */
#include "cm-recipients.h"
#include "cm-account-dir.h"
#include "cm-account-rules.h"
#include "cm-addr.h"
#include "cm-settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ALLOC 512

void cm_recipients_add(struct cm_recipients *rcpts, const char *address)
{
	size_t size = strlen(address) + 1, alloc = rcpts->alloc;
	char *bigger;

	if (rcpts->overflow || size > CM_RECIPIENTS_MAX_SIZE - rcpts->size) {
		rcpts->overflow = true;
		return;
	}
	if (alloc == 0)
		alloc = FIRST_ALLOC;
	while (alloc - rcpts->size < size)
		alloc *= 2;
	if (alloc != rcpts->alloc) {
		bigger = realloc(rcpts->list, alloc);
		if (bigger == NULL) {
			rcpts->overflow = true;
			return;
		}
		rcpts->list = bigger;
		rcpts->alloc = alloc;
	}
	memcpy(rcpts->list + rcpts->size, address, size);
	rcpts->size += size;
}

const char *cm_recipients_next(const struct cm_recipients *rcpts,
			       const char *rcpt)
{
	const char *next = rcpt == NULL ? rcpts->list :
					  rcpt + strlen(rcpt) + 1;

	return rcpts->size == 0 || next == rcpts->list + rcpts->size ? NULL :
								       next;
}

void cm_recipients_reset(struct cm_recipients *rcpts)
{
	rcpts->size = 0;
	rcpts->overflow = false;
}

void cm_recipients_deinit(struct cm_recipients *rcpts)
{
	free(rcpts->list);
	memset(rcpts, 0, sizeof(*rcpts));
}

static int account_allows(const struct cm_settings *set, int mailboxes_fd,
			  const char *address, const char **error_r)
{
	enum cm_dir_result result;
	struct cm_addr addr;
	int fd;

	if (cm_addr_parse(&addr, address, strlen(address)) < 0 ||
	    !cm_account_name_valid(set, addr.text, strlen(addr.text)))
		return 0;
	result = cm_account_open(mailboxes_fd, addr.text, &fd, error_r);
	if (result != CM_DIR_OK)
		return result == CM_DIR_FAILED ? -1 : 0;
	result = cm_account_has_file(fd, CM_ACCOUNT_FILE_ENFORCE, error_r);
	(void)close(fd);
	if (result == CM_DIR_FAILED)
		return -1;
	return result == CM_DIR_UNKNOWN ? 1 : 0;
}

int cm_recipients_cleartext_allowed(const struct cm_recipients *rcpts,
				    const struct cm_settings *set,
				    const char **error_r)
{
	const char *rcpt = NULL;
	int fd, ret = 1;

	*error_r = NULL;
	if (rcpts->overflow || rcpts->size == 0)
		return 0;
	if (cm_mailboxes_open(set->mailboxes_dir, &fd, error_r) != CM_DIR_OK)
		return -1;
	while (ret > 0 && (rcpt = cm_recipients_next(rcpts, rcpt)) != NULL)
		ret = account_allows(set, fd, rcpt, error_r);
	(void)close(fd);
	return ret;
}
