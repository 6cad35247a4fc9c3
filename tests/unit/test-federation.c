/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-addr.h"
#include "cm-federation.h"
#include "cm-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/cm-federation.XXXXXX";
static int dir_fd;

static void put(const char *text, size_t size)
{
	int fd = openat(dir_fd, CM_FEDERATION_FILE,
			O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(close(fd), 0);
}

static void load(struct cm_federation *fed)
{
	const char *error = "";

	cm_federation_init(fed);
	assert_int_equal(cm_federation_load(fed, dir_fd, &error), 0);
}

static void settings(struct cm_settings *set, const char *policy,
		     const char *domains)
{
	char text[512];
	const char *error;

	(void)snprintf(text, sizeof(text), "[params]\nmail_domain = our.test\n"
		       "federation_policy = %s\nfederation_domains = %s\n",
		       policy, domains);
	assert_int_equal(cm_settings_parse(set, "x", text, strlen(text), NULL,
					   NULL, &error), 0);
}

static const struct row {
	const char *name, *policy, *domains, *rules, *sender;
	bool allowed;
} rows[] = {
	{ "open", "open", "", "", "a@x.test", true },
	{ "open, listed", "open", "y.test x.test", "", "a@X.test", false },
	{ "open, below a listed one", "open", "x.test", "", "a@b.x.test", true },
	{ "open, .listed", "open", ".x.test", "", "a@c.b.x.test", false },
	{ ".listed is not x.test itself", "open", ".x.test", "", "a@x.test",
	  true },
	{ "and not ax.test", "open", ".x.test", "", "a@ax.test", true },
	{ "closed", "closed", "", "", "a@x.test", false },
	{ "closed, listed", "closed", "x.test", "", "a@x.test", true },
	{ "closed: ourselves", "closed", "", "", "a@Our.test", true },
	{ "closed: a bounce", "closed", "", "", "", true },
	{ "closed: an IP", "closed", "[1.2.3.4]", "", "a@[1.2.3.4]", true },
	{ "closed: another IP", "closed", "[1.2.3.4] .3.4]", "",
	  "a@[2.2.3.4]", false },
	{ "domain blocked", "open", "", "block x.test\n", "a@x.test", false },
	{ "the dot of the root", "open", "", "block x.test\n", "a@x.test.",
	  false },
	{ "the same, an address", "open", "", "block a@x.test\n",
	  "a@x.test.", false },
	{ "the same, closed", "closed", "x.test", "", "a@x.test.", true },
	{ "no LF at the end", "open", "", "block x.test", "a@x.test", false },
	{ "blanks, CR, case, comment", "open", "",
	  "# c\n\n \tBLOCK \t X.Test \r\n", "a@x.test", false },
	{ "commented out", "open", "", "#block x.test\n", "a@x.test", true },
	{ "commented out, a blank in front", "open", "", " # block x.test\n",
	  "a@x.test", true },
	{ "a comment without blank", "open", "", "block x.test #why\n",
	  "a@x.test", false },
	{ "no blank: no comment, no rule", "open", "", "block x.test#why\n",
	  "a@x.test", true },
	{ "two comments", "open", "", "block x.test\t# a # b\n", "a@x.test",
	  false },
	{ "# in an address", "open", "", "block a#b@x.test # why\n",
	  "A#B@x.test", false },
	{ "is that address only", "open", "", "block a#b@x.test\n", "a@x.test",
	  true },
	{ "# in front of it", "open", "", "block #a@x.test\n", "#a@x.test",
	  false },
	{ "address over domain", "open", "",
	  "allow a@x.test\nblock x.test\n", "A@x.test", true },
	{ "another address", "open", "",
	  "allow a@x.test\nblock x.test\n", "b@x.test", false },
	{ "domain over .domain", "open", "",
	  "allow b.x.test\nblock .x.test\n", "a@b.x.test", true },
	{ "file over settings", "closed", "x.test", "block x.test\n",
	  "a@x.test", false },
	{ "the last of two", "open", "", "block x.test\nallow x.test\n",
	  "a@x.test", true },
	{ "our domain cannot be blocked", "open", "", "block our.test\n",
	  "a@our.test", true },
	{ "no @", "open", "", "block x.test\n", "x.test", false },
	{ "a bad line means nothing", "open", "", "deny x.test\nblock\n"
	  "block x test\n", "a@x.test", true },
	{ "the line behind it counts", "open", "", "deny\nblock x.test\n",
	  "a@x.test", false },
};

static void judges(void **state)
{
	const struct row *row = *state;
	struct cm_federation fed;
	struct cm_settings set;

	put(row->rules, strlen(row->rules));
	load(&fed);
	settings(&set, row->policy, row->domains);
	assert_int_equal(cm_federation_allows(&fed, &set, row->sender),
			 row->allowed);
	cm_settings_deinit(&set);
	cm_federation_deinit(&fed);
}

static void names_bad_line(void **state)
{
	static const char text[] = "block x.test # why\n\n#\nblock -x.test\n";
	struct cm_federation fed;

	(void)state;
	put(text, strlen(text));
	load(&fed);
	assert_int_equal(fed.bad_line, 4);
	cm_federation_deinit(&fed);
	put("block x.test\0\n", 14);
	load(&fed);
	assert_int_equal(fed.bad_line, 1);
	cm_federation_deinit(&fed);
}

/* As rsync -t and cp -p bring a file: as long, and no younger. */
static void old_time(void **state)
{
	static const char before[] = "block a.test\n", after[] = "block b.test\n";
	struct timespec times[2];
	struct cm_federation fed;
	const char *error = "";
	struct stat st;

	(void)state;
	put(before, strlen(before));
	load(&fed);
	assert_int_equal(fstatat(dir_fd, CM_FEDERATION_FILE, &st, 0), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	/* ctime is as coarse as the kernel's clock */
	do {
		put(after, strlen(after));
		assert_int_equal(utimensat(dir_fd, CM_FEDERATION_FILE, times,
					   0), 0);
		assert_int_equal(fstatat(dir_fd, CM_FEDERATION_FILE, &st, 0),
				 0);
	} while (st.st_ctim.tv_sec == times[1].tv_sec &&
		 st.st_ctim.tv_nsec == times[1].tv_nsec);
	assert_int_equal(cm_federation_load(&fed, dir_fd, &error), 0);
	assert_int_equal(cm_federation_find(&fed, "b.test"),
			 CM_FEDERATION_BLOCK);
	assert_int_equal(cm_federation_find(&fed, "a.test"),
			 CM_FEDERATION_NONE);
	cm_federation_deinit(&fed);
}

static void reads_again(void **state)
{
	struct cm_federation fed;
	const char *error = "";

	(void)state;
	put("block x.test\n", 13);
	load(&fed);
	assert_int_equal(cm_federation_find(&fed, "x.test"),
			 CM_FEDERATION_BLOCK);
	put("allow x.test\nblock y.test\n", 26);
	assert_int_equal(cm_federation_load(&fed, dir_fd, &error), 0);
	assert_int_equal(cm_federation_find(&fed, "x.test"),
			 CM_FEDERATION_ALLOW);
	assert_int_equal(unlinkat(dir_fd, CM_FEDERATION_FILE, 0), 0);
	assert_int_equal(cm_federation_load(&fed, dir_fd, &error), 0);
	assert_int_equal(cm_federation_find(&fed, "y.test"),
			 CM_FEDERATION_NONE);
	cm_federation_deinit(&fed);
}

static void size_limit(void **state)
{
	char *text = malloc(CM_FEDERATION_MAX_SIZE + 1);
	struct cm_federation fed;
	const char *error = "";
	int i;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', CM_FEDERATION_MAX_SIZE + 1);
	for (i = -1; i <= 1; i++) {
		put(text, (size_t)(CM_FEDERATION_MAX_SIZE + i));
		cm_federation_init(&fed);
		assert_int_equal(cm_federation_load(&fed, dir_fd, &error),
				 i <= 0 ? 0 : -1);
		cm_federation_deinit(&fed);
	}
	free(text);
}

static void expect_file(const char *expect)
{
	char buf[512];
	int fd = openat(dir_fd, CM_FEDERATION_FILE, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	(void)close(fd);
	assert_string_equal(buf, expect);
}

static void changes(void **state)
{
	const char *error = "";

	(void)state;
	put("# mine\nblock a.test # x\nnonsense", 32);
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_ALLOW,
					      "b@a.test", &error), 1);
	expect_file("# mine\nblock a.test # x\nnonsense\nallow b@a.test\n");
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_ALLOW,
					      "A.test", &error), 1);
	expect_file("# mine\nnonsense\nallow b@a.test\nallow A.test\n");
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_ALLOW,
					      "a.test", &error), 0);
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_NONE,
					      "b@a.test", &error), 1);
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_NONE,
					      "b@a.test", &error), 0);
	expect_file("# mine\nnonsense\nallow A.test\n");
	errno = 0;
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_BLOCK,
					      "a b", &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_BLOCK,
					      "a.test\nallow b.test", &error),
			 -1);
}

