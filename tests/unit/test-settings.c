/* SPDX-License-Identifier: MIT */
#include "settings-parse.h"
#include "cm-ini.h"

#include <unistd.h>

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
	{ "authserv_id", HEAD "authserv_id = mx.a.b\n", NULL, NULL },
	{ "authserv_id that is none", HEAD "authserv_id = mx/y\n",
	  "f.ini: authserv_id = mx/y: expected a name like mx.example.org, "
	  "maybe with /QUEUE_ID behind it", NULL },
	{ "no authserv_id", HEAD "authserv_id =\n",
	  "f.ini: authserv_id = : expected a name like mx.example.org, "
	  "maybe with /QUEUE_ID behind it", NULL },
	{ "trim_to above trim_above", HEAD "trim_to = 80\n",
	  "f.ini: trim_to (80) is not below trim_above (75)", NULL },
	{ "trim_to equals trim_above", HEAD "trim_above = 70\n",
	  "f.ini: trim_to (70) is not below trim_above (70)", NULL },
	{ "trim_to just below trim_above", HEAD "trim_above = 71\n",
	  NULL, NULL },
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
	assert_string_equal(parsed.set.authserv_id, "192.0.2.1/QUEUE_ID");
	assert_false(parsed.set.require_dkim);
	cm_settings_deinit(&parsed.set);
}

static void asks_for_dkim(void **state)
{
	static const struct {
		const char *text;
		bool require;
	} cases[] = {
		{ HEAD, true },
		{ HEAD "require_dkim = no\n", false },
		{ "[params]\nmail_domain = 192.0.2.1\n", false },
		{ "[params]\nmail_domain = 192.0.2.1\nrequire_dkim = yes\n",
		  true },
	};
	struct parsed parsed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&parsed, cases[i].text, strlen(cases[i].text));
		assert_int_equal(parsed.ret, 0);
		assert_int_equal(parsed.set.require_dkim, cases[i].require);
		cm_settings_deinit(&parsed.set);
	}
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
	cm_unit_test(has_defaults);
	cm_unit_test(reads_relay_file);
	cm_unit_rows(judges_file, wholes);
	cm_unit_test(refuses_nul);
	cm_unit_test(derives_from_ipv4);
	cm_unit_test(asks_for_dkim);
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
