/* SPDX-License-Identifier: MIT
 *
 * The table of all settings. A new key is one row here and one field in
 * struct cm_settings; chatmail.ini(5) and the example file are checked against
 * this table by tests/unit/test-settings.
 */
#include "cm-settings.h"

#include <limits.h>

#define DEF(type, name, unit, def, min, max, help) \
	{ #name, CM_SETTING_##type, offsetof(struct cm_settings, name), unit, \
	  def, min, max, help }
#define UNUSED(name) \
	{ #name, CM_SETTING_UNUSED, 0, "", "", 0, 0, \
	  "Known from chatmail/relay, has no meaning here." }

const struct cm_setting_def cm_settings_defs[] = {
	DEF(DOMAIN, mail_domain, "", NULL, 0, 0,
	    "Domain of all addresses, or an IPv4 address for a relay without "
	    "a name; addresses are then user@[1.2.3.4]."),
	DEF(PATH, mailboxes_dir, "", "/home/vmail/mail/MAIL_DOMAIN", 0, 0,
	    "One folder per account lives here. MAIL_DOMAIN in the default "
	    "stands for the value of mail_domain."),
	DEF(NAME, mail_user, "", "vmail", 0, 0,
	    "System user that owns the mailboxes. Dovecot's auth-worker and "
	    "chatmail-milter run as this user: another one must be written "
	    "into the fragments of Dovecot and the unit, too."),
	DEF(PATH, run_dir, "", "/run/chatmail", 0, 0,
	    "Sockets and shared memory; gone at reboot."),
	DEF(PATH, state_dir, "", "/var/lib/chatmail", 0, 0,
	    "What must survive a reboot and is no mailbox."),

	DEF(UINT, username_min_length, "characters", "9", 1, 64,
	    "Shortest local part of a new address."),
	DEF(UINT, username_max_length, "characters", "9", 1, 64,
	    "Longest local part of a new address."),
	DEF(UINT, password_min_length, "characters", "9", 1, 512,
	    "Shortest password of a new account."),
	DEF(STRING, invite_token, "", "", 0, 0,
	    "Tokens, divided by blanks. If there are any, the password of a "
	    "new account must begin with one of them, and "
	    "password_min_length counts what stands behind it. The token "
	    "stays part of the password. Accounts that exist go on."),
	DEF(UINT, login_cache_size, "logins", "10000", 0, 1000000,
	    "How many logins each of Dovecot's auth-workers remembers, as "
	    "keyed digests in its memory, so that a repeated login need not "
	    "pay for the slow hash of its password again. A changed "
	    "password, a block or a deletion counts at once all the same. "
	    "The price: who can read the memory of a running worker can "
	    "guess at passwords faster than by the hashes on disk. 0: off."),
	DEF(UINT, login_brake_after, "failures", "10", 0, 1000000,
	    "After so many wrong passwords for one account within 15 minutes, "
	    "from wherever, logins to it wait for each other, longer with "
	    "each failure, at most 16 seconds apart; so do logins behind so "
	    "many that are not answered yet. Who would wait for more than 32 "
	    "seconds is told to try later. The passwords of the last "
	    "login_cache_size successful logins since Dovecot's start or "
	    "reload never wait. 0: off."),
	DEF(PATH, nocreate_file, "", "/etc/chatmail-nocreate", 0, 0,
	    "While this file exists no account comes into being; existing "
	    "accounts go on."),

	DEF(SIZE_M, max_mailbox_size, "bytes", "500M", 0, 0,
	    "Quota of one account."),
	DEF(SIZE, max_message_size, "bytes", "31457280", 0, 0,
	    "Largest message."),
	DEF(UINT, max_user_send_per_minute, "messages", "60", 1, UINT_MAX,
	    "Messages an account may send per minute, in the long run."),
	DEF(UINT, max_user_send_burst_size, "messages", "10", 1, UINT_MAX,
	    "Messages an account may send at once before that counts."),
	DEF(UINT, trim_above, "percent", "75", 1, 100,
	    "A delivery that leaves more than this of its quota in use makes "
	    "the oldest messages of the mailbox go. Delta Chat warns from 80 "
	    "on."),
	DEF(UINT, trim_to, "percent", "70", 0, 99,
	    "They go until no more than this is in use."),
	DEF(UINT, trim_keep_hours, "hours", "24", 0, 876000,
	    "Messages younger than this never go to make room: a mailbox that "
	    "is filled faster refuses mail when it is full. 0: all may go."),
	DEF(UINT, delete_mails_after, "days", "20", 1, 36500,
	    "doveadm chatmail expire removes messages that are older, counted "
	    "from when they came here."),
	DEF(UINT, delete_large_after, "days", "7", 1, 36500,
	    "It removes large messages that are older and that a client has "
	    "been shown."),
	DEF(SIZE, delete_large_size, "bytes", "200000", 0, 0,
	    "Larger messages are large."),
	DEF(UINT, delete_inactive_users_after, "days", "90", 1, 36500,
	    "It removes accounts without a login for this long, with all they "
	    "own; not in the 14 days behind a gap of more than 14 days in "
	    "which it was not run, such as a wrong clock makes."),
	DEF(UINT, hold_deleted_days, "days", "0", 0, 36500,
	    "For this long after an account was removed, by the admin or for "
	    "not being used, only its old password makes it anew; nobody "
	    "else can have the address. What is kept for that is the hash of "
	    "the password, and the address only as a keyed hash. 0: the "
	    "address is free at once."),
	DEF(FLOAT, max_load_1m, "", "5", 0, 0,
	    "No new accounts above this load average of one minute."),
	DEF(SIZE_M, min_available_memory, "bytes", "200M", 0, 0,
	    "No new accounts with less memory available."),
	DEF(SIZE_M, min_free_disk_space, "bytes", "1G", 0, 0,
	    "No new accounts with less room on the mailboxes' file system."),
	DEF(UINT, max_imap_connections, "connections", "10000", 1, 1000000,
	    "IMAP clients at one time that are not hibernated. Dovecot takes "
	    "it from process_limit of service imap, in 30-chatmail-imap.conf: "
	    "write it there, too."),
	DEF(UINT, max_smtp_connections, "connections", "1000", 1, 1000000,
	    "Connections at one time to each submission service; a single "
	    "client address gets a fifth. chatmail-postconf tells Postfix."),

	DEF(STRING, server_comment, "", "", 0, 0,
	    "A line about this relay that clients can read before anything "
	    "else of it: the metadata entry /shared/comment. Delta Chat "
	    "shows it."),
	DEF(STRING, privacy_mail, "", "", 0, 0,
	    "Address of who runs this relay: clients read it as the metadata "
	    "entry /shared/admin."),
	DEF(DOMAIN, turn_host, "", "", 0, 0,
	    "Host of the TURN server that calls go through where the devices "
	    "cannot reach each other. Empty: mail_domain. For IPv6 use a name "
	    "that has it in the DNS: clients do not read an IPv6 address "
	    "here."),
	DEF(UINT, turn_port, "", "3478", 1, 65535,
	    "UDP port of that server."),
	DEF(UINT, turn_ttl, "hours", "120", 13, 720,
	    "How long a credential for it lasts at most; clients fetch a new "
	    "one when it has 12 hours left."),
	DEF(PATH, turn_secret_file, "", "/etc/chatmail/turn-secret", 0, 0,
	    "The secret that this relay shares with the TURN server (coturn's "
	    "static-auth-secret), made by chatmail-coturn. While there is no "
	    "such file, clients are told of no TURN server and use the one "
	    "that they know."),
	DEF(STRING, iroh_relay, "", "", 0, 0,
	    "URL of an iroh relay, through which apps in chats connect "
	    "devices. Empty: clients use the ones that they know. (There is "
	    "none in this set; chatmail/relay's default is "
	    "https://MAIL_DOMAIN.)"),
	DEF(PATH, appversions_file, "", "/etc/chatmail/appversions.json", 0, 0,
	    "JSON file with the newest versions of client programs, handed "
	    "to clients as it is; see chatmail-plugins(7). While there is no "
	    "such file, clients are told nothing."),

	DEF(HTTPS, notify_url, "",
	    "https://notifications.delta.chat/notify", 0, 0,
	    "Where chatmail-push sends the tokens of devices that have new "
	    "mail; the proxy there wakes the device up. It learns a token "
	    "that only it can decrypt, and no address. Empty: nobody is "
	    "told, and apps look for mail when they are opened."),

	DEF(UINT, max_user_send_per_day, "messages", "0", 0, 1000000,
	    "Messages an account may send per day, in the long run; as many "
	    "at once. 0: no such limit."),
	DEF(STRING, rate_exempt_senders, "", "", 0, 0,
	    "Addresses of ours, divided by blanks, whose sending is not "
	    "counted."),
	DEF(UINT, rate_table_accounts, "accounts", "1000000", 16, 100000000,
	    "Accounts that can be counted at one time. The table has 16.5 "
	    "bytes for each and is started anew if this changes."),
	DEF(UINT, max_smtp_recipients, "recipients", "1000", 1, 100000,
	    "Recipients of one message from an account; the rest get 452."),
	DEF(CHOICE, federation_policy, "open|closed", "open", 0, 0,
	    "Who may send to us: everybody but federation_domains, or nobody "
	    "but federation_domains."),
	DEF(STRING, federation_domains, "", "", 0, 0,
	    "The exceptions from federation_policy, divided by blanks; "
	    ".example.org stands for all domains below example.org. More of "
	    "them, without a restart: chatmail-policy federation."),
	DEF(CHOICE, policy_on_rate_failure, "dunno|defer", "dunno", 0, 0,
	    "When the sending rate cannot be looked up: let the message pass, "
	    "or have the client try again later."),
	DEF(CHOICE, policy_on_block_failure, "dunno|defer", "defer", 0, 0,
	    "The same when blocked accounts or federation rules cannot be "
	    "looked up."),

	DEF(PATH, milter_socket, "", "", 0, 0,
	    "Unix socket of chatmail-milter. Empty: milter.sock in run_dir. "
	    "There is no TCP: every message would stall 88 ms between "
	    "Nagle's algorithm and delayed acknowledgements."),
	DEF(NAME, milter_socket_group, "", "postfix", 0, 0,
	    "Group that may connect to the socket."),
	DEF(OCTAL, milter_socket_mode, "", "0660", 0, 0777,
	    "Access mode of the socket."),
	DEF(BOOL, strict_headers, "", "yes", 0, 0,
	    "On submission, also remove display names from From, To and Cc, "
	    "every header that mail between chat clients does not need, and "
	    "those whose values say more than they must; the time of Date "
	    "becomes UTC. chatmail-milter(8) has the list. Without it only "
	    "Received, X-Originating-IP, X-Mailer, User-Agent, Bcc, "
	    "Resent-Bcc, Return-Path and Delivered-To go, and Subject becomes "
	    "[...]."),
	DEF(STRING, passthrough_senders, "", "", 0, 0,
	    "Addresses of ours, divided by blanks, that may send cleartext. "
	    "Each one is a hole in the relay's promise."),
	DEF(STRING, passthrough_recipients, "", "", 0, 0,
	    "Addresses, or @domains, that our users may send cleartext to if "
	    "all recipients of the message are listed. Each one is a hole "
	    "in the relay's promise."),
	DEF(BOOL, allow_autocrypt_setup_message, "", "no", 0, 0,
	    "Let an Autocrypt Setup Message pass that somebody sends to "
	    "himself. Delta Chat stopped writing them with 2.46."),
	DEF(BOOL, require_dkim, "", "yes", 0, 0,
	    "Refuse mail from other servers without a valid DKIM signature "
	    "of the domain in its From. A verifier in front of the milter "
	    "must say so (conf.d/opendkim). Off where mail_domain is an IPv4 "
	    "address; mail from user@[1.2.3.4] is never asked for one."),
	DEF(STRING, authserv_id, "", "MAIL_DOMAIN/QUEUE_ID", 0, 0,
	    "Name by which that verifier signs its "
	    "Authentication-Results. MAIL_DOMAIN in the default stands for "
	    "the value of mail_domain. /QUEUE_ID behind a name means that "
	    "the verifier writes the message's queue id there, which no "
	    "sender can know (OpenDKIM: AuthservIDWithJobID yes)."),
	DEF(PATH, authserv_secret_file, "", "/etc/chatmail/authserv-secret",
	    0, 0,
	    "A secret that the verifier has behind that name and a \"-\", made "
	    "by chatmail-dkim: 16 to 40 letters and digits. No sender can "
	    "guess it, and it is gone before mail is delivered. While there "
	    "is no such file, the name stands alone."),

	/* The processes these belong to are not part of this design. */
	UNUSED(filtermail_smtp_port),
	UNUSED(filtermail_smtp_port_incoming),
	UNUSED(filtermail_http_port_incoming),
	UNUSED(filtermail_lmtp_port_transport),
	UNUSED(postfix_reinject_port),
	UNUSED(postfix_reinject_port_incoming),
	UNUSED(mtail_address),
	UNUSED(passdb_path),
	UNUSED(turn_socket_path),
	/* Read by the part that they belong to once it is here. */
	UNUSED(www_folder),
	UNUSED(disable_ipv6),
	UNUSED(acme_email),
	UNUSED(imap_rawlog),
	UNUSED(imap_compress),
	UNUSED(tls_external_cert_and_key),
	UNUSED(privacy_postal),
	UNUSED(privacy_pdo),
	UNUSED(privacy_supervisor),
	{ NULL, CM_SETTING_UNUSED, 0, NULL, NULL, 0, 0, NULL }
};
