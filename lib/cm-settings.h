/* SPDX-License-Identifier: MIT
 *
 * cm-settings: /etc/chatmail/chatmail.ini as one struct.
 *
 * Key names and defaults are those of chatmail/relay 1.12 where it has the
 * key, so that a running relay's file works as it is. Everything about a key
 * stands in one table (cm_settings_defs): the parser, chatmail.ini(5) and
 * `doveadm chatmail config` come from it.
 *
 *	struct cm_settings set;
 *	const char *error;
 *	if (cm_settings_read(&set, path, warn, ctx, &error) < 0)
 *		... "PATH:LINE: what was wrong and what was expected"
 *	...
 *	cm_settings_deinit(&set);
 *
 * A struct that was read never changes; to re-read, fill a second one and
 * swap pointers. No function here is safe to call on one struct from two
 * threads at once; reading its fields is.
 */
#ifndef CM_SETTINGS_H
#define CM_SETTINGS_H

#include "cm-ini.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for "PATH:LINE: message". */
#define CM_SETTINGS_ERROR_SIZE 512

/* Bytes of a CM_SETTING_HTTPS. */
#define CM_SETTING_MAX_URL 1024

/* Strings are never NULL: an unset one is "". All memory is the struct's. */
struct cm_settings {
	/* who we are */
	char *mail_domain; /* as written: a host name or an IPv4 address */
	char *mailboxes_dir;
	char *mail_user; /* owner of every mailbox */
	char *run_dir;
	char *state_dir;

	/* accounts */
	unsigned int username_min_length, username_max_length;
	unsigned int password_min_length;
	char *invite_token; /* words; "" = none is needed */
	unsigned int login_cache_size;  /* 0 = off */
	unsigned int login_brake_after; /* 0 = off */
	char *nocreate_file;

	/* limits */
	uint64_t max_mailbox_size; /* bytes */
	uint64_t max_message_size; /* bytes */
	unsigned int max_user_send_per_minute;
	unsigned int max_user_send_burst_size;
	unsigned int trim_above, trim_to; /* percent of max_mailbox_size */
	unsigned int trim_keep_hours;
	unsigned int delete_mails_after; /* days */
	unsigned int delete_large_after; /* days */
	uint64_t delete_large_size; /* bytes */
	unsigned int delete_inactive_users_after; /* days */
	unsigned int hold_deleted_days; /* 0 = off */
	double max_load_1m;
	uint64_t min_available_memory; /* bytes */
	uint64_t min_free_disk_space; /* bytes */
	unsigned int max_imap_connections;
	unsigned int max_smtp_connections;

	/* what clients are told by IMAP METADATA */
	char *server_comment; /* "" = none */
	char *privacy_mail;   /* an address; "" = none */
	char *turn_host;      /* "" = mail_domain */
	unsigned int turn_port;
	unsigned int turn_ttl; /* hours */
	char *turn_secret_file;
	char *iroh_relay; /* a URL; "" = none */
	char *appversions_file;

	/* push */
	char *notify_url; /* "" = nobody is told */

	/* the policy */
	unsigned int max_user_send_per_day; /* 0 = no such limit */
	char *rate_exempt_senders;	    /* words */
	unsigned int rate_table_accounts;
	unsigned int max_smtp_recipients;
	char *federation_policy;  /* "open" or "closed" */
	char *federation_domains; /* words */
	char *policy_on_rate_failure, *policy_on_block_failure; /* "dunno" or
								   "defer" */

	/* the milter */
	char *milter_socket; /* "" = run_dir/milter.sock */
	char *milter_socket_group;
	unsigned int milter_socket_mode;
	bool strict_headers;
	char *passthrough_senders;    /* words */
	char *passthrough_recipients; /* words */
	bool allow_autocrypt_setup_message;
	bool require_dkim;
	char *authserv_id; /* maybe with CM_ORIGIN_QUEUE_ID behind it */
	char *authserv_secret_file;

