/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-ini.h"
#include "cm-settings.h"

#include <unistd.h>

#define HEAD "[params]\nmail_domain = chat.example\n"

struct parsed {
	struct cm_settings set;
	int ret;
	const char *error;
	unsigned int warnings;
	char warning[CM_SETTINGS_ERROR_SIZE]; /* the last one */
};

static void keep_warning(void *ctx, const char *message)
{
	struct parsed *parsed = ctx;

	parsed->warnings++;
	(void)snprintf(parsed->warning, sizeof(parsed->warning), "%s",
		       message);
}

static void parse(struct parsed *parsed, const char *text, size_t size)
{
	memset(parsed, 0, sizeof(*parsed));
	parsed->ret = cm_settings_parse(&parsed->set, "f.ini", text, size,
					keep_warning, parsed, &parsed->error);
	if (parsed->ret == 0)
		assert_null(parsed->error);
	else
		assert_ptr_equal(parsed->error, parsed->set.error);
}

static const struct cm_setting_def *find(const char *key)
{
	const struct cm_setting_def *def;

	for (def = cm_settings_defs; def->name != NULL; def++) {
		if (strcmp(def->name, key) == 0)
			return def;
	}
	fail_msg("no row for %s", key);
	return NULL;
}

/* One line behind HEAD, and how the value is printed again. */
static const struct row {
	const char *name;
	const char *key, *value;
	const char *expect; /* NULL: refused; error names form */
	const char *form;
} rows[] = {
	{ "uint 0 of 1", "delete_mails_after", "0", NULL,
	  "a whole number from 1 to 36500, in days" },
	{ "uint 1 of 1", "delete_mails_after", "1", "1", NULL },
	{ "uint 2 of 1", "delete_mails_after", "2", "2", NULL },
	{ "uint 36499 of 36500", "delete_mails_after", "36499", "36499",
	  NULL },
	{ "uint 36500 of 36500", "delete_mails_after", "36500", "36500",
	  NULL },
	{ "uint 36501 of 36500", "delete_mails_after", "36501", NULL,
	  "a whole number from 1 to 36500, in days" },
	{ "uint of 32 bit", "max_user_send_per_minute", "4294967295",
	  "4294967295", NULL },
	{ "uint over 32 bit", "max_user_send_per_minute", "4294967296", NULL,
	  "a whole number from 1 to 4294967295, in messages" },
	{ "uint over 64 bit", "max_user_send_per_minute",
	  "18446744073709551617", NULL, "a whole number" },
	{ "uint with zeros", "delete_mails_after", "0020", "20", NULL },
	{ "uint negative", "delete_mails_after", "-1", NULL, "a whole" },
	{ "uint with plus", "delete_mails_after", "+1", NULL, "a whole" },
	{ "uint empty", "delete_mails_after", "", NULL, "a whole number" },
	{ "uint word", "delete_mails_after", "ten", NULL, "a whole number" },
	{ "uint with tail", "delete_mails_after", "20 days", NULL, "a whole" },
	{ "uint hexadecimal", "delete_mails_after", "0x10", NULL, "a whole" },
	{ "uint with comment", "delete_mails_after", "20 # x", NULL,
	  "a whole number" },
	{ "uint in two lines", "delete_mails_after", "20\n  5", NULL,
	  "delete_mails_after = 20?5: expected a whole number" },

	{ "octal", "milter_socket_mode", "0666", "0666", NULL },
	{ "octal without zero", "milter_socket_mode", "600", "0600", NULL },
	{ "octal 0776 of 0777", "milter_socket_mode", "0776", "0776", NULL },
	{ "octal 0777 of 0777", "milter_socket_mode", "0777", "0777", NULL },
	{ "octal 01000 of 0777", "milter_socket_mode", "01000", NULL,
	  "an octal mode like 0660, at most 0777" },
	{ "octal with 8", "milter_socket_mode", "0680", NULL, "an octal" },

	{ "size bare is bytes", "max_message_size", "1000", "1000", NULL },
	{ "size K", "max_message_size", "3k", "3K", NULL },
	{ "size M", "max_message_size", "3M", "3M", NULL },
	{ "size G with B", "max_message_size", "3GB", "3G", NULL },
	{ "size T", "max_message_size", "3T", "3T", NULL },
	{ "size B", "max_message_size", "1001B", "1001", NULL },
	{ "size 0", "max_message_size", "0", "0", NULL },
	{ "size 2^63-1", "max_message_size", "9223372036854775807",
	  "9223372036854775807", NULL },
	{ "size 2^63", "max_message_size", "9223372036854775808", NULL,
	  "a number of bytes, or with K, M, G or T behind it" },
	{ "size 2^63 in T", "max_message_size", "8388608T", NULL,
	  "a number of bytes" },
	{ "size 2^63-2^40 in T", "max_message_size", "8388607T", "8388607T",
	  NULL },
	{ "size over 64 bit", "max_message_size", "99999999999999999999",
	  NULL, "a number of bytes" },
	{ "size in P", "max_message_size", "1P", NULL, "a number of bytes" },
	{ "size with blank", "max_message_size", "1 M", NULL, "a number" },
	{ "size BB", "max_message_size", "1BB", NULL, "a number of bytes" },
	{ "size negative", "max_message_size", "-1", NULL, "a number" },
	{ "size fraction", "max_message_size", "1.5M", NULL, "a number" },
	{ "size empty", "max_message_size", "", NULL, "a number of bytes" },

	{ "size_m bare is megabytes", "max_mailbox_size", "500", "500M",
	  NULL },
	{ "size_m B is megabytes", "max_mailbox_size", "100B", "100M", NULL },
	{ "size_m MB", "max_mailbox_size", "100MB", "100M", NULL },
	{ "size_m lower case", "max_mailbox_size", "1g", "1G", NULL },
	{ "size_m K", "max_mailbox_size", "1500K", "1500K", NULL },
	{ "size_m 0", "max_mailbox_size", "0", "0K", NULL },
	{ "size_m word", "max_mailbox_size", "big", NULL,
	  "a number of megabytes, or with K, M, G or T behind it" },

	{ "float whole", "max_load_1m", "7", "7", NULL },
	{ "float", "max_load_1m", "2.5", "2.5", NULL },
	{ "float 3 decimals", "max_load_1m", "0.125", "0.125", NULL },
	{ "float inner zero", "max_load_1m", "1.05", "1.05", NULL },
	{ "float 4 decimals", "max_load_1m", "0.1250", NULL,
	  "a number like 5 or 2.5, at most 3 digits behind the point" },
	{ "float 10^9", "max_load_1m", "1000000000", "1000000000", NULL },
	{ "float 10^9+1", "max_load_1m", "1000000001", NULL, "a number" },
	{ "float point only", "max_load_1m", ".", NULL, "a number like" },
	{ "float no digit behind", "max_load_1m", "1.", NULL, "a number" },
	{ "float no digit before", "max_load_1m", ".5", NULL, "a number" },
	{ "float two points", "max_load_1m", "1.2.3", NULL, "a number" },
	{ "float comma", "max_load_1m", "2,5", NULL, "a number like" },
	{ "float exponent", "max_load_1m", "1e3", NULL, "a number like" },
	{ "float nan", "max_load_1m", "nan", NULL, "a number like" },
	{ "float negative", "max_load_1m", "-1", NULL, "a number like" },
	{ "float empty", "max_load_1m", "", NULL, "a number like" },

	{ "path", "run_dir", "/tmp/a b", "/tmp/a b", NULL },
	{ "path relative", "run_dir", "tmp", NULL, "an absolute path" },
	{ "path empty", "run_dir", "", NULL, "an absolute path" },
	{ "path in two lines", "run_dir", "/tmp\n  /x", NULL,
	  "an absolute path" },
	{ "path empty by default", "milter_socket", "", "", NULL },
	{ "path relative, empty by default", "milter_socket", "x", NULL,
	  "an absolute path" },

	{ "name", "mail_user", "_Vm-a.1$", "_Vm-a.1$", NULL },
	{ "name empty", "mail_user", "", NULL, "a user or group name" },
	{ "name with blank", "mail_user", "a b", NULL, "a user or group" },
	{ "name as option", "mail_user", "-x", NULL, "a user or group name" },
	{ "name with slash", "mail_user", "a/b", NULL, "a user or group" },

	{ "domain", "mail_domain", "a.example", "a.example", NULL },
	{ "domain lower-cased", "mail_domain", "A.Example", "a.example",
	  NULL },
	{ "domain with underscore", "mail_domain", "_x.test", "_x.test",
	  NULL },
	{ "domain IPv4", "mail_domain", "10.0.0.1", "10.0.0.1", NULL },
	{ "domain no IPv4", "mail_domain", "10.0.0.256", NULL,
	  "a domain like chat.example.org or an IPv4 address" },
	{ "domain of three numbers", "mail_domain", "10.0.1", NULL,
	  "a domain like" },
	{ "domain in brackets", "mail_domain", "[10.0.0.1]", NULL,
	  "a domain like" },
	{ "domain IPv6", "mail_domain", "2001:db8::1", NULL, "a domain like" },
	{ "domain empty", "mail_domain", "", NULL, "a domain like" },
	{ "domain with at", "mail_domain", "a@b.c", NULL, "a domain like" },
	{ "domain of two words", "mail_domain", "a b", NULL, "a domain like" },

	{ "unused takes anything", "privacy_postal", "A\n B\n C", "", NULL },
};

