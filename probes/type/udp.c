/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp: a short series of datagrams over one flow, echoed by the peer
 *
 * One ICMPv6 error in the series explains the silence of the rest: routers limit their
 * rate. So does the node whose closed port is to answer by an error, to one a second and
 * address (RFC 4443 section 2.4 (f)): until time is over it is asked again, because the
 * errors of other checks may have used up what it had. spec.size pads the datagrams (above the path's MTU they are fragmented).
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SERIES   3U
#define INTERVAL (40 * NSEC_PER_MSEC)
#define AGAIN    (250 * NSEC_PER_MSEC) /* after the series, to a closed port */

struct udp {
	int fd;
	unsigned int sent, got;
	int64_t sent_ns[SERIES];
	bool answered[SERIES];
};

/* What a datagram begins with. */
struct mark {
	char magic[6];
	uint16_t n; /* place in the series */
};

/**
 * send_next() - Send the next datagram of the series; the last one again and again
 * @p:		Probe
 */
static void send_next(struct probe *p)
{
	struct udp *u = p->own;
	size_t size = MAX(p->spec.size, sizeof(struct mark));
	unsigned int n = MIN(u->sent, SERIES - 1);
	struct mark mark = { "shoot6", (uint16_t)n };
	_cleanup_free_ char *data = calloc(1, size);
	struct evidence e;

	if (!data)
		return;
	memcpy(data, &mark, sizeof(mark));
	u->sent_ns[n] = probe_now(p);
	u->sent = n + 1;
	if (send(u->fd, data, size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
		e = evidence_of(u->fd, errno);
		probe_error(p, &e, "send");
		return;
	}
	if (n + 1 < SERIES)
		probe_timer(p, INTERVAL);
	else if (p->spec.refused_ok)
		probe_timer(p, AGAIN);
}

/**
 * start() - Open the flow and send the first datagram
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct udp *u = p->own;
	struct evidence e;
	int off = IPV6_PMTUDISC_WANT;
	int r;

	u->fd = -1;
	r = flow_open(p, SOCK_DGRAM, &p->spec.addr, p->spec.port, &u->fd);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "connect");
		return;
	}
	(void)setsockopt(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &off,
			 sizeof(off));
	send_next(p);
}

/**
 * finish() - End the series where all datagrams came back, or time is over
 * @p:		Probe
 */
static void finish(struct probe *p)
{
	struct udp *u = p->own;
	struct evidence nothing = EVIDENCE_NONE;

	for (unsigned int i = 0; i < u->sent; i++)
		if (!u->answered[i])
			probe_sample(p, -1);
	if (!u->got)
		probe_error(p, &nothing, NULL);
	else if (2 * u->got < SERIES)
		probe_fail(p, REASON_LOSS, "%u of %u echoed", u->got, u->sent);
	else if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_pass(p, "%u of %u echoed", u->got, u->sent);
}

/**
 * ready() - Take an echo or an error
 * @p:		Probe
 * @fd:		The socket
 * @events:	Unused
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct udp *u = p->own;
	struct evidence e;
	struct mark mark;
	ssize_t n;

	(void)events;
	if (evidence_read(fd, &e) == 0) {
		if (e.icmp_type == 2)
			return; /* the kernel has learnt; the next one fits */
		if (p->spec.refused_ok && e.icmp_type == 1 &&
		    e.icmp_code == 4 && addr_equal(&e.offender, &p->spec.addr))
			probe_pass(p, "answers: port unreachable");
		else
			probe_error(p, &e, "send");
		return;
	}
	n = recv(fd, &mark, sizeof(mark), MSG_TRUNC);
	if (n < (ssize_t)sizeof(mark) || memcmp(mark.magic, "shoot6", 6) != 0 ||
	    mark.n >= u->sent || u->answered[mark.n])
		return;
	u->answered[mark.n] = true;
	u->got++;
	probe_sample(p, probe_now(p) - u->sent_ns[mark.n]);
	if (u->got == SERIES)
		finish(p);
}

/**
 * stop() - Close the socket
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct udp *u = p->own;

	probe_close(p, &u->fd);
}

const struct probe_type probe_udp = {
	.proto = "udp",
	.size = sizeof(struct udp),
	.start = start,
	.ready = ready,
	.timer = send_next,
	.expired = finish,
	.stop = stop,
};
