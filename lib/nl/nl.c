/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/nl/nl.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NL_RCVBUF (8 << 20) /* bytes; a batch of nothing but errors fits */

/**
 * io_send() - One datagram to the kernel
 * @nl:		Socket
 * @data:	Messages
 * @len:	Their bytes
 *
 * Return: bytes, or -1 with errno
 */
static ssize_t io_send(struct nl *nl, const void *data, size_t len)
{
	return mnl_socket_sendto(nl->socket, data, len);
}

/**
 * io_receive() - One datagram from the kernel
 * @nl:		Socket
 * @data:	Room for it
 * @size:	Bytes of room
 * @flags:	MSG_DONTWAIT or 0
 *
 * Return: bytes, or -1 with errno; EMSGSIZE where it was cut off
 */
static ssize_t io_receive(struct nl *nl, void *data, size_t size, int flags)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n = recvmsg(mnl_socket_get_fd(nl->socket), &msg, flags);

	if (n < 0)
		return -1;
	if (from.nl_pid != 0) {
		errno = EINTR; /* not the kernel: skip it */
		return -1;
	}
	if (msg.msg_flags & MSG_TRUNC) {
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}

static const struct nl_io kernel_io = { io_send, io_receive };

/**
 * nl_open() - Open and bind a socket
 * @nl:		Socket to fill
 * @protocol:	NETLINK_ROUTE, NETLINK_NETFILTER
 *
 * Return: 0; -ENOMEM, or what socket() or bind() said
 */
int nl_open(struct nl *nl, int protocol)
{
	int on = 1, size = NL_RCVBUF, fd;

	*nl = (struct nl){ .io = &kernel_io };
	nl->rx = malloc(NL_RX_SIZE);
	if (!nl->rx)
		return -ENOMEM;
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, 0) < 0) {
		int error = -errno;

		nl_close(nl);
		return error;
	}
	fd = mnl_socket_get_fd(nl->socket);
	/* Kernels that lack one of these are told by what they then do not do. */
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on,
				    sizeof(on));
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on,
				    sizeof(on));
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on,
				    sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	return 0;
}

/**
 * nl_close() - End a socket; one that is not open is left alone
 * @nl:		Socket
 */
void nl_close(struct nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl->rx);
	nl->socket = NULL;
	nl->rx = NULL;
}

/**
 * nl_fd() - File descriptor, for poll()
 * @nl:		Socket
 *
 * Return: descriptor, owned by @nl
 */
int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

/**
 * nl_port() - Our port number, as the kernel writes it into echoes of our changes
 * @nl:		Socket
 *
 * Return: port number
 */
uint32_t nl_port(const struct nl *nl)
{
	return mnl_socket_get_portid(nl->socket);
}

/**
 * nl_subscribe() - Join a multicast group
 * @nl:		Socket
 * @group:	RTNLGRP_*
 *
 * Return: 0, or a negative errno
 */
int nl_subscribe(struct nl *nl, unsigned int group)
{
	return mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group)) < 0 ?
		       -errno :
		       0;
}

/**
 * is_message() - Whether a whole message lies in what is left of a datagram
 * @m:		Where it would start
 * @left:	Bytes
 *
 * libmnl compares as signed numbers, and takes a length of 2^31 and more for a small one.
 *
 * Return: true if it does
 */
static bool is_message(const struct nlmsghdr *m, int left)
{
	return mnl_nlmsg_ok(m, left) && m->nlmsg_len <= (unsigned int)left;
}

/**
 * nl_events() - Give all events that wait in the socket to a function
 * @nl:		Subscribed socket
 * @fn:		Called for each
 * @context:	For @fn
 *
 * Return: 0 when none is left; -ENOBUFS where the kernel dropped some (resync), or
 *	   what @fn or recvmsg() said
 */
int nl_events(struct nl *nl, nl_message_fn *fn, void *context)
{
	for (;;) {
		ssize_t n =
			nl->io->receive(nl, nl->rx, NL_RX_SIZE, MSG_DONTWAIT);
		const struct nlmsghdr *m = nl->rx;
		int left = (int)n, r;

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; is_message(m, left); m = mnl_nlmsg_next(m, &left)) {
			r = fn(m, context);
			if (r < 0)
				return r;
		}
	}
}

/**
 * nl_request() - Start a request in a buffer
 * @nl:		Socket, for the sequence number
 * @buffer:	At least NL_MESSAGE_MAX bytes
 * @type:	RTM_*
 * @flags:	NLM_F_* beside NLM_F_REQUEST
 *
 * Return: the message, header filled
 */
struct nlmsghdr *nl_request(struct nl *nl, void *buffer, uint16_t type,
			    uint16_t flags)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	m->nlmsg_seq = ++nl->seq;
	return m;
}

/**
 * read_error() - What an NLMSG_ERROR or NLMSG_DONE says
 * @m:		Message
 * @ret:	Result; .error 0 for an acknowledgement
 */
