/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/responder/responder.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define DATAGRAM 65536
#define BATCH \
	32 /* datagrams or connections a round, so that all get their turn */

struct udp_echo {
	struct loop_source source;
	uint16_t port;
	char data[DATAGRAM];
};

struct tcp_echo {
	struct loop_source source;
	struct loop *loop;
};

/* One connection: what is in .data from .at to .len waits to be sent. */
struct conn {
	struct loop_source source;
	struct loop *loop;
	size_t at, len;
	char data[16384];
};

/**
 * socket_listen() - A socket bound to an address and port
 * @type:	SOCK_DGRAM or SOCK_STREAM
 * @addr:	Address; "::" takes IPv6 alone
 * @port:	Port
 * @ret_fd:	Socket, listening
 *
 * Return: 0, or what the system said
 */
int socket_listen(int type, const struct addr *addr, uint16_t port, int *ret_fd)
{
	_cleanup_close_ int fd =
		socket(addr->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, port, 0, &ss);
	int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (addr->family == AF_INET6 &&
	     (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
	      setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) <
		      0)))
		return -errno;
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 128) < 0))
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/**
 * keep_info() - Have the answer leave from the address that the question came to
 * @m:		Message as received; its control data is made that of the answer
 */
static void keep_info(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6 ||
		    c->cmsg_type != IPV6_PKTINFO)
			continue;
		/* The route back chooses the interface. */
		((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex = 0;
		memmove(m->msg_control, c, c->cmsg_len);
		m->msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
		return;
	}
	m->msg_control = NULL;
	m->msg_controllen = 0;
}

/**
 * udp_ready() - Send datagrams back
 * @source:	The echo's
 * @events:	Unused
 * @now:	Unused
 */
static void udp_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct udp_echo *u = container_of(source, struct udp_echo, source);

	(void)events;
	(void)now;
	for (int i = 0; i < BATCH; i++) {
		char control[128];
		struct sockaddr_in6 from;
		struct iovec iov = { u->data, sizeof(u->data) };
		struct msghdr m = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(source->fd, &m, 0);

		if (n < 0)
			return;
		/* An echo talking to an echo would never end. The port lies at
		 * the same place for both families. */
		if (ntohs(from.sin6_port) == u->port)
			continue;
		iov.iov_len = (size_t)n;
		m.msg_flags = 0;
		keep_info(&m);
		(void)!sendmsg(source->fd, &m, MSG_NOSIGNAL);
	}
}

/**
 * echo_udp() - Echo datagrams of a socket
 * @loop:	Loop
 * @fd:		Socket, owned from now on
 * @port:	Its port
 *
 * Return: 0; -ENOMEM, or what epoll said
 */
int echo_udp(struct loop *loop, int fd, uint16_t port)
{
	struct udp_echo *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->source = (struct loop_source){ .fd = fd, .ready = udp_ready };
	u->port = port;
	return loop_add(loop, &u->source, EPOLLIN);
}

/**
 * conn_end() - End a connection
 * @c:		Connection
 */
static void conn_end(struct conn *c)
{
	loop_remove(c->loop, &c->source);
	close(c->source.fd);
	free(c);
}

/**
 * conn_ready() - Take in and send back, one buffer at a time
 * @source:	The connection's
 * @events:	Unused
 * @now:	Unused
 *
 * While there is something to send nothing is taken in: the peer's window bounds memory.
 */
static void conn_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct conn *c = container_of(source, struct conn, source);
	ssize_t n;

	(void)events;
	(void)now;
	if (c->at == c->len) {
		n = recv(source->fd, c->data, sizeof(c->data), 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			conn_end(c);
			return;
		}
		c->at = 0;
		c->len = (size_t)n;
	}
	n = send(source->fd, c->data + c->at, c->len - c->at, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		conn_end(c);
		return;
	}
	c->at += n > 0 ? (size_t)n : 0;
	if (loop_change(c->loop, source, c->at == c->len ? EPOLLIN : EPOLLOUT) <
	    0)
		conn_end(c);
}

/**
 * tcp_ready() - Accept connections
 * @source:	The listener's
 * @events:	Unused
 * @now:	Unused
 */
static void tcp_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct tcp_echo *t = container_of(source, struct tcp_echo, source);

	(void)events;
	(void)now;
	for (int i = 0; i < BATCH; i++) {
		int fd = accept4(source->fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct conn *c;

		if (fd < 0)
			return;
		c = calloc(1, sizeof(*c));
		if (!c) {
			close(fd);
			return;
		}
		c->loop = t->loop;
		c->source =
			(struct loop_source){ .fd = fd, .ready = conn_ready };
		if (loop_add(t->loop, &c->source, EPOLLIN) < 0) {
			close(fd);
			free(c);
		}
	}
}

/**
 * echo_tcp() - Echo what comes over connections to a socket
 * @loop:	Loop
 * @fd:		Listening socket, owned from now on
 *
 * Return: 0; -ENOMEM, or what epoll said
 */
int echo_tcp(struct loop *loop, int fd)
{
	struct tcp_echo *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->source = (struct loop_source){ .fd = fd, .ready = tcp_ready };
	t->loop = loop;
	return loop_add(loop, &t->source, EPOLLIN);
}
