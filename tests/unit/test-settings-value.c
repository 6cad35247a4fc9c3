/* SPDX-License-Identifier: MIT */
#include "settings-parse.h"

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
	  "a whole number from 1 up, in messages" },
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

	{ "https", "notify_url", "https://push.example.org/notify",
	  "https://push.example.org/notify", NULL },
	{ "https with port", "notify_url", "https://[::1]:8443/n?a=b",
	  "https://[::1]:8443/n?a=b", NULL },
	{ "https empty", "notify_url", "", "", NULL },
	{ "https without host", "notify_url", "https:///notify", NULL,
	  "an https:// URL or nothing" },
	{ "https bare", "notify_url", "https://", NULL, "an https:// URL" },
	{ "http", "notify_url", "http://push.example.org/", NULL,
	  "an https:// URL" },
	{ "https with user", "notify_url", "https://me:pw@example.org/", NULL,
	  "an https:// URL" },
	{ "https with blank", "notify_url", "https://example.org/a b", NULL,
	  "an https:// URL" },

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

	{ "bool yes", "strict_headers", "yes", "yes", NULL },
	{ "bool True", "strict_headers", "True", "yes", NULL },
	{ "bool NO", "strict_headers", "NO", "no", NULL },
	{ "bool false", "strict_headers", "false", "no", NULL },
	{ "bool 1", "strict_headers", "1", NULL, "yes or no" },
	{ "bool word", "strict_headers", "yesno", NULL, "yes or no" },
	{ "bool empty", "strict_headers", "", NULL, "yes or no" },

	{ "path", "run_dir", "/tmp/a b", "/tmp/a b", NULL },
	{ "path relative", "run_dir", "tmp", NULL, "an absolute path" },
	{ "path empty", "run_dir", "", NULL, "an absolute path" },
	{ "path in two lines", "run_dir", "/tmp\n  /x", NULL,
	  "an absolute path" },
	{ "path with CR", "run_dir", "/tmp\r/x", NULL, "an absolute path" },
	{ "path with DEL", "run_dir", "/tmp\x7f", NULL, "an absolute path" },
	{ "path beyond ASCII", "run_dir", "/\xc3\xa4", "/\xc3\xa4", NULL },
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

	{ "a host that may be left out", "turn_host", "", "", NULL },
	{ "a host", "turn_host", "Turn.Example", "turn.example", NULL },
	{ "a host with its port", "turn_host", "turn.example:3478", NULL,
	  "a domain like" },
	{ "hours", "turn_ttl", "13", "13", NULL },
	{ "too few hours for a client", "turn_ttl", "12", NULL,
	  "from 13 to 720" },
	{ "hours of a month", "turn_ttl", "720", "720", NULL },
	{ "more than a month", "turn_ttl", "721", NULL, "from 13 to 720" },

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
		else if (strcmp(def->name, "authserv_id") == 0)
			assert_string_equal(buf, "localhost/QUEUE_ID");
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

/* As many lines as a value can have. */
static void prints_longest(void **state)
{
	static char text[sizeof(HEAD) + 2 * CM_SETTING_PRINT_SIZE];
	static char buf[CM_SETTING_PRINT_SIZE];
	const struct cm_setting_def *def = find("passthrough_senders");
	struct parsed parsed;
	unsigned int i, line;
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), HEAD "%s = a", def->name);
	for (i = 1; i < (CM_INI_MAX_VALUE + 1) / 2; i++) {
		memcpy(text + len, "\n\ta", 3);
		len += 3;
	}
	parse(&parsed, text, len);
	assert_int_equal(parsed.ret, 0);
	cm_settings_print(&parsed.set, def, buf, sizeof(buf), &line);
	assert_int_equal(strlen(buf), CM_SETTING_PRINT_SIZE - 1);
	assert_string_equal(buf, text + strlen(HEAD "passthrough_senders = "));
	cm_settings_deinit(&parsed.set);
	/* and a line more is too much for the file */
	memcpy(text + len, "\n\ta", 3);
	parse(&parsed, text, len + 3);
	assert_int_equal(parsed.ret, -1);
	cm_settings_deinit(&parsed.set);
}

static const struct list_row {
	const char *name, *list, *address;
	bool expect;
} lists[] = {
	{ "empty", "", "a@x", false },
	{ "one", "a@x", "a@x", true },
	{ "in any case", "A@x", "a@X", true },
	{ "not a part", "aa@x", "a@x", false },
	{ "not a longer one", "a@x", "aa@x", false },
	{ "later, over lines", "b@x  c@x\n\ta@x", "a@x", true },
	{ "domain", "@x", "a@x", true },
	{ "other domain", "@x", "a@y", false },
	{ "no subdomain", "@x", "a@y.x", false },
	{ "domain as word without @", "x", "a@x", false },
	{ "empty address", "a@x @x", "", false },
};

static void list_matches(void **state)
{
	const struct list_row *row = *state;

	assert_int_equal(cm_settings_list_matches(row->list, row->address),
			 row->expect);
}

int main(void)
{
	cm_unit_rows(list_matches, lists);
	cm_unit_rows(reads, rows);
	cm_unit_test(prints_defaults);
	cm_unit_test(prints_longest);
	return cm_unit_run();
}
