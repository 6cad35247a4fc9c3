/* SPDX-License-Identifier: MIT
 *
 * cm-secret: a secret of the relay, one line in a file of the admin's.
 *
 * The path is from chatmail.ini, so a link is followed (systemd's credentials
 * and the like are links). Others than owner and group must have no access: who
 * knows the secret is somebody else to those who trust in it.
 */
#ifndef CM_SECRET_H
#define CM_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of any secret. */
#define CM_SECRET_MAX 128

struct cm_secret_form {
	size_t max; /* bytes, at most CM_SECRET_MAX */
	bool (*valid)(const char *secret, size_t len);
	const char *expected; /* for people: "expected 16 letters" */
};

/* buf has room for form->max + 1 bytes. 1, 0 (there is no such file), or -1
 * with a constant text: what failed (errno) or, with errno 0, what is wrong
 * with it. buf holds nothing then. */
int cm_secret_read(const char *path, const struct cm_secret_form *form,
		   char *buf, const char **error_r);

#endif
