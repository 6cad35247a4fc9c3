/* SPDX-License-Identifier: MIT
 *
 * cm-federation: which servers and people may send to us: the file of rules
 * that admins edit, and the verdict over a sender.
 *
 * The file is `federation` in state_dir, a rule a line:
 *
 *	# comment
 *	block example.org  # and here	every sender of that domain
 *	block .example.org		and of every domain below it
 *	allow someone@example.org	this sender
 *
 * Words are divided by blanks, letters count in any case. A comment begins with
 * '#' at the start of a line or behind a rule and a blank, because an address
 * may have one: "block #1@example.org". The narrowest rule
 * decides: the address, then its domain, then each domain above it; of two
 * for the same, the last; federation_domains of the settings come after the
 * file's rules for the same domain. Without any, federation_policy decides. Our
 * own domain and the null sender (bounces) are always allowed.
 */
#ifndef CM_FEDERATION_H
#define CM_FEDERATION_H

#include "cm-stamp.h"

#include <stdbool.h>
#include <stddef.h>

struct cm_settings;

#define CM_FEDERATION_FILE "federation"
/* Largest file, in bytes; room for some 40,000 rules. */
#define CM_FEDERATION_MAX_SIZE (1024 * 1024)

enum cm_federation_rule {
	CM_FEDERATION_NONE, /* nothing is said about it */
	CM_FEDERATION_ALLOW,
	CM_FEDERATION_BLOCK
};

struct cm_federation_entry;

/* The file as it was read last. */
struct cm_federation {
	char *text; /* NULL = empty */
	size_t size;
	/* its rules by target: a look-up must not read the file's text, which
	 * a sender with many labels would make us do for each of them */
	struct cm_federation_entry *index;
	size_t count;
	struct cm_stamp stamp;
	bool loaded;
	unsigned int bad_line; /* first that is no rule; 0 = none */
};

void cm_federation_init(struct cm_federation *fed);
void cm_federation_deinit(struct cm_federation *fed);

/* Reads the file if it changed since. A missing file is an empty one, a line
 * that is no rule is skipped and noted in bad_line. 0; -1 with *error_r, a
 * constant text, and errno: what was read before stays. */
int cm_federation_load(struct cm_federation *fed, int state_fd,
		       const char **error_r);

/* The rule of exactly this target (an address, a domain, or .domain). */
enum cm_federation_rule
cm_federation_find(const struct cm_federation *fed, const char *target);

/* May this sender (of the envelope, or of the From header) send to us? An
 * address that cannot be parsed goes by what stands behind its last @; a dot
 * at the end of a domain name, which only says that it is whole, is none of
 * it. */
bool cm_federation_allows(const struct cm_federation *fed,
			  const struct cm_settings *set, const char *sender);

/* Calls fn for each rule, in the file's order. */
typedef void cm_federation_fn(void *ctx, enum cm_federation_rule rule,
			      const char *target);
void cm_federation_list(const struct cm_federation *fed,
			cm_federation_fn *fn, void *ctx);

/* Makes `rule` the rule of target in the file (CM_FEDERATION_NONE: takes it
 * out), in place of an earlier one. Comments and the other lines stay as they
 * are. Temporary file and rename: readers see the old or the new one; two
 * writers go one after the other. 1 changed, 0 was so already, -1 with
 * *error_r and errno. */
int cm_federation_change(int state_fd, enum cm_federation_rule rule,
			 const char *target, const char **error_r);

/* Is it an address, a domain or .domain? */
bool cm_federation_target_valid(const char *target);

#endif
