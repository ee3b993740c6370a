/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp: echo by the ping socket, or a raw one
 *
 * Echo alone never says "down": policies drop it while all else passes.
 */
#include "probes/flow.h"
#include "probes/raw.h"
#include "probes/type/types.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct icmp {
	int fd;
	unsigned int n;
};

/**
 * send_echo() - Send an echo request
 * @p:		Probe
 */
static void send_echo(struct probe *p)
{
	struct icmp *i = p->own;
	struct icmp6_hdr h = { .icmp6_type = ICMP6_ECHO_REQUEST };
	struct evidence e;

	h.icmp6_id = htons((uint16_t)getpid());
	h.icmp6_seq = htons((uint16_t)++i->n);
	if (send(i->fd, &h, sizeof(h), MSG_NOSIGNAL) < 0) {
		e = evidence_of(i->fd, errno);
		probe_error(p, &e, "echo");
		return;
	}
	if (i->n < 3)
		probe_timer(p, 300 * NSEC_PER_MSEC);
}

/**
 * start() - Open a socket that may send echo requests
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct icmp *i = p->own;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p->spec.addr, 0, 0, &ss);
	struct icmp6_filter only;
	struct evidence e;

	i->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_ICMPV6);
	if (i->fd < 0)
		i->fd = raw_icmp6();
	if (i->fd < 0) {
		probe_skip(
			p, REASON_NO_PERMISSION,
			"needs CAP_NET_RAW, or a group in net.ipv4.ping_group_range");
		return;
	}
	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
	(void)setsockopt(i->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only,
			 sizeof(only));
	if (evidence_listen(i->fd) < 0 ||
	    connect(i->fd, (struct sockaddr *)&ss, len) < 0 ||
	    probe_watch(p, i->fd, EPOLLIN) < 0) {
		e = evidence_errno(errno);
		probe_error(p, &e, "connect");
		return;
	}
	probe_src(p, i->fd);
	send_echo(p);
}

/**
 * ready() - Take a reply or an error
 * @p:		Probe
 * @fd:		The socket
 * @events:	Unused
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct icmp6_hdr h;
	struct evidence e;

	(void)events;
	if (evidence_read(fd, &e) == 0) {
		probe_error(p, &e, "echo");
		return;
	}
	if (recv(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h) ||
	    h.icmp6_type != ICMP6_ECHO_REPLY)
		return;
	probe_sample(p, probe_now(p) - p->started_ns);
	probe_pass(p, "echo reply");
}

/**
 * stop() - Close the socket
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct icmp *i = p->own;

	probe_close(p, &i->fd);
}

const struct probe_type probe_icmp = {
	.proto = "icmp6",
	.size = sizeof(struct icmp),
	.start = start,
	.ready = ready,
	.timer = send_echo,
	.stop = stop,
};