static void reads(void **state)
{
	const struct row *row = *state;
	const struct cm_setting_def *def = find(row->key);
	char text[512], again[512], buf[256];
	struct parsed parsed;
	unsigned int line;

	(void)snprintf(text, sizeof(text), HEAD "%s = %s\n", row->key,
		       row->value);
	parse(&parsed, text, strlen(text));
	if (row->expect == NULL) {
		assert_int_equal(parsed.ret, -1);
		(void)snprintf(buf, sizeof(buf), "f.ini:3: %s = ", row->key);
		assert_memory_equal(parsed.error, buf, strlen(buf));
		if (strstr(parsed.error, row->form) == NULL)
			fail_msg("%s does not say: %s", parsed.error,
				 row->form);
		assert_null(strchr(parsed.error, '\n'));
		cm_settings_deinit(&parsed.set);
		return;
	}
	assert_int_equal(parsed.ret, 0);
	cm_settings_print(&parsed.set, def, buf, sizeof(buf), &line);
	assert_string_equal(buf, row->expect);
	assert_int_equal(line, 3);
	cm_settings_deinit(&parsed.set);

	/* what was printed reads back as itself */
	(void)snprintf(text, sizeof(text), HEAD "%s = %s\n", row->key, buf);
	parse(&parsed, text, strlen(text));
	assert_int_equal(parsed.ret, 0);
	cm_settings_print(&parsed.set, def, again, sizeof(again), &line);
	assert_string_equal(again, buf);
	cm_settings_deinit(&parsed.set);
}

