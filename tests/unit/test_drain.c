/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/drain.h"

#include "lib/loop.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAYS_MS 300 /* a child that does not wait is gone long before */
#define ENDS_MS  20000

/* A child that prints into a pipe, and stays until that was read. */
struct printer {
	pid_t pid;
	int pidfd, read_fd;
};

/**
 * print() - Start one
 * @n:		Bytes it prints, less than a pipe takes
 * @linger_ns:	For how long it stays after that
 * @ret:	Gets it
 *
 * Return: whether; false after a check has failed
 */
static bool print(size_t n, int64_t linger_ns, struct printer *ret)
{
	static char bytes[32768];
	int fds[2];

	if (!CHECK_INT("pipe", 0, pipe2(fds, O_CLOEXEC)))
		return false;
	ret->pid = fork();
	if (ret->pid == 0) {
		(void)close(fds[0]);
		n = (size_t)write(fds[1], bytes, n);
		drain_output(fds[1], linger_ns);
		_exit(n > 0 ? 0 : 1);
	}
	(void)close(fds[1]);
	ret->read_fd = fds[0];
	ret->pidfd = pidfd_open(ret->pid, 0);
	return CHECK_TRUE("a child", ret->pid > 0 && ret->pidfd >= 0);
}

/**
 * ends() - Whether a child ends within a time
 * @p:		Child
 * @ms:		Milliseconds
 *
 * Return: whether
 */
static bool ends(const struct printer *p, int ms)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };

	return poll(&fd, 1, ms) == 1;
}

/**
 * test_pipe() - It stays while somebody may read, and no longer
 */
static void test_pipe(void)
{
	struct printer reads, gone;
	char bytes[32768];
	int status;

	if (!print(sizeof(bytes), 0, &reads) || !print(10, 0, &gone))
		return;
	CHECK_TRUE("stays while nothing is read", !ends(&reads, STAYS_MS));
	CHECK_INT("a part", 20000, read(reads.read_fd, bytes, 20000));
	CHECK_TRUE("stays while some is not", !ends(&reads, STAYS_MS));
	CHECK_INT("the rest", sizeof(bytes) - 20000,
		  read(reads.read_fd, bytes, sizeof(bytes)));
	CHECK_TRUE("ends when all is", ends(&reads, ENDS_MS));
	(void)close(gone.read_fd);
	CHECK_TRUE("ends when nobody will", ends(&gone, ENDS_MS));
	(void)waitpid(reads.pid, &status, 0);
	(void)waitpid(gone.pid, &status, 0);
	(void)close(reads.read_fd);
	(void)close(reads.pidfd);
	(void)close(gone.pidfd);
}

/**
 * test_file() - What is no pipe is not waited for
 */
static void test_file(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* An hour: the test would not end. */
	drain_output(fd, 3600LL * 1000000000LL);
	CHECK_TRUE("a file", fd >= 0);
	(void)close(fd);
}

/**
 * test_linger() - A time of more milliseconds than an int holds is no short one
 */
static void test_linger(void)
{
	struct printer p;
	char byte;

	if (!print(1, (1LL << 32) * NSEC_PER_MSEC, &p))
		return;
	CHECK_INT("all of it", 1, read(p.read_fd, &byte, 1));
	CHECK_TRUE("stays for 49 days", !ends(&p, STAYS_MS));
	(void)kill(p.pid, SIGKILL);
	(void)waitpid(p.pid, NULL, 0);
	(void)close(p.read_fd);
	(void)close(p.pidfd);
}

UNIT_SUITE(drain, { "pipe", test_pipe }, { "file", test_file },
	   { "linger", test_linger });
