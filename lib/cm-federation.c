/* SPDX-License-Identifier: MIT */
#include "cm-federation.h"
#include "cm-addr.h"
#include "cm-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_FILE CM_FEDERATION_FILE ".new"
#define BLANKS " \t\r"
/* An address, and the dot of .domain. */
#define MAX_TARGET (CM_ADDR_MAX + 1)

#define FIRST_ALLOC 16

/* One line of the file. */
struct line {
	const char *begin, *end; /* end is behind its LF */
	enum cm_federation_rule rule;
	bool bad;
	const char *word;	 /* the target, where it stands in the text */
	char target[MAX_TARGET + 1]; /* lower case */
};

/* What counts of the file, by target. */
struct cm_federation_entry {
	const char *target; /* in the text */
	uint16_t len;
	uint16_t rule;
};

void cm_federation_init(struct cm_federation *fed)
{
	memset(fed, 0, sizeof(*fed));
}

void cm_federation_deinit(struct cm_federation *fed)
{
	free(fed->index);
	free(fed->text);
	cm_federation_init(fed);
}

bool cm_federation_target_valid(const char *target)
{
	size_t len = strlen(target);
	struct cm_addr addr;

	if (strchr(target, '@') != NULL)
		return cm_addr_parse(&addr, target, len) == 0;
	if (*target == '.') {
		target++;
		len--;
	}
	return cm_addr_domain_valid(target, len);
}

static bool word_is(const char *word, size_t len, const char *what)
{
	return len == strlen(what) && cm_ascii_equal_n(word, what, len);
}

static bool is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static const char *skip_word(const char *p, const char *end)
{
	while (p < end && !is_blank(*p))
		p++;
	return p;
}

/* '#' may stand in an address, even in front: it begins a comment only where
 * no word of the rule is to come. */
static void parse_rule(struct line *line, const char *p, const char *end)
{
	const char *word = p;
	size_t len;

	line->bad = true;
	p = skip_word(p, end);
	if (word_is(word, (size_t)(p - word), "allow"))
		line->rule = CM_FEDERATION_ALLOW;
	else if (word_is(word, (size_t)(p - word), "block"))
		line->rule = CM_FEDERATION_BLOCK;
	p = skip_blanks(p, end);
	word = p;
	p = skip_word(p, end);
	len = (size_t)(p - word);
	p = skip_blanks(p, end);
	if (line->rule == CM_FEDERATION_NONE || len == 0 || len > MAX_TARGET ||
	    (p < end && *p != '#') || memchr(word, '\0', len) != NULL) {
		line->rule = CM_FEDERATION_NONE;
		return;
	}
	line->word = word;
	memcpy(line->target, word, len);
	line->target[len] = '\0';
	cm_ascii_lower(line->target);
	line->bad = !cm_federation_target_valid(line->target);
	if (line->bad)
		line->rule = CM_FEDERATION_NONE;
}

/* The line that begins at p; p < end. */
static void read_line(struct line *line, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p)), *stop;

	line->begin = p;
	line->end = lf != NULL ? lf + 1 : end;
	line->rule = CM_FEDERATION_NONE;
	line->bad = false;
	line->target[0] = '\0';
	stop = lf != NULL ? lf : end;
	p = skip_blanks(p, stop);
	if (p < stop && *p != '#')
		parse_rule(line, p, stop);
}

/* By length first, which mostly decides. */
static int compare_targets(const void *_a, const void *_b)
{
	const struct cm_federation_entry *a = _a, *b = _b;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return cm_ascii_compare_n(a->target, b->target, a->len);
}

/* The same target: in the order of the file. */
static int compare_entries(const void *_a, const void *_b)
{
	const struct cm_federation_entry *a = _a, *b = _b;
	int ret = compare_targets(a, b);

	return ret != 0 ? ret : a->target < b->target ? -1 :
		a->target > b->target ? 1 : 0;
}

static int add_entry(struct cm_federation *fed, const struct line *line)
{
	struct cm_federation_entry *index = fed->index;
	/* a power of two is full */
	bool full = fed->count == 0 || (fed->count >= FIRST_ALLOC &&
					(fed->count & (fed->count - 1)) == 0);

	if (full) {
		index = realloc(index, sizeof(*index) *
				(fed->count == 0 ? FIRST_ALLOC :
				 fed->count * 2));
		if (index == NULL)
			return -1;
		fed->index = index;
	}
	index += fed->count++;
	index->target = line->word;
	index->len = (uint16_t)strlen(line->target);
	index->rule = (uint16_t)line->rule;
	return 0;
}