/* chatmail/relay's config.py (1.12) and our own keys. */
static void has_defaults(void **state)
{
	struct cm_settings set;
	const char *error;

	(void)state;
	assert_int_equal(cm_settings_defaults(&set, &error), 0);
	assert_string_equal(set.mail_domain, "localhost");
	assert_string_equal(set.address_domain, "localhost");
	assert_string_equal(set.mailboxes_dir, "/home/vmail/mail/localhost");
	assert_int_equal(set.max_user_send_per_minute, 60);
	assert_int_equal(set.max_user_send_burst_size, 10);
	assert_int_equal(set.max_mailbox_size, 500u << 20);
	assert_int_equal(set.max_message_size, 31457280);
	assert_int_equal(set.delete_mails_after, 20);
	assert_int_equal(set.delete_large_after, 7);
	assert_int_equal(set.delete_inactive_users_after, 90);
	assert_int_equal(set.username_min_length, 9);
	assert_int_equal(set.username_max_length, 9);
	assert_int_equal(set.password_min_length, 9);
	assert_true(set.max_load_1m == 5);
	assert_int_equal(set.min_available_memory, 200u << 20);
	assert_int_equal(set.min_free_disk_space, 1u << 30);
	assert_int_equal(set.max_imap_connections, 10000);
	assert_int_equal(set.max_smtp_connections, 1000);
	assert_string_equal(set.nocreate_file, "/etc/chatmail-nocreate");

	assert_string_equal(set.mail_user, "vmail");
	assert_string_equal(set.run_dir, "/run/chatmail");
	assert_string_equal(set.state_dir, "/var/lib/chatmail");
	assert_string_equal(set.milter_socket, "");
	assert_string_equal(set.milter_socket_path,
			    "/run/chatmail/milter.sock");
	assert_string_equal(set.milter_socket_group, "postfix");
	assert_int_equal(set.milter_socket_mode, 0660);
	cm_settings_deinit(&set);
}

