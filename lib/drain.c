/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/drain.h"

#include "lib/loop.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define LOOK_MS 10 /* nobody is told when a pipe is empty */

/**
 * unread() - Whether there is something in a pipe that nobody has read
 * @fd:		Its writing end
 *
 * Return: whether; false also where nobody will, since the reader has gone
 */
static bool unread(int fd)
{
	struct pollfd p = { .fd = fd };
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0 &&
	       !(poll(&p, 1, 0) == 1 && p.revents & POLLERR);
}

/**
 * drain_output() - Stay until what was printed has been read, and for a while
 * @fd:		Where it was printed to; what is no pipe is not waited for
 * @linger_ns:	For how long after that
 */
void drain_output(int fd, int64_t linger_ns)
{
	int64_t deadline = loop_now() + DRAIN_MAX_S * NSEC_PER_SEC;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	while (unread(fd) && loop_now() < deadline)
		(void)poll(NULL, 0, LOOK_MS);
	(void)poll(NULL, 0,
		   (int)MIN(linger_ns / NSEC_PER_MSEC, (int64_t)INT_MAX));
}
