/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-siphash.h"
#include "cm-turn.h"
#include "account-tree.h"

#include <errno.h>
#include <time.h>

#define DAY ((time_t)86400)
#define HOUR ((time_t)3600)
#define TODAY (20000 * DAY)
#define S32 "abcdefghijklmnopqrstuvwxyz012345"
#define S64 S32 S32
#define S128 S64 S64

/* Which keyed hash it is does not matter for when something expires. */
static void some_hash(const void *key, size_t key_size, const void *data,
		      size_t size, unsigned char mac_r[CM_TURN_MAC_SIZE])
{
	uint64_t hash;

	assert_true(key_size >= CM_SIPHASH_KEY_SIZE);
	hash = cm_siphash(key, data, size);
	memset(mac_r, 0, CM_TURN_MAC_SIZE);
	memcpy(mac_r, &hash, sizeof(hash));
}

/* printf TEXT | openssl dgst -sha1 -hmac S32 */
static const struct answer {
	const char *data;
	unsigned char mac[CM_TURN_MAC_SIZE];
} answers[] = {
	{ "1728000000 a@chat.example",
	  { 0xa8, 0x48, 0x31, 0xca, 0xd5, 0xc7, 0x11,
	    0x3c, 0xbc, 0xe8, 0x1c, 0x12, 0xb4, 0x71,
	    0x6b, 0xa7, 0x2e, 0x12, 0xaa, 0x24 } },
	{ "1728388420",
	  { 0x37, 0x61, 0x05, 0x02, 0x87, 0x8b, 0x35,
	    0x21, 0x5b, 0xae, 0xc0, 0x9c, 0xbb, 0xb7,
	    0xdc, 0x54, 0xac, 0x99, 0x31, 0x43 } },
};

static void known_hash(const void *key, size_t key_size, const void *data,
		       size_t size, unsigned char mac_r[CM_TURN_MAC_SIZE])
{
	size_t i;

	assert_int_equal(key_size, strlen(S32));
	assert_memory_equal(key, S32, key_size);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strlen(answers[i].data) == size &&
		    memcmp(answers[i].data, data, size) == 0) {
			memcpy(mac_r, answers[i].mac, CM_TURN_MAC_SIZE);
			return;
		}
	}
	fail_msg("nobody needs a hash of %.*s", (int)size, (const char *)data);
}

static void known_value(void **state)
{
	const struct cm_turn turn = { "turn.example", 3478, S32, 5 * DAY };
	char buf[CM_TURN_VALUE_SIZE];

	(void)state;
	assert_int_equal(cm_turn_value(&turn, "a@chat.example",
				       TODAY + 12345, known_hash, buf), 0);
	assert_string_equal(buf, "turn.example:3478:1728388420:N2EFAoeLNSFbrsCcu7fcVKyZMUM=");
}

static const struct period_row {
	const char *name;
	time_t ttl, period, least;
} period_rows[] = {
	{ "13 hours", 13 * HOUR, HOUR / 2, 12 * HOUR },
	{ "a day", 24 * HOUR, 6 * HOUR, 12 * HOUR },
	{ "59 hours", 59 * HOUR, 47 * HOUR / 2, 12 * HOUR },
	{ "60 hours", 60 * HOUR, DAY, 12 * HOUR },
	{ "61 hours", 61 * HOUR, DAY, 13 * HOUR },
	{ "5 days", 5 * DAY, DAY, 3 * DAY },
	{ "30 days", 30 * DAY, DAY, 28 * DAY },
};

/* The same within a period, another in the next one, never too short and
 * never longer than it may be. */
static void periods(void **state)
{
	const struct period_row *row = *state;
	const struct cm_turn turn = { "h", 3478, S32, row->ttl };
	time_t begin = TODAY / row->period * row->period, now, expiry, first;
	unsigned int same = 0;
	int n;

	for (n = 0; n < 20; n++, begin += row->period) {
		first = cm_turn_expiry(&turn, "a@chat.example", begin,
				       some_hash);
		for (now = begin; now < begin + row->period;
		     now += row->period / 7) {
			expiry = cm_turn_expiry(&turn, "a@chat.example", now,
						some_hash);
			assert_int_equal(expiry, first);
			assert_true(expiry - now > row->least);
			assert_true(expiry - now <= row->ttl);
		}
		now = begin + row->period - 1;
		expiry = cm_turn_expiry(&turn, "a@chat.example", now,
					some_hash);
		assert_int_equal(expiry, first);
		assert_true(expiry - now > row->least);
		/* nor is it known from the one before */
		expiry = cm_turn_expiry(&turn, "a@chat.example",
					begin + row->period, some_hash);
		if (expiry == first + row->period)
			same++;
	}
	assert_in_range(same, 0, 2);
}

static int compare(const void *p1, const void *p2)
{
	const time_t *t1 = p1, *t2 = p2;

	return *t1 < *t2 ? -1 : *t1 > *t2;
}

/* Accounts are spread over the whole period, and another secret spreads them
 * otherwise. */