static void read_error(const struct nlmsghdr *m, struct nl_error *ret)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);
	size_t skip = sizeof(*e);
	const struct nlattr *a;

	*ret = (struct nl_error){ .seq = m->nlmsg_seq };
	if (mnl_nlmsg_get_payload_len(m) < sizeof(int))
		return;
	/* MAX_ERRNO of the kernel: what is no error number is no answer either. */
	ret->error = e->error > 0 || e->error < -4095 ? -EPROTO : e->error;
	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (m->nlmsg_type == NLMSG_DONE)
		skip = sizeof(int);
	else if (mnl_nlmsg_get_payload_len(m) < sizeof(*e))
		return;
	else if (!(m->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&e->msg);
	if (mnl_nlmsg_get_payload_len(m) < skip)
		return;
	mnl_attr_for_each (a, m, skip) {
		size_t len = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG)
			snprintf(ret->text, sizeof(ret->text), "%.*s", (int)len,
				 mnl_attr_get_str(a));
		else if (mnl_attr_get_type(a) == NLMSGERR_ATTR_OFFS && len >= 4)
			ret->offset = mnl_attr_get_u32(a);
	}
}

/* What a receive loop hands its messages to. */
struct reading {
	uint32_t seq; /* answers to this request */
	nl_message_fn *fn;
	void *context;
	bool interrupted; /* the dump is not consistent */
	bool done;
	int r; /* first error of .fn */
};

/**
 * read_answer() - One datagram of answers to a request
 * @nl:		Socket; its .error is set where the kernel refused
 * @d:		State of the reading
 * @len:	Bytes in nl->rx
 *
 * Return: 0, or the kernel's error
 */
static int read_answer(struct nl *nl, struct reading *d, ssize_t len)
{
	const struct nlmsghdr *m = nl->rx;
	int left = (int)len;

	for (; is_message(m, left); m = mnl_nlmsg_next(m, &left)) {
		struct nl_error e;

		if (m->nlmsg_seq != d->seq)
			continue;
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			d->interrupted = true;
		if (m->nlmsg_type == NLMSG_ERROR ||
		    m->nlmsg_type == NLMSG_DONE) {
			d->done = true;
			read_error(m, &e);
			if (e.error < 0) {
				nl->error = e;
				return e.error;
			}
			return 0;
		}
		if (d->r == 0 && d->fn)
			d->r = d->fn(m, d->context);
	}
	return 0;
}

/**
 * converse() - Send a request and read all answers to it
 * @nl:		Socket
 * @request:	Request
 * @d:		Where the answers go
 *
 * Return: 0; -EINTR where a dump was not consistent, or the error of the kernel, of
 *	   the socket or of the function
 */
static int converse(struct nl *nl, const struct nlmsghdr *request,
		    struct reading *d)
{
	nl->error = (struct nl_error){ 0 };
	while (nl->io->send(nl, request, request->nlmsg_len) < 0)
		if (errno != EINTR)
			return -errno;
	while (!d->done) {
		ssize_t n = nl->io->receive(nl, nl->rx, NL_RX_SIZE, 0);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = read_answer(nl, d, n);
		if (r < 0)
			return r;
	}
	if (d->r < 0)
		return d->r;
	return d->interrupted ? -EINTR : 0;
}

/**
 * nl_dump() - List objects
 * @nl:		Socket
 * @request:	Made by nl_request(); NLM_F_DUMP is added
 * @fn:		Called for each object
 * @context:	For @fn
 *
 * Return: 0; -EINTR where the kernel's list changed meanwhile (what @fn got is not
 *	   consistent: begin again), or a negative errno
 */
int nl_dump(struct nl *nl, struct nlmsghdr *request, nl_message_fn *fn,
	    void *context)
{
	struct reading d = {
		.seq = request->nlmsg_seq,
		.fn = fn,
		.context = context,
	};

	request->nlmsg_flags |= NLM_F_DUMP;
	return converse(nl, request, &d);
}

/**
 * nl_ask() - One request, acknowledged; also for one object (RTM_GETROUTE)
 * @nl:		Socket
 * @request:	Made by nl_request(); NLM_F_ACK is added
 * @fn:		Called for the object that comes back, or NULL
 * @context:	For @fn
 *
 * Return: 0, or a negative errno; nl->error has the kernel's words
 */
int nl_ask(struct nl *nl, struct nlmsghdr *request, nl_message_fn *fn,
	   void *context)
{
	struct reading d = {
		.seq = request->nlmsg_seq,
		.fn = fn,
		.context = context,
	};

	/* Kind of request by its number: rtnetlink has NEW, DEL, GET, SET in fours. */
	if ((request->nlmsg_type & 3) != 2)
		nl->n_mutating++;
	request->nlmsg_flags |= NLM_F_ACK;
	return converse(nl, request, &d);
}
