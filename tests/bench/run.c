/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/**
 * bench_now() - Monotonic clock
 *
 * Return: nanoseconds
 */
int64_t bench_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/**
 * bench_figure() - Put a figure into a row
 * @row:	Row
 * @name:	Constant name
 * @value:	Value
 * @most:	Goal, or negative for none
 */
void bench_figure(struct bench_row *row, const char *name, double value,
		  double most)
{
	if (row->n_figures < BENCH_FIGURES)
		row->figures[row->n_figures++] =
			(struct bench_figure){ name, value, most };
}

/**
 * bench_problem() - Say why an entry could not run
 * @row:	Row
 * @format:	As for printf()
 *
 * Return: -ECANCELED
 */
int bench_problem(struct bench_row *row, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(row->problem, sizeof(row->problem), format, args);
	va_end(args);
	return -ECANCELED;
}

/**
 * bench_netsetup() - The program under test
 *
 * Return: its path; NULL where it was not built
 */
const char *bench_netsetup(void)
{
	const char *path = getenv("BENCH_NETSETUP");

	if (!path)
		path = "build/bin/netsetup";
	return access(path, X_OK) == 0 ? path : NULL;
}

/**
 * bench_start() - Start a program; it dies with us
 * @argv:	Words, ending in NULL; looked up in PATH
 * @output:	File for what it prints, or NULL for none
 *
 * Return: process id, or a negative errno
 */
pid_t bench_start(const char *const argv[], const char *output)
{
	posix_spawn_file_actions_t actions;
	int flags = O_WRONLY | O_CREAT | O_TRUNC;
	pid_t pid;
	int r;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					       "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
					       output ? output : "/dev/null",
					       flags, 0644);
	(void)posix_spawn_file_actions_addopen(
		&actions, STDERR_FILENO, BENCH_FILE("stderr"), flags, 0644);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, (char **)(void *)argv,
			 environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r ? -r : pid;
}

/**
 * bench_run() - Run a program to its end
 * @argv:	Words, ending in NULL; looked up in PATH
 * @ret:	What it used
 *
 * Return: 0 where it ended with status 0; -EIO for another status, or what starting
 *	   it said
 */
int bench_run(const char *const argv[], struct usage *ret)
{
	int64_t begin = bench_now();
	struct rusage ru;
	struct usage u;
	int status;
	pid_t pid;

	pid = bench_start(argv, NULL);
	if (pid < 0)
		return pid;
	while (wait4(pid, &status, 0, &ru) < 0)
		if (errno != EINTR)
			return -errno;
	u.seconds = (double)(bench_now() - begin) / 1e9;
	u.status = WIFEXITED(status) ? WEXITSTATUS(status) :
				       128 + WTERMSIG(status);
	u.cpu = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		(double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	u.rss_mb = (double)ru.ru_maxrss / 1024;
	*ret = u;
	return u.status ? -EIO : 0;
}

/**
 * bench_stop() - End a program and wait for it
 * @pid:	From bench_start()
 */
void bench_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/**
 * bench_namespace() - A new, empty network namespace with a cable v0 - v1 that is up
 *
 * What the one before held goes with its cable first: the kernel would take it apart
 * on the other processor while the next run is measured.
 *
 * Return: 0, or a negative errno
 */
int bench_namespace(void)
{
	static const char *const old[] = { "ip", "link", "del", "v0", NULL };
	static const char *const commands[][10] = {
		{ "ip", "link", "set", "lo", "up", NULL },
		{ "ip", "link", "add", "v0", "type", "veth", "peer", "name",
		  "v1", NULL },
		{ "sysctl", "-qw", "net.ipv6.conf.v0.accept_dad=0", NULL },
		{ "sysctl", "-qw", "net.ipv6.conf.v1.accept_dad=0", NULL },
		{ "ip", "link", "set", "v1", "up", NULL },
		{ "ip", "link", "set", "v0", "up", NULL },
	};
	struct usage u;
	int r;

	(void)bench_run(old, &u);
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		r = bench_run(commands[i], &u);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * bench_apply() - Run netsetup apply on a document
 * @row:	For the problem, where it fails
 * @document:	File
 * @ret:	What it used
 *
 * Return: 0, or -ECANCELED
 */
int bench_apply(struct bench_row *row, const char *document, struct usage *ret)
{
	const char *const argv[] = { bench_netsetup(),    "apply",  "--state",
				     BENCH_FILE("state"), document, NULL };
	char said[160] = "";
	int fd;

	if (!argv[0])
		return bench_problem(row, "no build/bin/netsetup");
	if (bench_run(argv, ret) == 0)
		return 0;
	fd = open(BENCH_FILE("stderr"), O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, said, sizeof(said) - 1) < 0)
			said[0] = '\0';
		(void)close(fd);
	}
	return bench_problem(row, "netsetup apply: status %d: %s", ret->status,
			     said);
}
