/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-counters.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = { "one", "two", "three" };
static char dir[] = "/tmp/cm-counters.XXXXXX";
static int dir_fd;

static void counts_and_keeps(void **state)
{
	struct cm_counters c, again;

	(void)state;
	assert_int_equal(cm_counters_open(&c, dir_fd, "a", names, 3), 0);
	assert_int_equal(cm_counters_get(&c, 1), 0);
	cm_counters_add(&c, 1);
	cm_counters_add(&c, 1);
	cm_counters_add(&c, 3); /* there is none */
	assert_int_equal(cm_counters_open(&again, dir_fd, "a", names, 3), 0);
	assert_int_equal(cm_counters_get(&again, 0), 0);
	assert_int_equal(cm_counters_get(&again, 1), 2);
	cm_counters_add(&again, 1);
	assert_int_equal(cm_counters_get(&c, 1), 3);
	cm_counters_close(&again);
	cm_counters_close(&c);
	cm_counters_add(&c, 1); /* closed: nothing happens */
	assert_int_equal(cm_counters_get(&c, 1), 0);
}

static void other_rows_start_anew(void **state)
{
	static const char *const other[] = { "one", "two", "four" };
	struct cm_counters c;

	(void)state;
	assert_int_equal(cm_counters_open(&c, dir_fd, "b", names, 3), 0);
	cm_counters_add(&c, 0);
	cm_counters_close(&c);
	assert_int_equal(cm_counters_open(&c, dir_fd, "b", other, 3), 0);
	assert_int_equal(cm_counters_get(&c, 0), 0);
	cm_counters_add(&c, 0);
	cm_counters_close(&c);
	assert_int_equal(cm_counters_open(&c, dir_fd, "b", other, 2), 0);
	assert_int_equal(cm_counters_get(&c, 0), 0);
	cm_counters_close(&c);
}

static void garbage_is_replaced(void **state)
{
	struct cm_counters c;
	int fd, i;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)unlinkat(dir_fd, "c", 0);
		if (i == 0) {
			assert_int_equal(symlinkat("/etc/passwd", dir_fd, "c"),
					 0);
		} else {
			fd = openat(dir_fd, "c", O_WRONLY | O_CREAT, 0644);
			assert_true(fd >= 0);
			assert_int_equal(ftruncate(fd, i == 1 ? 7 :
					 16 + 3 * 48), 0);
			(void)close(fd);
		}
		assert_int_equal(cm_counters_open(&c, dir_fd, "c", names, 3),
				 0);
		cm_counters_add(&c, 2);
		assert_int_equal(cm_counters_get(&c, 2), 1);
		cm_counters_close(&c);
	}
}

static void processes_lose_nothing(void **state)
{
	struct cm_counters c;
	int i, k, status;

	(void)state;
	assert_int_equal(cm_counters_open(&c, dir_fd, "d", names, 3), 0);
	for (i = 0; i < 8; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct cm_counters mine;

			if (cm_counters_open(&mine, dir_fd, "d", names, 3) < 0)
				_exit(1);
			for (k = 0; k < 10000; k++)
				cm_counters_add(&mine, 2);
			_exit(0);
		}
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(cm_counters_get(&c, 2), 80000);
	cm_counters_close(&c);
}

static void no_directory(void **state)
{
	struct cm_counters c;

	(void)state;
	assert_int_equal(cm_counters_open(&c, -1, "x", names, 3), -1);
	cm_counters_add(&c, 0);
	cm_counters_close(&c);
}

int main(void)
{
	static const char *const files[] = { "a", "b", "c", "d" };
	size_t i;
	int ret;

	if (mkdtemp(dir) == NULL ||
	    (dir_fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	cm_unit_test(counts_and_keeps);
	cm_unit_test(other_rows_start_anew);
	cm_unit_test(garbage_is_replaced);
	cm_unit_test(processes_lose_nothing);
	cm_unit_test(no_directory);
	ret = cm_unit_run();
	for (i = 0; i < 4; i++)
		(void)unlinkat(dir_fd, files[i], 0);
	(void)close(dir_fd);
	(void)rmdir(dir);
	return ret;
}