static void prints_defaults(void **state)
{
	const struct cm_setting_def *def;
	struct cm_settings set;
	const char *error;
	unsigned int line;
	char buf[256];

	(void)state;
	assert_int_equal(cm_settings_defaults(&set, &error), 0);
	for (def = cm_settings_defs; def->name != NULL; def++) {
		cm_settings_print(&set, def, buf, sizeof(buf), &line);
		if (strcmp(def->name, "mail_domain") == 0)
			assert_string_equal(buf, "localhost");
		else if (strcmp(def->name, "mailboxes_dir") == 0)
			assert_string_equal(buf, "/home/vmail/mail/localhost");
		else if (strcmp(def->name, "max_message_size") == 0)
			assert_string_equal(buf, "30M");
		else
			assert_string_equal(buf, def->default_value);
		assert_int_equal(line, def == cm_settings_defs ? 2 : 0);
	}
	/* cut, never overrun */
	cm_settings_print(&set, find("mailboxes_dir"), buf, 6, &line);
	assert_string_equal(buf, "/home");
	cm_settings_deinit(&set);
}

/* A file as chatmail/relay deploys it: every key that its config.py or its
 * template knows. */
static void reads_relay_file(void **state)
{
	static const char text[] =
		"\n# deployed\n[params]\n\n"
		"mail_domain = Nine.Example\n"
		"max_user_send_per_minute = 61\n"
		"max_user_send_burst_size = 11\n"
		"max_mailbox_size = 1g\n"
		"max_message_size = 20000000\n"
		"delete_mails_after = 21\n"
		"delete_large_after = 8\n"
		"delete_inactive_users_after = 91\n"
		"username_min_length = 3\n"
		"username_max_length = 30\n"
		"password_min_length = 8\n"
		"max_load_1m = 7.5\n"
		"min_available_memory = 100MB\n"
		"min_free_disk_space = 300\n"
		"max_imap_connections = 20000\n"
		"max_smtp_connections = 2000\n"
		"www_folder = www\n"
		"mailboxes_dir = /srv/mail\n"
		"passdb_path = /home/vmail/passdb.sqlite\n"
		"filtermail_smtp_port = 10080\n"
		"filtermail_smtp_port_incoming = 10081\n"
		"filtermail_http_port_incoming = 10082\n"
		"filtermail_lmtp_port_transport = 10083\n"
		"postfix_reinject_port = 10025\n"
		"postfix_reinject_port_incoming = 10026\n"
		"mtail_address = 127.0.0.1\n"
		"disable_ipv6 = True\n"
		"acme_email =\n"
		"imap_rawlog = false\n"
		"imap_compress = false\n"
		"turn_socket_path = /run/chatmail-turn/turn.socket\n"
		"iroh_relay = https://iroh.example\n"
		"tls_external_cert_and_key = /a.pem /b.pem\n"
		"privacy_postal =\n"
		"  Somebody\n"
		"\n"
		"  Street: 1 = one\n"
		"privacy_mail = a@b.example\n"
		"privacy_pdo =\n"
		"privacy_supervisor =\n";
	struct parsed parsed;

	(void)state;
	parse(&parsed, text, sizeof(text) - 1);
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.warning, "");
	assert_string_equal(parsed.set.mail_domain, "nine.example");
	assert_int_equal(parsed.set.max_user_send_per_minute, 61);
	assert_int_equal(parsed.set.max_user_send_burst_size, 11);
	assert_int_equal(parsed.set.max_mailbox_size, 1u << 30);
	assert_int_equal(parsed.set.max_message_size, 20000000);
	assert_int_equal(parsed.set.delete_mails_after, 21);
	assert_int_equal(parsed.set.delete_large_after, 8);
	assert_int_equal(parsed.set.delete_inactive_users_after, 91);
	assert_int_equal(parsed.set.username_min_length, 3);
	assert_int_equal(parsed.set.username_max_length, 30);
	assert_int_equal(parsed.set.password_min_length, 8);
	assert_true(parsed.set.max_load_1m == 7.5);
	assert_int_equal(parsed.set.min_available_memory, 100u << 20);
	assert_int_equal(parsed.set.min_free_disk_space, 300u << 20);
	assert_int_equal(parsed.set.max_imap_connections, 20000);
	assert_int_equal(parsed.set.max_smtp_connections, 2000);
	assert_string_equal(parsed.set.mailboxes_dir, "/srv/mail");
	cm_settings_deinit(&parsed.set);
}