	/* derived, set by cm_settings_read() and _parse() */
	char *address_domain; /* what stands behind the @: IPv4 in brackets */
	char *milter_socket_path;

	/* cm_settings_* only */
	unsigned int *origin_line; /* per table row: line, 0 = default */
	char error[CM_SETTINGS_ERROR_SIZE];
};

enum cm_setting_type {
	CM_SETTING_STRING, /* any text */
	CM_SETTING_PATH,   /* absolute path, or empty if that is its default */
	CM_SETTING_DOMAIN, /* host name, lower-cased, or IPv4 address; not
			      ending in a number otherwise; no brackets; or
			      empty if that is its default */
	CM_SETTING_NAME,   /* user or group name */
	CM_SETTING_UINT,   /* unsigned int between min and max */
	CM_SETTING_OCTAL,  /* unsigned int, written as 0660 */
	CM_SETTING_SIZE,   /* uint64_t bytes: 31457280, 200K, 500M, 1G, 2T;
			      below 2^63 */
	CM_SETTING_SIZE_M, /* the same, but a bare number means megabytes */
	CM_SETTING_BOOL,   /* bool: yes, no, true, false */
	CM_SETTING_FLOAT,  /* double, 0 to 10^9, 3 decimals */
	CM_SETTING_HTTPS,  /* an https:// URL of at most
			      CM_SETTING_MAX_URL bytes, or empty */
	CM_SETTING_CHOICE, /* one of the words that `unit` lists: "a|b" */
	CM_SETTING_UNUSED  /* chatmail/relay's; accepted, means nothing here */
};

struct cm_setting_def {
	const char *name;
	enum cm_setting_type type;
	size_t offset; /* into struct cm_settings */
	const char *unit; /* for people: "days", "bytes", ""; CM_SETTING_CHOICE:
			     the words */
	const char *default_value; /* as it would be written; NULL: required */
	unsigned int min, max; /* CM_SETTING_UINT */
	const char *help; /* one sentence or two, plain text */
};

/* Ends with a row whose name is NULL. */
extern const struct cm_setting_def cm_settings_defs[];

/* Gets what is odd but no reason to stop: "PATH:LINE: unknown setting x". */
typedef void cm_settings_warn_fn(void *ctx, const char *message);

/* Parses text[0..size) as the file `name` (for messages only). Returns 0, or
 * -1 with *error_r set to a message that lives as long as the struct; the
 * struct then holds nothing else and needs no deinit (which does no harm).
 * warn may be NULL. */
int cm_settings_parse(struct cm_settings *set, const char *name,
		      const char *text, size_t size,
		      cm_settings_warn_fn *warn, void *ctx,
		      const char **error_r);

/* The same from a file. The only I/O: open, read to the end, close. */
int cm_settings_read(struct cm_settings *set, const char *path,
		     cm_settings_warn_fn *warn, void *ctx,
		     const char **error_r);

/* What a program works with when there is no file and none is needed
 * (chatmail-milter check): every default, mail_domain "localhost". Returns 0,
 * or -1 when out of memory. */
int cm_settings_defaults(struct cm_settings *set, const char **error_r);

void cm_settings_deinit(struct cm_settings *set);

/* Is `address` one of the words of `list` (divided by blanks or line ends), or
 * does it end in one that begins with '@'? Letters in any case. */
bool cm_settings_list_matches(const char *list, const char *address);

/* Room for any value as it stands in the file: a line end takes a tab behind
 * it, and has at least one byte of the value in front. */
#define CM_SETTING_PRINT_SIZE (CM_INI_MAX_VALUE + CM_INI_MAX_VALUE / 2 + 1)

/* Writes the effective value of row `def` as it would stand in the file into
 * buf, cut at size; reading that back gives the same value. *line_r is the line it came from, 0 for the default. */
void cm_settings_print(const struct cm_settings *set,
		       const struct cm_setting_def *def, char *buf,
		       size_t size, unsigned int *line_r);

#endif
