/* SPDX-License-Identifier: MIT
 *
 * cm-rate-table with many processes, and with processes that are killed at
 * any instruction. For the accounts that count, the clock stands still, so that
 * what is allowed is exact.
 */
#include "cm-unit.h"
#include "cm-rate-table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define START (1000 * SECOND)
#define LATE (START + 3600 * SECOND)
#define PROCESSES 64
#define ROUNDS 100
#define CHURNERS 6
#define STORM_PROCESSES 6
#define STORM_KILLS 200
#define STORM_ACCOUNTS 100
#define STORM_BURST 50000
#define OPEN_SECONDS 60

/* Seen by all processes. */
struct shared {
	pthread_barrier_t barrier;
	atomic_uint allowed[STORM_ACCOUNTS];
	atomic_uint stop;
};

static char dir[] = "/tmp/cm-rate-storm.XXXXXX";
static int dir_fd;
static struct shared *shared;
/* all that clear() and start() know of */
static pid_t started[STORM_KILLS + PROCESSES];
static unsigned int started_count;
static struct cm_rate_limits limits, brief_limits;

static void clear(unsigned int burst)
{
	(void)unlinkat(dir_fd, "t", 0);
	memset(shared, 0, sizeof(*shared));
	started_count = 0;
	memset(&limits, 0, sizeof(limits));
	cm_rate_window_init(&limits.brief, 60, 60, burst, CM_RATE_SHORT_HZ);
	memset(&brief_limits, 0, sizeof(brief_limits));
	cm_rate_window_init(&brief_limits.brief, 60000, 60, 1,
			    CM_RATE_SHORT_HZ);
}

/* cm_rate_table_open() gives up after a second of waiting for another process
 * that makes the file, which can be long on a busy machine. Not here. */
static int open_table(struct cm_rate_table *table, unsigned int accounts)
{
	struct cm_rate_table_params params = {
		.dir_fd = dir_fd, .name = "t", .accounts = accounts,
		.now = START, .create = true
	};
	time_t end = time(NULL) + OPEN_SECONDS;
	int ret;

	/* of those that come first together, one decides */
	memset(params.random, (int)getpid(), sizeof(params.random));
	do {
		ret = cm_rate_table_open(table, &params);
	} while (ret < 0 && errno == EAGAIN && time(NULL) < end);
	return ret;
}

static pid_t start(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		started[started_count++] = pid;
	return pid;
}

static void wait_all(unsigned int count)
{
	unsigned int i, k;
	int status;

	for (i = 0; i < count; i++) {
		assert_true(wait(&status) > 0);
		/* the others would wait at the barrier for who has failed */
		for (k = 0; status != 0 && k < started_count; k++)
			(void)kill(started[k], SIGKILL);
		assert_int_equal(status, 0);
	}
}

static bool take(struct cm_rate_table *table, const char *name,
		 const struct cm_rate_limits *set, uint64_t now)
{
	uint64_t wait_ms;
	enum cm_rate_result result = cm_rate_table_take(table, name, set, now,
							true, &wait_ms);

	if (result == CM_RATE_FAILED)
		_exit(3);
	return result == CM_RATE_ALLOWED;
}

static void one_account_child(void)
{
	struct cm_rate_table table;

	(void)pthread_barrier_wait(&shared->barrier);
	if (open_table(&table, 1000) < 0)
		_exit(2);
	while (take(&table, "a@x", &limits, START))
		atomic_fetch_add(&shared->allowed[0], 1);
	_exit(0);
}

static void init_barrier(unsigned int count)
{
	pthread_barrierattr_t attr;

	(void)pthread_barrierattr_init(&attr);
	(void)pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	assert_int_equal(pthread_barrier_init(&shared->barrier, &attr, count),
			 0);
}

/* They also make the file together. */
static void one_account(void **state)
{
	int i;

	(void)state;
	clear(5000);
	init_barrier(PROCESSES);
	for (i = 0; i < PROCESSES; i++) {
		if (start() == 0)
			one_account_child();
	}
	wait_all(PROCESSES);
	assert_int_equal(atomic_load(&shared->allowed[0]), 5000);
}

/* A clock that goes on, far behind the times that the counts are for. */
static uint64_t early(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return START + (uint64_t)ts.tv_sec % 600 * SECOND +
	       (uint64_t)ts.tv_nsec;
}

/* Puts accounts in and out of the few groups all the time. */
static void churn_child(int number)
{
	struct cm_rate_table table;
	char name[32];
	uint64_t i;

	if (open_table(&table, 32) < 0)
		_exit(2);
	for (i = 0; atomic_load(&shared->stop) == 0; i++) {
		(void)snprintf(name, sizeof(name), "c%d-%u@x", number,
			       (unsigned int)i % 5000);
		(void)take(&table, name, &brief_limits, early());
		if (i % 64 == 0)
			(void)usleep(0);
	}
	_exit(0);
}