/* Of several for one target the last counts. */
static void sort_index(struct cm_federation *fed)
{
	struct cm_federation_entry *index = fed->index, *small;
	size_t i, kept = 0;

	if (fed->count == 0)
		return;
	qsort(index, fed->count, sizeof(*index), compare_entries);
	for (i = 0; i < fed->count; i++) {
		if (i + 1 == fed->count ||
		    compare_targets(&index[i], &index[i + 1]) != 0)
			index[kept++] = index[i];
	}
	fed->count = kept;
	small = realloc(index, kept * sizeof(*index));
	if (small != NULL)
		fed->index = small;
}

/* Of what is in fed->text: index and bad_line. */
static int make_index(struct cm_federation *fed)
{
	const char *p = fed->text, *end = p + fed->size;
	unsigned int number = 0;
	struct line line;

	for (; p < end; p = line.end) {
		read_line(&line, p, end);
		number++;
		if (line.bad && fed->bad_line == 0)
			fed->bad_line = number;
		if (line.rule != CM_FEDERATION_NONE &&
		    add_entry(fed, &line) < 0)
			return -1;
	}
	sort_index(fed);
	return 0;
}

/* All of it, to be freed. */
static int read_file(int fd, char **text_r, size_t *size_r)
{
	char *text = malloc(CM_FEDERATION_MAX_SIZE + 1), *small;
	size_t used = 0;
	ssize_t n;

	if (text == NULL)
		return -1;
	while ((n = read(fd, text + used, CM_FEDERATION_MAX_SIZE + 1 -
			 used)) > 0)
		used += (size_t)n;
	if (n < 0 || used > CM_FEDERATION_MAX_SIZE) {
		if (n >= 0)
			errno = EFBIG;
		free(text);
		return -1;
	}
	small = realloc(text, used > 0 ? used : 1);
	*text_r = small != NULL ? small : text;
	*size_r = used;
	return 0;
}

static bool unchanged(const struct cm_federation *fed, const struct stat *st)
{
	struct cm_stamp now;

	cm_stamp_of(st, &now);
	return fed->loaded && cm_stamp_equals(&now, &fed->stamp);
}

static int load_fd(struct cm_federation *fed, int fd, const char **error_r)
{
	struct cm_federation fresh;
	struct stat st;

	*error_r = "not a regular file";
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (unchanged(fed, &st))
		return 0;
	*error_r = "cannot be read";
	cm_federation_init(&fresh);
	if (read_file(fd, &fresh.text, &fresh.size) < 0)
		return -1;
	if (make_index(&fresh) < 0) {
		cm_federation_deinit(&fresh);
		errno = ENOMEM;
		return -1;
	}
	cm_stamp_of(&st, &fresh.stamp);
	fresh.loaded = true;
	cm_federation_deinit(fed);
	*fed = fresh;
	return 0;
}

int cm_federation_load(struct cm_federation *fed, int state_fd,
		       const char **error_r)
{
	struct stat st;
	int fd, ret;

	if (fed->loaded && fstatat(state_fd, CM_FEDERATION_FILE, &st, 0) == 0 &&
	    unchanged(fed, &st))
		return 0;
	fd = openat(state_fd, CM_FEDERATION_FILE,
		    O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		cm_federation_deinit(fed);
		return 0;
	}
	*error_r = "cannot be opened";
	if (fd < 0)
		return -1;
	ret = load_fd(fed, fd, error_r);
	(void)close(fd);
	return ret;
}

enum cm_federation_rule
cm_federation_find(const struct cm_federation *fed, const char *target)
{
	const struct cm_federation_entry *found;
	struct cm_federation_entry key;
	size_t len = strlen(target);

	if (fed->count == 0 || len > MAX_TARGET)
		return CM_FEDERATION_NONE;
	key.target = target;
	key.len = (uint16_t)len;
	found = bsearch(&key, fed->index, fed->count, sizeof(key),
			compare_targets);
	return found == NULL ? CM_FEDERATION_NONE :
		(enum cm_federation_rule)found->rule;
}

static bool listed(const char *words, const char *target)
{
	size_t target_len = strlen(target);

	while (*words != '\0') {
		size_t len = strcspn(words, " \t\r\n");

		if (len == target_len && cm_ascii_equal_n(words, target, len))
			return true;
		words += len;
		words += strspn(words, " \t\r\n");
	}
	return false;
}

/* What the file says of this target, else what the settings say. */
static enum cm_federation_rule judge(const struct cm_federation *fed,
				     const struct cm_settings *set,
				     const char *target)
{
	enum cm_federation_rule rule = cm_federation_find(fed, target);

	if (rule != CM_FEDERATION_NONE ||
	    !listed(set->federation_domains, target))
		return rule;
	return strcmp(set->federation_policy, "closed") == 0 ?
		CM_FEDERATION_ALLOW : CM_FEDERATION_BLOCK;
}

