/* SPDX-License-Identifier: MIT */
#include "cm-system.h"

#include "cm-account-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAX_LOAD_DIGITS 6
#define MAX_LOAD_DECIMALS 3
/* 2^63 bytes in kB have fewer */
#define MAX_KB_DIGITS 15

/* Up to max digits from text[*pos], which moves behind them; more than that
 * are not a number of ours. */
static bool parse_digits(const char *text, size_t len, size_t *pos, size_t max,
			 uint64_t *n_r)
{
	size_t start = *pos;

	*n_r = 0;
	while (*pos < len && text[*pos] >= '0' && text[*pos] <= '9') {
		if (*pos - start == max)
			return false;
		*n_r = *n_r * 10 + (uint64_t)(text[*pos] - '0');
		(*pos)++;
	}
	return *pos > start;
}

/* By hand: strtod() goes by the locale of whatever process we are in. */
bool cm_system_parse_loadavg(const char *text, size_t len, double *load_r)
{
	uint64_t whole, decimals;
	size_t pos = 0, i, start;
	double scale = 1;

	if (!parse_digits(text, len, &pos, MAX_LOAD_DIGITS, &whole) ||
	    pos == len || text[pos] != '.')
		return false;
	start = ++pos;
	if (!parse_digits(text, len, &pos, MAX_LOAD_DECIMALS, &decimals) ||
	    pos == len || text[pos] != ' ')
		return false;
	for (i = start; i < pos; i++)
		scale *= 10;
	*load_r = (double)whole + (double)decimals / scale;
	return true;
}

static bool parse_available(const char *line, size_t len, uint64_t *bytes_r)
{
	static const char key[] = "MemAvailable:";
	static const char unit[] = " kB";
	size_t pos = sizeof(key) - 1;
	uint64_t kb;

	if (len < pos || memcmp(line, key, pos) != 0)
		return false;
	while (pos < len && line[pos] == ' ')
		pos++;
	if (!parse_digits(line, len, &pos, MAX_KB_DIGITS, &kb) ||
	    len - pos != sizeof(unit) - 1 ||
	    memcmp(line + pos, unit, sizeof(unit) - 1) != 0)
		return false;
	*bytes_r = kb * 1024;
	return true;
}

bool cm_system_parse_meminfo(const char *text, size_t len, uint64_t *bytes_r)
{
	const char *end = text + len, *lf;

	/* a line without its end may have been cut */
	while (text < end &&
	       (lf = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		if (parse_available(text, (size_t)(lf - text), bytes_r))
			return true;
		text = lf + 1;
	}
	return false;
}

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t used = 0;
	ssize_t ret;

	if (fd < 0)
		return 0;
	while (used < size) {
		ret = read(fd, buf + used, size - used);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret <= 0)
			break;
		used += (size_t)ret;
	}
	(void)close(fd);
	return used;
}

bool cm_system_read(const char *loadavg_path, const char *meminfo_path,
		    int disk_fd, struct cm_account_system *system_r,
		    const char **what_r)
{
	char buf[CM_SYSTEM_MAX_FILE];
	struct statvfs fs;
	size_t len;

	memset(system_r, 0, sizeof(*system_r));
	len = read_file(loadavg_path, buf, sizeof(buf));
	system_r->load_known = cm_system_parse_loadavg(buf, len,
						       &system_r->load_1m);
	len = read_file(meminfo_path, buf, sizeof(buf));
	system_r->memory_known =
		cm_system_parse_meminfo(buf, len,
					&system_r->available_memory);
	if (fstatvfs(disk_fd, &fs) == 0) {
		system_r->disk_known = true;
		system_r->free_disk_space =
			(uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
	}
	if (!system_r->load_known)
		*what_r = "the load average";
	else if (!system_r->memory_known)
		*what_r = "the available memory";
	else if (!system_r->disk_known)
		*what_r = "the free disk space";
	else
		return true;
	return false;
}
