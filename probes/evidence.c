/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/evidence.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/**
 * evidence_listen() - Have a socket keep its ICMPv6 errors
 * @fd:		IPv6 socket
 *
 * Return: 0, or what setsockopt() said
 */
int evidence_listen(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

/**
 * evidence_errno() - Evidence of a system call's own failure
 * @error:	errno, positive or negative
 *
 * Return: evidence without an ICMPv6 error
 */
struct evidence evidence_errno(int error)
{
	struct evidence e = EVIDENCE_NONE;

	e.error = error < 0 ? -error : error;
	return e;
}

/**
 * evidence_parse() - Read one message of an error queue
 * @message:	As recvmsg(MSG_ERRQUEUE) filled it
 * @ret:	Evidence
 *
 * Return: 0; -ENOMSG where it holds no extended error
 */
int evidence_parse(struct msghdr *message, struct evidence *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	     c = CMSG_NXTHDR(message, c)) {
		struct evidence e = EVIDENCE_NONE;
		struct sock_extended_err see;
		struct sockaddr_in6 from;

		if (c->cmsg_level != IPPROTO_IPV6 ||
		    c->cmsg_type != IPV6_RECVERR ||
		    c->cmsg_len < CMSG_LEN(sizeof(see)))
			continue;
		memcpy(&see, CMSG_DATA(c), sizeof(see));
		e.error = (int)see.ee_errno;
		if (see.ee_origin == SO_EE_ORIGIN_ICMP6) {
			e.icmp_type = see.ee_type;
			e.icmp_code = see.ee_code;
		}
		if (e.error == EMSGSIZE)
			e.mtu = see.ee_info;
		if (c->cmsg_len >= CMSG_LEN(sizeof(see) + sizeof(from))) {
			memcpy(&from, CMSG_DATA(c) + sizeof(see), sizeof(from));
			if (from.sin6_family == AF_INET6)
				e.offender = addr_from_in6(&from.sin6_addr);
		}
		*ret = e;
		return 0;
	}
	return -ENOMSG;
}

/**
 * evidence_read() - Take the oldest error from a socket's queue
 * @fd:		Socket after evidence_listen()
 * @ret:	Evidence
 *
 * Return: 0; -EAGAIN where the queue is empty, -ENOMSG for a message of another kind
 */
int evidence_read(int fd, struct evidence *ret)
{
	char control[256], payload[64];
	struct iovec iov = { payload, sizeof(payload) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -errno;
	return evidence_parse(&message, ret);
}

/**
 * evidence_of() - Evidence of a failed call on a socket
 * @fd:		Socket after evidence_listen()
 * @error:	errno of the call
 *
 * Return: the oldest queued error; the bare errno where there is none
 */
struct evidence evidence_of(int fd, int error)
{
	struct evidence e = evidence_errno(error);

	return evidence_read(fd, &e) == 0 ? e : evidence_errno(error);
}

/**
 * evidence_reason() - The symptom that evidence makes
 * @e:		Evidence
 * @src:	Own address as text, "" where it is not known
 *
 * Return: REASON_TIMEOUT where nothing is known
 */
enum reason evidence_reason(const struct evidence *e, const char *src)
{
	const struct reason_error error = {
		.error = e->error,
		.icmp_type = e->icmp_type,
		.icmp_code = e->icmp_code,
		.own = addr_is_set(&e->offender) && *src &&
		       strcmp(ADDR_TEXT(&e->offender), src) == 0,
	};

	if (!e->error && e->icmp_type < 0)
		return REASON_TIMEOUT;
	return reason_from_error(&error);
}

/**
 * evidence_note() - Put evidence into a result
 * @e:		Evidence
 * @r:		Result
 */
void evidence_note(const struct evidence *e, struct result *r)
{
	char text[ADDR_STRLEN];

	r->via.error = e->error;
	r->via.icmp_type = e->icmp_type;
	r->via.icmp_code = e->icmp_code;
	r->via.mtu = e->mtu;
	if (!addr_is_set(&e->offender))
		return;
	(void)snprintf(r->via.offender, sizeof(r->via.offender), "%s",
		       addr_format(&e->offender, text));
}