/* What is wrong with a whole file, and what is only odd. */
static const struct whole {
	const char *name;
	const char *text;
	const char *error;   /* NULL: accepted */
	const char *warning; /* NULL: none */
} wholes[] = {
	{ "empty", "", "f.ini: mail_domain is missing in section [params]: "
	  "set it to the domain of your addresses", NULL },
	{ "no mail_domain", "[params]\nrun_dir = /r\n",
	  "f.ini: mail_domain is missing in section [params]: "
	  "set it to the domain of your addresses", NULL },
	{ "outside of the section", "mail_domain = a.b\n",
	  "f.ini: mail_domain is missing in section [params]: "
	  "set it to the domain of your addresses",
	  "f.ini:1: ignored outside of section [params]: mail_domain" },
	{ "other section", HEAD "[x]\ny = z\n", NULL,
	  "f.ini:4: ignored outside of section [params]: y" },
	{ "unknown key", HEAD "\nfoo = bar\n", NULL,
	  "f.ini:4: unknown setting foo" },
	{ "unknown key with control characters", HEAD "a\x1b[b = c\n", NULL,
	  "f.ini:3: unknown setting a?[b" },
	{ "key in upper case", HEAD "RUN_DIR = /x\n", NULL,
	  "f.ini:3: unknown setting RUN_DIR" },
	{ "set twice", HEAD "run_dir = /x\nrun_dir = /y\n", NULL,
	  "f.ini:4: the last one counts, set twice: run_dir" },
	{ "syntax", HEAD "foo\n", "f.ini:3: expected \"key = value\", "
	  "\"[section]\" or a comment beginning with # or ;", NULL },
	{ "line of a longer value", HEAD "privacy_pdo = a\n b\n c\nfoo\n",
	  "f.ini:6: expected \"key = value\", \"[section]\" or a comment "
	  "beginning with # or ;", NULL },
	{ "byte order mark", "\xEF\xBB\xBF" HEAD, NULL, NULL },
	{ "CRLF", "[params]\r\nmail_domain = a.b\r\nrun_dir = /x\r\n", NULL,
	  NULL },
	{ "min above max", HEAD "username_min_length = 10\n",
	  "f.ini: username_min_length (10) is above username_max_length (9)",
	  NULL },
	{ "min equals max", HEAD "username_min_length = 10\n"
	  "username_max_length = 10\n", NULL, NULL },
};

