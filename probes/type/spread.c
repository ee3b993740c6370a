/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread: many connections to one service, each asking who answers
 *
 * Every ready endpoint must be met, and none may be silent: with n endpoints a stale
 * one fails 1/n of the connections, always. The responder names its own address, which
 * behind a service is the endpoint's. What the first connection that failed was told is
 * the evidence of them all. Who gets a connection is drawn by lot: of three
 * endpoints one is passed over by 24 connections in 1 of 5,600 runs, so an endpoint that
 * was not met gets more rounds before it counts as missed.
 */
#include "probes/flow.h"
#include "probes/targets.h"
#include "probes/type/types.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define FLOWS  24 /* of one round, at once */
#define ROUNDS 5

struct spread {
	int fds[FLOWS];
	unsigned int n, good, silent, rounds;
	struct evidence seen; /* of the first that failed with an error */
	bool met[SERVICE_ENDPOINTS];
};

/**
 * count_met() - How many endpoints have answered
 * @p:		Probe
 *
 * Return: their number
 */
static size_t count_met(struct probe *p)
{
	const struct service *service = p->spec.of;
	struct spread *s = p->own;
	size_t n = 0;

	for (size_t i = 0; i < service->n_endpoints; i++)
		n += s->met[i];
	return n;
}

/**
 * note_failure() - Keep what the first connection that failed was told
 * @s:		Connections
 * @e:		Evidence
 */
static void note_failure(struct spread *s, const struct evidence *e)
{
	if (e->error && !s->seen.error)
		s->seen = *e;
}

/**
 * add_evidence() - Put the evidence into the result, and into words
 * @p:		Probe
 * @text:	Gets ": ENETUNREACH, ICMPv6 1/0 from 2001:db8::1", or ""
 * @size:	Bytes there
 */
static void add_evidence(struct probe *p, char *text, size_t size)
{
	const struct spread *s = p->own;
	const struct evidence *e = &s->seen;

	text[0] = '\0';
	if (!e->error)
		return;
	evidence_note(e, &p->result);
	if (e->icmp_type < 0)
		(void)snprintf(text, size, ": %s", reason_errno_name(e->error));
	else
		(void)snprintf(text, size, ": %s, ICMPv6 %d/%d from %s",
			       reason_errno_name(e->error), e->icmp_type,
			       e->icmp_code, p->result.via.offender);
}

/**
 * conclude() - Say which endpoints were met
 * @p:		Probe
 */
static void conclude(struct probe *p)
{
	const struct service *service = p->spec.of;
	struct spread *s = p->own;
	size_t met = count_met(p);
	char why[128];

	s->silent = s->n - s->good;
	p->result.samples.n = s->n;
	p->result.samples.lost = s->silent;
	for (size_t i = 0; i < service->n_endpoints; i++)
		if (!s->met[i])
			result_fact(&p->result, "endpoint", "%s",
				    ADDR_TEXT(&service->endpoints[i]));
	result_fact(&p->result, "vip", "%s", ADDR_TEXT(&service->vip));
	add_evidence(p, why, sizeof(why));
	if (s->silent && met < service->n_endpoints)
		probe_fail(
			p, REASON_ENDPOINT_SILENT,
			"%u of %u connections got no answer, %zu of %zu endpoints answered%s",
			s->silent, s->n, met, service->n_endpoints, why);
	else if (s->silent)
		probe_fail(p, REASON_PARTIAL,
			   "%u of %u connections got no answer%s", s->silent,
			   s->n, why);
	else if (met < service->n_endpoints)
		probe_fail(p, REASON_ENDPOINT_MISSED,
			   "%u connections, %zu of %zu endpoints answered",
			   s->n, met, service->n_endpoints);
	else
		probe_pass(p, "%u connections, all %zu endpoints answered",
			   s->n, met);
}

/**
 * start() - Connect a round of them
 * @p:		Probe
 *
 * Where translation is the own kernel's, an endpoint without a route fails connect().
 */
static void start(struct probe *p)
{
	struct spread *s = p->own;
	struct evidence e;
	bool some = false;
	int r;

	s->rounds++;
	for (size_t i = 0; i < FLOWS; i++)
		s->fds[i] = -1;
	for (size_t i = 0; i < FLOWS; i++, s->n++) {
		r = flow_open(p, SOCK_STREAM, &p->spec.addr, p->spec.port,
			      &s->fds[i]);
		some |= r == 0;
		if (r == 0)
			continue;
		e = evidence_errno(r);
		note_failure(s, &e);
	}
	if (!some)
		probe_error(p, &s->seen, "connect");
}

/**
 * end_round() - Every connection of a round has ended: another one, or the verdict
 * @p:		Probe
 */
static void end_round(struct probe *p)
{
	const struct service *service = p->spec.of;
	struct spread *s = p->own;

	if (s->good == s->n && s->rounds < ROUNDS &&
	    count_met(p) < service->n_endpoints)
		start(p);
	else
		conclude(p);
}

/**
 * note() - See which endpoint an answer is from
 * @p:		Probe
 * @text:	Answer
 */
static void note(struct probe *p, const char *text)
{
	const struct service *service = p->spec.of;
	struct spread *s = p->own;

	for (size_t i = 0; i < service->n_endpoints; i++) {
		char member[ADDR_STRLEN + 2];

		(void)snprintf(member, sizeof(member), "\"%s\"",
			       ADDR_TEXT(&service->endpoints[i]));
		if (strstr(text, member))
			s->met[i] = true;
	}
}

/**
 * ready() - Ask on a new connection, or take an answer
 * @p:		Probe
 * @fd:		Socket
 * @events:	Of it
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	static const char ask[] = "GET /whoami HTTP/1.0\r\n\r\n";
	struct spread *s = p->own;
	struct evidence e;
	char text[2048];
	ssize_t n;
	size_t i;

	for (i = 0; i < FLOWS && s->fds[i] != fd; i++)
		;
	if (i == FLOWS)
		return;
	if (events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) {
		if (send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) > 0 &&
		    probe_watch(p, fd, EPOLLIN) == 0)
			return;
	}
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		text[n] = '\0';
		note(p, text);
		s->good++;
	} else if (n < 0) {
		e = evidence_of(fd, errno);
		note_failure(s, &e);
	}
	probe_close(p, &s->fds[i]);
	for (i = 0; i < FLOWS && s->fds[i] < 0; i++)
		;
	if (i == FLOWS)
		end_round(p);
}

/**
 * stop() - Close the sockets
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct spread *s = p->own;

	for (size_t i = 0; i < FLOWS; i++)
		probe_close(p, &s->fds[i]);
}

const struct probe_type probe_spread = {
	.proto = "tcp",
	.size = sizeof(struct spread),
	.start = start,
	.ready = ready,
	.expired = conclude,
	.stop = stop,
};