static bool allows(const struct cm_federation *fed,
		   const struct cm_settings *set, const char *sender)
{
	enum cm_federation_rule rule;
	const char *domain = strrchr(sender, '@'), *dot;

	domain = domain != NULL ? domain + 1 : sender;
	if (cm_ascii_equal(domain, set->address_domain))
		return true;
	rule = cm_federation_find(fed, sender);
	if (rule == CM_FEDERATION_NONE)
		rule = judge(fed, set, domain);
	/* [1.2.3.4] is below nothing */
	for (dot = *domain == '[' ? NULL : strchr(domain, '.');
	     rule == CM_FEDERATION_NONE && dot != NULL;
	     dot = strchr(dot + 1, '.'))
		rule = judge(fed, set, dot);
	if (rule == CM_FEDERATION_NONE)
		return strcmp(set->federation_policy, "closed") != 0;
	return rule == CM_FEDERATION_ALLOW;
}

bool cm_federation_allows(const struct cm_federation *fed,
			  const struct cm_settings *set, const char *sender)
{
	char whole[CM_ADDR_MAX + 1];
	size_t len = strlen(sender);

	if (len == 0)
		return true;
	/* what is longer is no address, and no rule names it */
	if (sender[len - 1] != '.' || len > CM_ADDR_MAX)
		return allows(fed, set, sender);
	memcpy(whole, sender, len - 1);
	whole[len - 1] = '\0';
	return allows(fed, set, whole);
}

void cm_federation_list(const struct cm_federation *fed,
			cm_federation_fn *fn, void *ctx)
{
	const char *p = fed->text, *end;
	struct line line;

	if (fed->size == 0)
		return;
	for (end = p + fed->size; p < end; p = line.end) {
		read_line(&line, p, end);
		if (line.rule != CM_FEDERATION_NONE)
			fn(ctx, line.rule, line.target);
	}
}

/* Writes the file anew without target's rules, and the new one at the end. */
static int write_rules(const struct cm_federation *fed, int fd,
		       enum cm_federation_rule rule, const char *target)
{
	const char *p = fed->text, *end = fed->size > 0 ? p + fed->size : p;
	struct line line;
	int out = dup(fd);
	FILE *f = out < 0 ? NULL : fdopen(out, "w");
	char last = '\n';

	if (f == NULL) {
		if (out >= 0)
			(void)close(out);
		return -1;
	}
	for (; p < end; p = line.end) {
		read_line(&line, p, end);
		if (line.rule != CM_FEDERATION_NONE &&
		    cm_ascii_equal(line.target, target))
			continue;
		(void)fwrite(line.begin, 1, (size_t)(line.end - line.begin), f);
		last = line.end[-1];
	}
	if (last != '\n')
		(void)fputc('\n', f);
	if (rule != CM_FEDERATION_NONE)
		(void)fprintf(f, "%s %s\n", rule == CM_FEDERATION_ALLOW ?
			      "allow" : "block", target);
	if (fflush(f) != 0 || ferror(f)) {
		(void)fclose(f);
		return -1;
	}
	return fclose(f);
}

/* An admin as root must not leave a file that the services cannot read. */
static int replace(const struct cm_federation *fed, int state_fd,
		   enum cm_federation_rule rule, const char *target)
{
	int fd, ret = -1;
	struct stat st;

	(void)unlinkat(state_fd, TEMP_FILE, 0);
	fd = openat(state_fd, TEMP_FILE, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (fstat(state_fd, &st) == 0 &&
	    (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0) &&
	    write_rules(fed, fd, rule, target) == 0 && fsync(fd) == 0)
		ret = renameat(state_fd, TEMP_FILE, state_fd,
			       CM_FEDERATION_FILE);
	if (ret < 0)
		(void)unlinkat(state_fd, TEMP_FILE, 0);
	(void)close(fd);
	return ret;
}

int cm_federation_change(int state_fd, enum cm_federation_rule rule,
			 const char *target, const char **error_r)
{
	struct cm_federation fed;
	int lock_fd, ret = -1;

	*error_r = "neither an address nor a domain";
	errno = EINVAL;
	if (strlen(target) > MAX_TARGET || !cm_federation_target_valid(target))
		return -1;
	*error_r = "cannot be locked";
	/* the directory itself: no file is left that belongs to whoever was
	 * first */
	lock_fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock_fd < 0)
		return -1;
	cm_federation_init(&fed);
	if (flock(lock_fd, LOCK_EX) == 0 &&
	    cm_federation_load(&fed, state_fd, error_r) == 0) {
		*error_r = "cannot be written";
		ret = cm_federation_find(&fed, target) == rule ? 0 :
			replace(&fed, state_fd, rule, target) < 0 ? -1 : 1;
	}
	cm_federation_deinit(&fed);
	(void)close(lock_fd);
	return ret;
}