static void judges_file(void **state)
{
	const struct whole *row = *state;
	struct parsed parsed;

	parse(&parsed, row->text, strlen(row->text));
	if (row->error == NULL) {
		assert_int_equal(parsed.ret, 0);
	} else {
		assert_int_equal(parsed.ret, -1);
		assert_string_equal(parsed.error, row->error);
	}
	assert_int_equal(parsed.warnings, row->warning != NULL ? 1 : 0);
	if (row->warning != NULL)
		assert_string_equal(parsed.warning, row->warning);
	cm_settings_deinit(&parsed.set);
}

static void refuses_nul(void **state)
{
	static const char text[] = HEAD "run_dir = /x\0y\n";
	struct parsed parsed;

	(void)state;
	parse(&parsed, text, sizeof(text) - 1);
	assert_int_equal(parsed.ret, -1);
	assert_string_equal(parsed.error, "f.ini:3: NUL byte in the file");
}

static void derives_from_ipv4(void **state)
{
	static const char text[] = "[params]\nmail_domain = 192.0.2.1\n"
		"run_dir = /r\n";
	struct parsed parsed;

	(void)state;
	parse(&parsed, text, sizeof(text) - 1);
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.set.mail_domain, "192.0.2.1");
	assert_string_equal(parsed.set.address_domain, "[192.0.2.1]");
	assert_string_equal(parsed.set.mailboxes_dir,
			    "/home/vmail/mail/192.0.2.1");
	assert_string_equal(parsed.set.milter_socket_path, "/r/milter.sock");
	cm_settings_deinit(&parsed.set);
}

static void takes_own_socket(void **state)
{
	static const char text[] = HEAD "milter_socket = /a/b\n";
	struct parsed parsed;

	(void)state;
	parse(&parsed, text, sizeof(text) - 1);
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.set.milter_socket_path, "/a/b");
	cm_settings_deinit(&parsed.set);
}

/* sun_path has room for 107 bytes and a NUL on Linux */
static void limits_socket_path(void **state)
{
	static const struct {
		int len, ret;
	} cases[] = { { 106, 0 }, { 107, 0 }, { 108, -1 } };
	char text[256];
	struct parsed parsed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), HEAD
			       "milter_socket = /%0*d\n", cases[i].len - 1, 0);
		parse(&parsed, text, strlen(text));
		assert_int_equal(parsed.ret, cases[i].ret);
		if (parsed.ret < 0)
			assert_non_null(strstr(parsed.error,
					       "at most 107 bytes"));
		cm_settings_deinit(&parsed.set);
	}
}

/* HEAD and comments up to `size` bytes */
static char *big_text(size_t size)
{
	char *text = malloc(size);

	assert_non_null(text);
	memset(text, '#', size);
	memcpy(text, HEAD, strlen(HEAD));
	return text;
}

static void limits_size(void **state)
{
	size_t size;

	(void)state;
	for (size = CM_INI_MAX_SIZE - 1; size <= CM_INI_MAX_SIZE + 1; size++) {
		char *text = big_text(size);
		struct parsed parsed;

		parse(&parsed, text, size);
		free(text);
		if (size <= CM_INI_MAX_SIZE) {
			assert_int_equal(parsed.ret, 0);
		} else {
			assert_int_equal(parsed.ret, -1);
			assert_string_equal(parsed.error,
					    "f.ini: larger than 262144 bytes");
		}
		cm_settings_deinit(&parsed.set);
	}
}

static void limits_message(void **state)
{
	char text[1024], *p = text;
	struct parsed parsed;

	(void)state;
	p += sprintf(p, HEAD "max_load_1m = ");
	memset(p, 'x', 500);
	strcpy(p + 500, "\n");
	parse(&parsed, text, strlen(text));
	assert_int_equal(parsed.ret, -1);
	/* the value is cut, the form behind it is still there */
	assert_non_null(strstr(parsed.error, "xxx: expected a number"));
}