static void newcomer_child(void)
{
	struct cm_rate_table table;
	char name[32];
	int round;

	if (open_table(&table, 32) < 0)
		_exit(2);
	for (round = 0; round < ROUNDS; round++) {
		(void)snprintf(name, sizeof(name), "n%d@x", round);
		(void)pthread_barrier_wait(&shared->barrier);
		while (take(&table, name, &limits,
			    START + (round + 1UL) * 3600 * SECOND))
			atomic_fetch_add(&shared->allowed[round], 1);
	}
	_exit(0);
}

/* New accounts, each by several processes at once, while others come and go
 * in the same groups: no account gets two entries. */
static void newcomers(void **state)
{
	int i;

	(void)state;
	clear(50);
	init_barrier(PROCESSES / 8);
	for (i = 0; i < CHURNERS + PROCESSES / 8; i++) {
		pid_t pid = start();

		if (pid == 0 && i < CHURNERS)
			churn_child(i);
		if (pid == 0)
			newcomer_child();
	}
	for (i = 0; i < PROCESSES / 8; i++)
		wait_all(1);
	atomic_store(&shared->stop, 1);
	wait_all(CHURNERS);
	for (i = 0; i < ROUNDS; i++)
		assert_int_equal(atomic_load(&shared->allowed[i]), 50);
}

static void storm_child(unsigned int seed)
{
	struct cm_rate_table table;
	char name[32];

	if (open_table(&table, 4000) < 0)
		_exit(2);
	for (;;) {
		unsigned int i;

		seed = seed * 1103515245 + 12345;
		i = seed >> 16 & 0x7fff;
		/* most are new, to be in the midst of that often */
		(void)snprintf(name, sizeof(name), "%c%u@x",
			       i % 8 != 0 ? 'n' : 'a',
			       i % 8 != 0 ? i : i / 8 % STORM_ACCOUNTS);
		if (i % 8 != 0)
			(void)take(&table, name, &brief_limits, early());
		else if (take(&table, name, &limits, LATE))
			atomic_fetch_add(&shared->allowed[i / 8 %
							  STORM_ACCOUNTS], 1);
	}
}

/* Never more than allowed, and at most one less per process killed. */
static void kill_storm(void **state)
{
	pid_t pids[STORM_PROCESSES] = { 0 };
	unsigned int i, seed = 1, total = 0, lost = 0;
	struct cm_rate_table table;
	char name[32];
	int status;

	(void)state;
	clear(STORM_BURST);
	for (i = 0; i < STORM_KILLS + STORM_PROCESSES; i++) {
		unsigned int k = i % STORM_PROCESSES;
		struct timespec pause = { 0, 0 };

		if (pids[k] != 0) {
			seed = seed * 1103515245 + 12345;
			pause.tv_nsec = (seed >> 16) % 2000 * 1000;
			(void)nanosleep(&pause, NULL);
			assert_int_equal(kill(pids[k], SIGKILL), 0);
			assert_int_equal(waitpid(pids[k], &status, 0), pids[k]);
			assert_true(WIFSIGNALED(status));
		}
		pids[k] = 0;
		if (i >= STORM_KILLS)
			continue;
		pids[k] = start();
		if (pids[k] == 0)
			storm_child(i);
	}
	assert_int_equal(open_table(&table, 4000), 0);
	for (i = 0; i < STORM_ACCOUNTS; i++) {
		(void)snprintf(name, sizeof(name), "a%u@x", i);
		total += atomic_load(&shared->allowed[i]);
		while (take(&table, name, &limits, LATE))
			atomic_fetch_add(&shared->allowed[i], 1);
		assert_true(atomic_load(&shared->allowed[i]) <= STORM_BURST);
		lost += STORM_BURST - atomic_load(&shared->allowed[i]);
	}
	assert_true(total > 0);
	assert_true(lost <= STORM_KILLS);
	fprintf(stderr, "# %u counted by those killed, %u of them lost\n",
		total, lost);
	cm_rate_table_close(&table);
}

int main(void)
{
	int ret;

	if (mkdtemp(dir) == NULL ||
	    (dir_fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	cm_unit_test(one_account);
	cm_unit_test(newcomers);
	cm_unit_test(kill_storm);
	ret = cm_unit_run();
	(void)unlinkat(dir_fd, "t", 0);
	(void)unlinkat(dir_fd, "t.new", 0);
	(void)unlinkat(dir_fd, "t.lock", 0);
	(void)close(dir_fd);
	(void)rmdir(dir);
	return ret;
}
