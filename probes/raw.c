/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/raw.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NET_RAW (1U << CAP_NET_RAW)
static_assert(CAP_NET_RAW < 32, "it is in the first word");

/**
 * put_in_effect() - Take CAP_NET_RAW into the effective set, or out of it
 * @on:		Which
 *
 * Return: 0, or -1 where it is not permitted
 */
static int put_in_effect(bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0 ||
	    !(data[0].permitted & NET_RAW))
		return -1;
	if (on)
		data[0].effective |= NET_RAW;
	else
		data[0].effective &= ~NET_RAW;
	return (int)syscall(SYS_capset, &header, data);
}

/**
 * raw_icmp6() - A raw ICMPv6 socket
 *
 * Return: descriptor, or -1 with errno
 */
int raw_icmp6(void)
{
	const int type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(AF_INET6, type, IPPROTO_ICMPV6);
	int error;

	if (fd >= 0 || errno != EPERM)
		return fd;
	error = errno;
	if (put_in_effect(true) < 0) {
		errno = error;
		return -1;
	}
	fd = socket(AF_INET6, type, IPPROTO_ICMPV6);
	error = errno;
	(void)put_in_effect(false);
	errno = error;
	return fd;
}