static int read_file(const char *path, struct parsed *parsed)
{
	memset(parsed, 0, sizeof(*parsed));
	parsed->ret = cm_settings_read(&parsed->set, path, keep_warning,
				       parsed, &parsed->error);
	return parsed->ret;
}

static void reads_file(void **state)
{
	char path[] = "test-settings.XXXXXX", expect[256];
	struct parsed parsed;
	size_t size;
	int fd;

	(void)state;
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, HEAD, strlen(HEAD)), strlen(HEAD));
	assert_int_equal(read_file(path, &parsed), 0);
	assert_string_equal(parsed.set.mail_domain, "chat.example");
	cm_settings_deinit(&parsed.set);

	assert_int_equal(write(fd, "x = y\n", 6), 6);
	assert_int_equal(read_file(path, &parsed), 0);
	(void)snprintf(expect, sizeof(expect), "%s:3: unknown setting x",
		       path);
	assert_string_equal(parsed.warning, expect);
	cm_settings_deinit(&parsed.set);

	for (size = CM_INI_MAX_SIZE; size <= CM_INI_MAX_SIZE + 1; size++) {
		char *text = big_text(size);

		assert_int_equal(pwrite(fd, text, size, 0), size);
		free(text);
		assert_int_equal(read_file(path, &parsed),
				 size > CM_INI_MAX_SIZE ? -1 : 0);
		cm_settings_deinit(&parsed.set);
	}
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(read_file(path, &parsed), -1);
	(void)snprintf(expect, sizeof(expect),
		       "%s: No such file or directory", path);
	assert_string_equal(parsed.error, expect);
	assert_int_equal(read_file(".", &parsed), -1);
	assert_string_equal(parsed.error, ".: Is a directory");
}

static void needs_no_deinit(void **state)
{
	struct parsed parsed;

	(void)state;
	parse(&parsed, "x", 1);
	assert_int_equal(parsed.ret, -1);
	/* does no harm, any number of times */
	cm_settings_deinit(&parsed.set);
	cm_settings_deinit(&parsed.set);
	parse(&parsed, HEAD, strlen(HEAD));
	assert_int_equal(parsed.ret, 0);
	cm_settings_deinit(&parsed.set);
	cm_settings_deinit(&parsed.set);
}

static void works_without_warn(void **state)
{
	static const char text[] = HEAD "x = y\n";
	struct cm_settings set;
	const char *error;

	(void)state;
	assert_int_equal(cm_settings_parse(&set, "f", text, sizeof(text) - 1,
					   NULL, NULL, &error), 0);
	cm_settings_deinit(&set);
}

static void table_is_sound(void **state)
{
	const struct cm_setting_def *def, *other;

	(void)state;
	for (def = cm_settings_defs; def->name != NULL; def++) {
		assert_in_range(strlen(def->name), 1, CM_INI_MAX_KEY);
		for (other = cm_settings_defs; other < def; other++)
			assert_string_not_equal(other->name, def->name);
		assert_non_null(def->unit);
		assert_true(strlen(def->help) > 0);
		if (def->type != CM_SETTING_UNUSED)
			assert_true(def->offset < sizeof(struct cm_settings));
		if (def->type == CM_SETTING_UINT)
			assert_true(def->min <= def->max && def->max > 0);
	}
}

int main(void)
{
	cm_unit_rows(reads, rows);
	cm_unit_test(has_defaults);
	cm_unit_test(prints_defaults);
	cm_unit_test(reads_relay_file);
	cm_unit_rows(judges_file, wholes);
	cm_unit_test(refuses_nul);
	cm_unit_test(derives_from_ipv4);
	cm_unit_test(takes_own_socket);
	cm_unit_test(limits_socket_path);
	cm_unit_test(limits_size);
	cm_unit_test(limits_message);
	cm_unit_test(reads_file);
	cm_unit_test(needs_no_deinit);
	cm_unit_test(works_without_warn);
	cm_unit_test(table_is_sound);
	return cm_unit_run();
}