static void accounts(void **state)
{
	struct cm_turn turn = { "h", 3478, S32, 5 * DAY };
	unsigned int i, twice = 0, same = 0;
	time_t times[1000], other;
	char name[32];

	(void)state;
	for (i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "u%u@chat.example", i);
		times[i] = cm_turn_expiry(&turn, name, TODAY, some_hash);
		turn.secret = &S64[1];
		other = cm_turn_expiry(&turn, name, TODAY, some_hash);
		turn.secret = S32;
		if (other == times[i])
			same++;
	}
	qsort(times, 1000, sizeof(*times), compare);
	for (i = 1; i < 1000; i++)
		twice += times[i] == times[i - 1];
	/* by chance: 5.8 of each kind, 0.01 */
	assert_in_range(twice, 0, 20);
	assert_in_range(same, 0, 2);
	assert_in_range(times[0], TODAY + 4 * DAY + 1,
			TODAY + 4 * DAY + DAY / 50);
	assert_in_range(times[999], TODAY + 5 * DAY - DAY / 50,
			TODAY + 5 * DAY);
}

static const struct host_row {
	const char *name;
	const char *host;
	bool good;
} host_rows[] = {
	{ "a name", "turn.example", true },
	{ "IPv4", "192.0.2.1", true },
	{ "IPv6", "2001:db8::1", false },
	{ "in brackets", "[2001:db8::1]", false },
	{ "none", "", false },
	{ "a blank", "a b", false },
	{ "255 bytes", S128 S64 S32 "abcdefghijklmnopqrstuvwxyz01234", true },
	{ "256 bytes", S128 S64 S32 S32, false },
};

static void hosts(void **state)
{
	const struct host_row *row = *state;
	const struct cm_turn turn = { row->host, 65535, S32, 5 * DAY };
	char buf[CM_TURN_VALUE_SIZE], *p;

	assert_int_equal(cm_turn_value(&turn, "a@b", TODAY, some_hash, buf),
			 row->good ? 0 : -1);
	if (!row->good)
		return;
	/* host, port, ten digits, 28 characters of base64 */
	assert_memory_equal(buf, row->host, strlen(row->host));
	p = buf + strlen(row->host);
	assert_memory_equal(p, ":65535:", 7);
	p += 7;
	assert_int_equal(strspn(p, "0123456789"), 10);
	assert_true(p[10] == ':');
	assert_int_equal(strlen(p + 11), 28);
	assert_true(p[38] == '=');
}

static const struct secret_row {
	const char *name;
	const char *text;
	mode_t mode;
	const char *expect; /* NULL: an error */
	const char *error;
} secret_rows[] = {
	{ "ours", S64 "\n", 0640, S64, NULL },
	{ "without a line end", S64, 0600, S64, NULL },
	{ "31 bytes", &S32[1], 0640, NULL, "32 to 128" },
	{ "32 bytes", S32, 0640, S32, NULL },
	{ "128 bytes", S128 "\n", 0640, S128, NULL },
	{ "129 bytes", S128 "x", 0640, NULL, "32 to 128" },
	{ "much too long", S128 S128 S128, 0640, NULL, "32 to 128" },
	{ "two lines", S32 "\n" S32 "\n", 0640, NULL, "one line" },
	{ "an empty line", S32 "\n\n", 0640, NULL, "one line" },
	{ "a blank", S32 " x", 0640, NULL, "without a blank" },
	{ "8 bit", S32 "\xc3\xa9", 0640, NULL, "without a blank" },
	{ "nothing", "", 0640, NULL, "one line" },
	{ "others may read it", S64, 0644, NULL, "0640" },
	{ "others may write it", S64, 0602, NULL, "0640" },
};

static void secrets(void **state)
{
	const struct secret_row *row = *state;
	char buf[CM_TURN_MAX_SECRET + 1], path[300];
	const char *error = NULL;
	int ret;

	tree_begin();
	(void)snprintf(path, sizeof(path), "%s/secret", tree_path);
	assert_int_equal(cm_turn_read_secret(path, buf, &error), 0);
	tree_file("", "secret", row->text, strlen(row->text));
	assert_int_equal(chmod(path, row->mode), 0);
	ret = cm_turn_read_secret(path, buf, &error);
	if (row->expect != NULL) {
		assert_int_equal(ret, 1);
		assert_string_equal(buf, row->expect);
	} else {
		assert_int_equal(ret, -1);
		assert_int_equal(errno, 0);
		assert_non_null(strstr(error, row->error));
	}
	tree_end();
}

static void no_file(void **state)
{
	char buf[CM_TURN_MAX_SECRET + 1], path[300];
	const char *error = NULL;

	(void)state;
	tree_begin();
	(void)snprintf(path, sizeof(path), "%s/fifo", tree_path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(cm_turn_read_secret(path, buf, &error), -1);
	assert_non_null(strstr(error, "regular"));
	assert_int_equal(cm_turn_read_secret(tree_path, buf, &error), -1);
	assert_non_null(strstr(error, "regular"));
	(void)snprintf(path, sizeof(path), "%s/fifo/x", tree_path);
	errno = 0;
	assert_int_equal(cm_turn_read_secret(path, buf, &error), -1);
	assert_int_equal(errno, ENOTDIR);
	tree_end();
}

int main(void)
{
	cm_unit_test(known_value);
	cm_unit_rows(periods, period_rows);
	cm_unit_test(accounts);
	cm_unit_rows(hosts, host_rows);
	cm_unit_rows(secrets, secret_rows);
	cm_unit_test(no_file);
	return cm_unit_run();
}
