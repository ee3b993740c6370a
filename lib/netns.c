/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/netns.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

/**
 * netns_self() - The network namespace the caller is in
 *
 * Return: descriptor that the caller closes, or what open() said
 */
int netns_self(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * netns_enter() - Move the calling thread into a network namespace
 * @netns_fd:	Namespace, or the pidfd of a process in it
 * @ret_back_fd: For netns_leave()
 *
 * Return: 0, or what open() or setns() said: -EPERM without CAP_SYS_ADMIN in it
 */
int netns_enter(int netns_fd, int *ret_back_fd)
{
	_cleanup_close_ int back = netns_self();

	if (back < 0)
		return back;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	*ret_back_fd = TAKE_FD(back);
	return 0;
}

/**
 * netns_leave() - Move back
 * @back_fd:	From netns_enter(); closed and set to -1
 *
 * To go on in the wrong namespace would change somebody else's network: there is no way
 * on from a failure here.
 */
void netns_leave(int *back_fd)
{
	if (*back_fd < 0)
		return;
	if (setns(*back_fd, CLONE_NEWNET) < 0)
		abort();
	(void)close(TAKE_FD(*back_fd));
}