/* What is accepted means what it says. */
static void changes_with_hash(void **state)
{
	static const char *const targets[] = {
		"a#b@x.test", "#a@x.test", "a#@x.test"
	};
	struct cm_federation fed;
	const char *error = "";
	char expect[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		(void)unlinkat(dir_fd, CM_FEDERATION_FILE, 0);
		assert_int_equal(cm_federation_change(dir_fd,
			CM_FEDERATION_BLOCK, targets[i], &error), 1);
		(void)snprintf(expect, sizeof(expect), "block %s\n",
			       targets[i]);
		expect_file(expect);
		load(&fed);
		assert_int_equal(fed.bad_line, 0);
		assert_int_equal(cm_federation_find(&fed, targets[i]),
				 CM_FEDERATION_BLOCK);
		assert_int_equal(cm_federation_find(&fed, "a@x.test"),
				 CM_FEDERATION_NONE);
		cm_federation_deinit(&fed);
		assert_int_equal(cm_federation_change(dir_fd,
			CM_FEDERATION_BLOCK, targets[i], &error), 0);
		assert_int_equal(cm_federation_change(dir_fd,
			CM_FEDERATION_NONE, targets[i], &error), 1);
		expect_file("");
	}
	assert_int_equal(cm_federation_change(dir_fd, CM_FEDERATION_BLOCK,
					      "x.test#why", &error), -1);
}

