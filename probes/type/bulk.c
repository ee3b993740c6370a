/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk: a TCP transfer in one direction, with a stall timer
 *
 * What opens fine and then stops moving is a black hole for large packets: TCP_INFO says
 * how large its segments were. The HTTP is by hand, because only the bytes that the
 * kernel has moved count, not what a library has buffered.
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define STALL (2500 * NSEC_PER_MSEC)
#define LOOK  (100 * NSEC_PER_MSEC)

struct bulk {
	int fd;
	struct sidecar sidecar;
	bool connected;
	char head[160]; /* request */
	size_t head_len,
		out; /* out: bytes handed to the kernel, head and body */
	size_t in;
	uint64_t moved; /* as of the last look */
	int64_t moved_ns; /* when it was more than before */
};

/**
 * start() - Begin to connect
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct bulk *b = p->own;
	struct evidence e;
	int r;

	b->fd = b->sidecar.fd = -1;
	if (p->spec.upload)
		r = snprintf(b->head, sizeof(b->head),
			     "POST /sink HTTP/1.1\r\nHost: sink\r\n"
			     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
			     p->spec.size);
	else
		r = snprintf(
			b->head, sizeof(b->head),
			"GET /source?bytes=%zu HTTP/1.1\r\nHost: source\r\n"
			"Connection: close\r\n\r\n",
			p->spec.size);
	b->head_len = (size_t)r;
	r = flow_open(p, SOCK_STREAM, &p->spec.addr, p->spec.port, &b->fd);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "connect");
		return;
	}
	sidecar_start(p, &b->sidecar);
}

/**
 * look() - See whether the transfer moves
 * @p:		Probe
 */
static void look(struct probe *p)
{
	struct bulk *b = p->own;
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	uint64_t moved;

	(void)getsockopt(b->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	moved = info.tcpi_bytes_acked + info.tcpi_bytes_received;
	if (moved > b->moved) {
		b->moved = moved;
		b->moved_ns = probe_now(p);
	}
	if (probe_now(p) - b->moved_ns < STALL) {
		probe_timer(p, LOOK);
		return;
	}
	result_fact(&p->result, "mss", "%u", info.tcpi_snd_mss);
	result_fact(&p->result, "pmtu", "%u", info.tcpi_pmtu);
	result_fact(&p->result, "retransmits", "%u", info.tcpi_total_retrans);
	probe_fail(
		p, REASON_STALLED,
		"connected, then stalled after %llu of %zu bytes %s, segments of %u bytes",
		(unsigned long long)b->moved, p->spec.size,
		p->spec.upload ? "up" : "down",
		p->spec.upload ? info.tcpi_snd_mss : info.tcpi_rcv_mss);
}

/**
 * push() - Hand the kernel what it takes
 * @p:		Probe
 *
 * Return: 0 with all handed over, -EAGAIN, or what send() said
 */
static int push(struct probe *p)
{
	struct bulk *b = p->own;
	size_t all = b->head_len + (p->spec.upload ? p->spec.size : 0);
	static const char zeros[16384];

	while (b->out < all) {
		const char *from = zeros;
		size_t n = MIN(all - b->out, sizeof(zeros));
		ssize_t sent;

		if (b->out < b->head_len) {
			from = b->head + b->out;
			n = b->head_len - b->out;
		}
		sent = send(b->fd, from, n, MSG_NOSIGNAL);
		if (sent < 0)
			return -errno;
		b->out += (size_t)sent;
	}
	return probe_watch(p, b->fd, EPOLLIN);
}

/**
 * pull() - Take what came in
 * @p:		Probe
 *
 * Return: 0 at the end, -EAGAIN, or what recv() said
 */
static int pull(struct probe *p)
{
	struct bulk *b = p->own;
	char data[16384];
	ssize_t n;

	for (;;) {
		n = recv(b->fd, data, sizeof(data), 0);
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		b->in += (size_t)n;
	}
}

/**
 * failed() - End the probe by an error
 * @p:		Probe
 * @error:	errno; 0: time is over
 */
static void failed(struct probe *p, int error)
{
	struct bulk *b = p->own;
	struct evidence e = evidence_errno(error);

	if (b->sidecar.seen.error && error != ECONNREFUSED)
		e = b->sidecar.seen;
	probe_error(p, &e, b->connected ? "transfer" : "connect");
}

/**
 * moved() - Go on after an event of the connection
 * @p:		Probe
 * @events:	Of it
 */
static void moved(struct probe *p, uint32_t events)
{
	struct bulk *b = p->own;
	socklen_t len = sizeof(int);
	int error = 0, r = -EAGAIN;

	if (!b->connected) {
		(void)getsockopt(b->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error) {
			failed(p, error);
			return;
		}
		b->connected = true;
		b->moved_ns = probe_now(p);
		probe_timer(p, LOOK);
	}
	if (events & EPOLLOUT)
		r = push(p);
	if (r == 0 || r == -EAGAIN)
		r = events & EPOLLIN ? pull(p) : -EAGAIN;
	if (r == -EAGAIN)
		return;
	if (r < 0)
		failed(p, -r);
	else if (!p->spec.upload && b->in < p->spec.size)
		probe_fail(p, REASON_HTTP_BODY, "wanted %zu bytes, got %zu",
			   p->spec.size, b->in);
	else
		probe_pass(p, "%zu bytes %s", p->spec.size,
			   p->spec.upload ? "up" : "down");
}

/**
 * ready() - Take an event of either socket
 * @p:		Probe
 * @fd:		Socket
 * @events:	Of it
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct bulk *b = p->own;

	if (!sidecar_ready(p, &b->sidecar, fd))
		moved(p, events);
}

/**
 * expired() - Time is over
 * @p:		Probe
 */
static void expired(struct probe *p)
{
	failed(p, 0);
}

/**
 * stop() - Close the sockets
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct bulk *b = p->own;

	probe_close(p, &b->fd);
	sidecar_stop(p, &b->sidecar);
}

const struct probe_type probe_bulk = {
	.proto = "tcp",
	.size = sizeof(struct bulk),
	.start = start,
	.ready = ready,
	.timer = look,
	.expired = expired,
	.stop = stop,
};
