/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pmtu: how large a datagram may be on the way to an echo (RFC 8201, RFC 8899)
 *
 * IPV6_PMTUDISC_PROBE sends at full size whatever the kernel has cached, so that a
 * route exception of ten minutes ago decides nothing. Silence at full size while 1280
 * bytes pass is the black hole; the search then tells how large it is.
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADERS  48 /* IPv6 and UDP */
#define LEAST    1280
#define PATIENCE (300 * NSEC_PER_MSEC)

struct pmtu {
	int fd;
	unsigned int size; /* being tried, of the packet */
	unsigned int ok, fail; /* largest that passed, smallest that did not */
	unsigned int tries; /* of this size */
	uint16_t n; /* number of the datagram */
	struct evidence big; /* Packet Too Big */
};

static void try_size(struct probe *p);

/**
 * conclude() - Say what the search found
 * @p:		Probe
 */
static void conclude(struct probe *p)
{
	struct pmtu *m = p->own;
	unsigned int full = p->spec.mtu;

	result_fact(&p->result, "mtu", "%u", full);
	result_fact(&p->result, "mtu_ok", "%u", m->ok);
	if (m->fail)
		result_fact(&p->result, "mtu_fail", "%u", m->fail);
	if (m->big.mtu)
		evidence_note(&m->big, &p->result);
	if (m->ok >= full)
		probe_pass(p, "%u bytes pass", full);
	else if (m->ok && m->big.mtu && p->spec.ptb_ok)
		probe_pass(p, "packet too big, MTU %u, from %s; %u bytes pass",
			   m->big.mtu, p->result.via.offender, m->ok);
	else if (m->ok && m->big.mtu)
		probe_fail(p, REASON_PACKET_TOO_BIG,
			   "wanted %u bytes to pass, %s says %u", full,
			   p->result.via.offender, m->big.mtu);
	else if (m->ok)
		probe_fail(p, REASON_BLACKHOLE_LARGE,
			   "%u bytes pass, %u vanish without packet too big",
			   m->ok, m->fail);
	else
		probe_error(p, &m->big, NULL);
}

/**
 * next_size() - Choose the next size, or conclude
 * @p:		Probe
 */
static void next_size(struct probe *p)
{
	struct pmtu *m = p->own;
	unsigned int full = p->spec.mtu;

	m->tries = 0;
	if (m->ok >= full || (m->fail && m->fail <= LEAST) ||
	    (m->ok && m->big.mtu && m->ok >= m->big.mtu))
		conclude(p);
	else if (m->big.mtu >= LEAST && m->big.mtu < m->fail && !m->ok)
		m->size = m->big.mtu, try_size(p);
	else if (!m->ok)
		m->size = LEAST, try_size(p);
	else if (m->fail - m->ok > 16)
		m->size = (m->ok + m->fail) / 2, try_size(p);
	else
		conclude(p);
}

/**
 * try_size() - Send a datagram that makes a packet of the size to try
 * @p:		Probe
 */
static void try_size(struct probe *p)
{
	struct pmtu *m = p->own;
	_cleanup_free_ char *data = calloc(1, m->size);
	struct evidence e;

	if (!data)
		return;
	m->n++;
	m->tries++;
	memcpy(data, &m->n, sizeof(m->n));
	if (send(m->fd, data, m->size - HEADERS, MSG_NOSIGNAL) < 0 &&
	    errno == EMSGSIZE) {
		while (evidence_read(m->fd, &e) == 0)
			;
		m->fail = m->size;
		m->tries = 2;
	}
	probe_timer(p, m->tries > 1 && m->fail == m->size ? 1 : PATIENCE);
}

/**
 * start() - Send at full size
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct pmtu *m = p->own;
	int probe = IPV6_PMTUDISC_PROBE;
	struct evidence e;
	int r;

	m->fd = -1;
	m->big = (struct evidence)EVIDENCE_NONE;
	r = flow_open(p, SOCK_DGRAM, &p->spec.addr, p->spec.port, &m->fd);
	if (r == 0 && setsockopt(m->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe,
				 sizeof(probe)) < 0)
		r = -errno;
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "connect");
		return;
	}
	m->size = MAX(p->spec.mtu, (unsigned int)LEAST);
	p->spec.mtu = m->size;
	try_size(p);
}

/**
 * ready() - Take an echo or an error
 * @p:		Probe
 * @fd:		The socket
 * @events:	Unused
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct pmtu *m = p->own;
	struct evidence e;
	uint16_t n;
	ssize_t len;

	(void)events;
	if (evidence_read(fd, &e) == 0) {
		if (e.icmp_type == 2) {
			m->big = e;
			m->fail = m->size;
			next_size(p);
		} else if (e.icmp_type >= 0) {
			probe_error(p, &e, "send");
		}
		return;
	}
	len = recv(fd, &n, sizeof(n), MSG_TRUNC);
	if (len + HEADERS != (ssize_t)m->size || n > m->n)
		return;
	m->ok = m->size;
	next_size(p);
}

/**
 * silent() - A size got no answer: once more, then it has failed
 * @p:		Probe
 */
static void silent(struct probe *p)
{
	struct pmtu *m = p->own;

	if (m->tries < 2) {
		try_size(p);
		return;
	}
	m->fail = m->size;
	next_size(p);
}

/**
 * stop() - Close the socket
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct pmtu *m = p->own;

	probe_close(p, &m->fd);
}

const struct probe_type probe_pmtu = {
	.proto = "udp",
	.size = sizeof(struct pmtu),
	.start = start,
	.ready = ready,
	.timer = silent,
	.expired = conclude,
	.stop = stop,
};