#define MANY 40000

/* One for each number, 0 to MANY - 1. */
static char *many_rules(size_t *size_r)
{
	char *text = malloc(CM_FEDERATION_MAX_SIZE);
	size_t used = 0;
	int i;

	assert_non_null(text);
	for (i = 0; i < MANY; i++)
		used += (size_t)sprintf(text + used, "block d%d.example\n", i);
	assert_true(used <= CM_FEDERATION_MAX_SIZE);
	*size_r = used;
	return text;
}

static void finds_among_many(void **state)
{
	struct cm_federation fed;
	char name[64];
	size_t size;
	char *text = many_rules(&size);
	int i;

	(void)state;
	put(text, size);
	load(&fed);
	for (i = -1; i <= MANY; i++) {
		(void)snprintf(name, sizeof(name), "D%d.example", i);
		assert_int_equal(cm_federation_find(&fed, name),
				 i < 0 || i == MANY ? CM_FEDERATION_NONE :
				 CM_FEDERATION_BLOCK);
	}
	cm_federation_deinit(&fed);
	free(text);
}

/* CPU seconds for that many verdicts. */
static double judge_seconds(const char *rules, size_t size, const char *sender,
			    int count)
{
	struct timespec begin, end;
	struct cm_federation fed;
	struct cm_settings set;

	put(rules, size);
	load(&fed);
	settings(&set, "open", "");
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	while (count-- > 0)
		assert_true(cm_federation_allows(&fed, &set, sender));
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	cm_settings_deinit(&set);
	cm_federation_deinit(&fed);
	return (double)(end.tv_sec - begin.tv_sec) +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* A long list costs a few steps more for each label, not one for each rule:
 * that would be MANY times as much. Both are measured in one process, by what
 * it was given of the processor, and are far apart. */
static void long_list_long_name(void **state)
{
	char sender[CM_ADDR_MAX + 1] = "u@";
	char *text;
	double few, many;
	size_t size;
	int i;

	(void)state;
	for (i = 0; i < 120; i++)
		strcat(sender, "a.");
	strcat(sender, "example");
	text = many_rules(&size);
	few = judge_seconds("block d1.example\n", 17, sender, 1000);
	many = judge_seconds(text, size, sender, 20) * 50;
	print_message("# %g s, %g s with %d rules\n", few, many, MANY);
	assert_true(many < few * 1000);
	free(text);
}

static void writers_lose_nothing(void **state)
{
	struct cm_federation fed;
	char name[64];
	int i, k, status;

	(void)state;
	(void)unlinkat(dir_fd, CM_FEDERATION_FILE, 0);
	for (i = 0; i < 8; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid > 0)
			continue;
		for (k = 0; k < 5; k++) {
			const char *error;

			(void)snprintf(name, sizeof(name), "h%d-%d.test", i, k);
			if (cm_federation_change(dir_fd, CM_FEDERATION_BLOCK,
						 name, &error) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	load(&fed);
	for (i = 0; i < 8; i++) {
		for (k = 0; k < 5; k++) {
			(void)snprintf(name, sizeof(name), "h%d-%d.test", i, k);
			assert_int_equal(cm_federation_find(&fed, name),
					 CM_FEDERATION_BLOCK);
		}
	}
	cm_federation_deinit(&fed);
}

int main(void)
{
	int ret;

	if (mkdtemp(dir) == NULL ||
	    (dir_fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	cm_unit_rows(judges, rows);
	cm_unit_test(names_bad_line);
	cm_unit_test(reads_again);
	cm_unit_test(old_time);
	cm_unit_test(size_limit);
	cm_unit_test(changes);
	cm_unit_test(changes_with_hash);
	cm_unit_test(finds_among_many);
	cm_unit_test(long_list_long_name);
	cm_unit_test(writers_lose_nothing);
	ret = cm_unit_run();
	(void)unlinkat(dir_fd, CM_FEDERATION_FILE, 0);
	(void)close(dir_fd);
	(void)rmdir(dir);
	return ret;
}
