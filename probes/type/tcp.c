/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp: connect, and where the peer echoes, one line there and back
 */
#include "probes/flow.h"
#include "probes/type/types.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct tcp {
	int fd;
	struct sidecar sidecar;
	int64_t connected_ns;
};

/**
 * start() - Begin to connect, with a datagram beside it for the path's errors
 * @p:		Probe
 */
static void start(struct probe *p)
{
	struct tcp *t = p->own;
	struct evidence e;
	int r;

	t->fd = t->sidecar.fd = -1;
	r = flow_open(p, SOCK_STREAM, &p->spec.addr, p->spec.port, &t->fd);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "connect");
		return;
	}
	sidecar_start(p, &t->sidecar);
}

/**
 * refused() - End the probe by an error, with the sidecar's better evidence
 * @p:		Probe
 * @error:	errno of the connection; 0: time is over
 */
static void refused(struct probe *p, int error)
{
	struct tcp *t = p->own;
	struct evidence e = evidence_errno(error);

	/* Both errors may be there at once, and only one has been handled. */
	(void)sidecar_ready(p, &t->sidecar, t->sidecar.fd);
	if (t->sidecar.seen.error && error != ECONNREFUSED &&
	    error != ECONNRESET)
		e = t->sidecar.seen;
	probe_error(p, &e, t->connected_ns ? "echo" : "connect");
}

/**
 * done() - All went well
 * @p:		Probe
 */
static void done(struct probe *p)
{
	struct tcp *t = p->own;

	probe_sample(p, t->connected_ns - p->started_ns);
	if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_pass(p, p->spec.echo ? "connected, echoed" : "connected");
}

/**
 * connected() - Ask for the echo, or be done
 * @p:		Probe
 */
static void connected(struct probe *p)
{
	struct tcp *t = p->own;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		refused(p, error);
		return;
	}
	t->connected_ns = probe_now(p);
	probe_src(p, t->fd);
	if (!p->spec.echo) {
		done(p);
		return;
	}
	if (send(t->fd, "shoot6\n", 7, MSG_NOSIGNAL) < 0 ||
	    probe_watch(p, t->fd, EPOLLIN) < 0)
		refused(p, errno);
}

/**
 * ready() - Take an event of either socket
 * @p:		Probe
 * @fd:		Socket
 * @events:	EPOLLIN, ...
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct tcp *t = p->own;
	char line[16];
	ssize_t n;

	if (sidecar_ready(p, &t->sidecar, fd))
		return;
	if (!t->connected_ns) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			connected(p);
		return;
	}
	n = recv(fd, line, sizeof(line), 0);
	if (n > 0)
		done(p);
	else if (n == 0)
		refused(p, ECONNRESET);
	else if (errno != EAGAIN)
		refused(p, errno);
}

/**
 * expired() - Time is over: only the sidecar may know why
 * @p:		Probe
 */
static void expired(struct probe *p)
{
	refused(p, 0);
}

/**
 * stop() - Close the sockets
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct tcp *t = p->own;

	probe_close(p, &t->fd);
	sidecar_stop(p, &t->sidecar);
}

const struct probe_type probe_tcp = {
	.proto = "tcp",
	.size = sizeof(struct tcp),
	.start = start,
	.ready = ready,
	.expired = expired,
	.stop = stop,
};
