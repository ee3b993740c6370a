/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: one question to one server, over UDP or TCP
 *
 * spec.addr is the server, spec.judge() says what the answer must be; without one any
 * answer will do.
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>

/**
 * start() - Ask
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct ask *a = p->own;
	struct evidence e;
	int r;

	result_fact(&p->result, "resolver", "%s", ADDR_TEXT(&p->spec.addr));
	result_fact(&p->result, "name", "%s", p->spec.name);
	r = ask_start(p, a, &p->spec.addr, p->spec.name, p->spec.qtype,
		      p->spec.tcp);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "connect");
	}
}

/**
 * ready() - Take the answer
 * @p:		Probe
 * @fd:		Unused
 * @events:	Of the socket
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct ask *a = p->own;
	int r;

	(void)fd;
	r = ask_ready(p, a, events);
	if (r == -EINPROGRESS)
		return;
	if (r == -EIO) {
		probe_error(p, &a->seen, "query");
		return;
	}
	if (r < 0) {
		probe_fail(p, REASON_DNS_MALFORMED, "the answer is malformed");
		return;
	}
	probe_sample(p, probe_now(p) - p->started_ns);
	if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_pass(p, "answers, rcode %u", p->dns.rcode);
}

/**
 * again() - Ask once more
 * @p:		Probe
 */
static void again(struct probe *p)
{
	ask_again(p, p->own);
}

/**
 * stop() - Close the socket
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	ask_stop(p, p->own);
}

const struct probe_type probe_dns = {
	.proto = "dns",
	.size = sizeof(struct ask),
	.start = start,
	.ready = ready,
	.timer = again,
	.stop = stop,
};
