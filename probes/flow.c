/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/**
 * flow_open() - A socket towards a destination, watched, that keeps ICMPv6 errors
 * @p:		Probe; its result's source is noted
 * @type:	SOCK_DGRAM or SOCK_STREAM
 * @to:		Destination
 * @port:	Its port
 * @ret_fd:	Socket; a stream's connection may still be on its way
 *
 * Each call has a source port of its own, so that no state on the way is met twice.
 *
 * Return: 0, or what socket() or connect() said
 */
int flow_open(struct probe *p, int type, const struct addr *to, uint16_t port,
	      int *ret_fd)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, port, 0, &ss);
	int fd, r;

	fd = socket(to->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = to->family == AF_INET6 ? evidence_listen(fd) : 0;
	if (r == 0 && connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno != EINPROGRESS)
		r = -errno;
	if (r == 0)
		r = probe_watch(p, fd,
				type == SOCK_STREAM ? EPOLLIN | EPOLLOUT :
						      EPOLLIN);
	if (r < 0) {
		close(fd);
		return r;
	}
	probe_src(p, fd);
	*ret_fd = fd;
	return 0;
}

/**
 * sidecar_start() - Send a datagram to where the probe goes
 * @p:		Probe
 * @s:		Sidecar
 */
void sidecar_start(struct probe *p, struct sidecar *s)
{
	s->seen = (struct evidence)EVIDENCE_NONE;
	s->fd = -1;
	if (p->spec.addr.family != AF_INET6 ||
	    flow_open(p, SOCK_DGRAM, &p->spec.addr, p->spec.port, &s->fd) < 0)
		return;
	(void)send(s->fd, "shoot6\n", 7, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/**
 * sidecar_ready() - Take what the sidecar learnt
 * @p:		Probe
 * @s:		Sidecar
 * @fd:		Descriptor that had an event
 *
 * A closed port of the destination itself is no news: it is up. An error shortens
 * what is left of the probe's time, because TCP learns of it within its first
 * retransmission.
 *
 * Return: true if the event was the sidecar's
 */
bool sidecar_ready(struct probe *p, struct sidecar *s, int fd)
{
	struct evidence e;
	char junk[16];

	if (fd < 0 || fd != s->fd)
		return false;
	while (evidence_read(fd, &e) == 0)
		if (e.icmp_code != 4 || e.icmp_type != 1)
			s->seen = e;
	(void)recv(fd, junk, sizeof(junk), MSG_DONTWAIT);
	if (s->seen.error)
		probe_hurry(p, 1200 * NSEC_PER_MSEC);
	return true;
}

/**
 * sidecar_stop() - Close the sidecar
 * @p:		Probe
 * @s:		Sidecar; one never started has fd 0 and is left alone
 */
void sidecar_stop(struct probe *p, struct sidecar *s)
{
	if (s->fd > 0)
		probe_close(p, &s->fd);
}

/**
 * ask_again() - Send the question once more, unless TCP does that
 * @p:		Probe
 * @a:		Ask
 */
void ask_again(struct probe *p, struct ask *a)
{
	if (a->fd < 0 || a->tcp)
		return;
	(void)send(a->fd, a->query, a->query_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	probe_timer(p, ASK_RETRY);
}

/**
 * ask_start() - Ask a server
 * @p:		Probe; its timer() must call ask_again(), its ready() ask_ready()
 * @a:		Ask
 * @server:	Address of the server, either family
 * @name:	Name, absolute; lives as long as the ask
 * @qtype:	Type
 * @tcp:	Over TCP
 *
 * Return: 0; -EINVAL for a malformed name, or what the socket said
 */
int ask_start(struct probe *p, struct ask *a, const struct addr *server,
	      const char *name, uint16_t qtype, bool tcp)
{
	size_t head = tcp ? 2 : 0;
	int r;

	*a = (struct ask){ .fd = -1, .name = name, .qtype = qtype, .tcp = tcp };
	a->seen = (struct evidence)EVIDENCE_NONE;
	if (getrandom(&a->id, sizeof(a->id), 0) < 0)
		return -errno;
	r = dns_build(a->query + head, sizeof(a->query) - head, a->id, name,
		      qtype);
	if (r < 0)
		return r;
	if (tcp) { /* RFC 1035 4.2.2: two bytes of length come first */
		a->query[0] = (uint8_t)(r >> 8);
		a->query[1] = (uint8_t)r;
	}
	a->query_len = (size_t)r + head;
	r = flow_open(p, tcp ? SOCK_STREAM : SOCK_DGRAM, server, DNS_PORT,
		      &a->fd);
	if (r < 0)
		return r;
	ask_again(p, a);
	return 0;
}

/**
 * grow() - Make room for the largest answer that TCP can bring
 * @a:		Ask; keeps what came until now
 *
 * Return: 0; -ENOMEM
 */
static int grow(struct ask *a)
{
	a->large = malloc(DNS_MESSAGE_TCP + 2);
	if (!a->large)
		return -ENOMEM;
	memcpy(a->large, a->answer, a->answer_len);
	return 0;
}

/**
 * ask_tcp() - Go on over TCP: send when connected, gather the answer
 * @p:		Probe
 * @a:		Ask
 * @events:	Events of the socket
 *
 * Return: 0 with a whole answer, -EINPROGRESS, or what the socket said
 */
static int ask_tcp(struct probe *p, struct ask *a, uint32_t events)
{
	uint8_t *to = a->large ? a->large : a->answer;
	size_t want, size = a->large ? DNS_MESSAGE_TCP + 2 : sizeof(a->answer);
	ssize_t n;

	if (events & EPOLLOUT) {
		n = send(a->fd, a->query, a->query_len, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
		return probe_watch(p, a->fd, EPOLLIN) < 0 ? -ENOMEM :
							    -EINPROGRESS;
	}
	n = recv(a->fd, to + a->answer_len, size - a->answer_len, 0);
	if (n < 0)
		return errno == EAGAIN ? -EINPROGRESS : -errno;
	if (n == 0)
		return -ECONNRESET;
	a->answer_len += (size_t)n;
	if (a->answer_len < 2)
		return -EINPROGRESS;
	want = (size_t)(to[0] << 8 | to[1]) + 2;
	if (want > size && grow(a) < 0)
		return -ENOMEM;
	return a->answer_len < want ? -EINPROGRESS : 0;
}

/**
 * ask_ready() - Take what came in
 * @p:		Probe; .dns holds the answer afterwards
 * @a:		Ask; .seen holds the evidence where it fails
 * @events:	Events of the socket
 *
 * Return: 0 with an answer, -EINPROGRESS, -EBADMSG for a malformed answer, -EIO where
 *	   the path or the server refused (see .seen)
 */
int ask_ready(struct probe *p, struct ask *a, uint32_t events)
{
	const uint8_t *message = a->answer;
	ssize_t n;
	int r = 0;

	if (!a->tcp && evidence_read(a->fd, &a->seen) == 0)
		return -EIO;
	if (a->tcp) {
		r = ask_tcp(p, a, events);
		message = (a->large ? a->large : a->answer) + 2;
		n = (ssize_t)a->answer_len - 2;
	} else {
		n = recv(a->fd, a->answer, sizeof(a->answer), 0);
		if (n < 0)
			r = errno == EAGAIN ? -EINPROGRESS : -errno;
	}
	if (r < 0) {
		if (r != -EINPROGRESS)
			a->seen = evidence_errno(r);
		return r == -EINPROGRESS ? r : -EIO;
	}
	r = dns_parse(message, (size_t)n, a->id, a->name, a->qtype, &p->dns);
	return r == -ENOMSG ? -EINPROGRESS : r;
}

/**
 * ask_stop() - Close the ask, and free its answer
 * @p:		Probe
 * @a:		Ask; one never started is left alone
 */
void ask_stop(struct probe *p, struct ask *a)
{
	if (a->fd > 0)
		probe_close(p, &a->fd);
	free(a->large);
	a->large = NULL;
}

/**
 * ask_reason() - What is wrong with an answer by its code alone
 * @answer:	Answer
 *
 * Return: REASON_NONE for NOERROR
 */
enum reason ask_reason(const struct dns_answer *answer)
{
	switch (answer->rcode) {
	case DNS_NOERROR:
		return REASON_NONE;
	case DNS_NXDOMAIN:
		return REASON_NXDOMAIN;
	case DNS_SERVFAIL:
		return REASON_SERVFAIL;
	case DNS_REFUSED:
		return REASON_DNS_REFUSED;
	default:
		return REASON_DNS_MALFORMED;
	}
}
