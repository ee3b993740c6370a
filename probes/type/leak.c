/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leak: an IPv4 literal must fail at once (the one place besides N64-7 with AF_INET)
 *
 * UDP and TCP at the same time. Best is ENETUNREACH before anything is sent. An answer
 * of whatever kind is a leak; silence means that IPv4 is half configured, so that every
 * program that tries it waits.
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>
#include <sys/socket.h>

struct leak {
	int udp, tcp;
};

/**
 * start() - Try both
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct leak *l = p->own;
	int u, t;

	l->udp = l->tcp = -1;
	u = flow_open(p, SOCK_DGRAM, &p->spec.addr, 7777, &l->udp);
	t = flow_open(p, SOCK_STREAM, &p->spec.addr, p->spec.port, &l->tcp);
	if (u < 0 && t < 0) {
		p->result.src[0] = '\0';
		p->result.via.error = -t;
		probe_pass(p, "fails at once: %s", reason_errno_name(-t));
		return;
	}
	if (l->udp >= 0)
		(void)send(l->udp, "shoot6\n", 7, MSG_NOSIGNAL);
}

/**
 * ready() - Something came back
 * @p:		Probe
 * @fd:		Socket
 * @events:	Of it
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct leak *l = p->own;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)events;
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error && error != ECONNREFUSED) {
		probe_close(p, fd == l->udp ? &l->udp : &l->tcp);
		if (l->udp < 0 && l->tcp < 0)
			probe_fail(p, REASON_V4_SLOW,
				   "an IPv4 route exists, then %s",
				   reason_errno_name(error));
		return;
	}
	result_fact(&p->result, "v4_source", "%s", p->result.src);
	if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_fail(p, REASON_V4_REACHABLE, "%s answers %s from %s",
			   p->result.dst, fd == l->udp ? "UDP" : "TCP",
			   p->result.src);
}

/**
 * expired() - It was sent, and nobody answers
 * @p:		Probe
 */
static void expired(struct probe *p)
{
	probe_fail(
		p, REASON_V4_SLOW,
		"wanted ENETUNREACH at once, IPv4 is routed from %s and nobody answers",
		p->result.src);
}

/**
 * stop() - Close the sockets
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct leak *l = p->own;

	probe_close(p, &l->udp);
	probe_close(p, &l->tcp);
}

const struct probe_type probe_leak = {
	.proto = "tcp",
	.size = sizeof(struct leak),
	.start = start,
	.ready = ready,
	.expired = expired,
	.stop = stop,
};
