/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: one GET over HTTP or HTTPS, by name or address, over IPv6 alone
 *
 * The name is looked up here, AAAA only, at the vantage's first nameserver: nothing
 * falls back to IPv4, and where it fails the phase is known. libcurl then gets name and
 * address together, so that SNI and the certificate's name are the real ones.
 */
#include "lib/http.h"
#include "probes/flow.h"
#include "probes/nodestate.h"
#include "probes/type/types.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_MAX (1UL << 16) /* bytes; a projected one has about 1000 */

struct web {
	struct ask ask;
	struct sidecar sidecar;
	struct http *http;
	struct http_call call;
	struct probe *probe;
	bool asked; /* the address came from DNS */
};

static const enum reason certificate_reasons[] = {
	[HTTP_CERTIFICATE_FINE] = REASON_TLS_VERIFY,
	[HTTP_CERTIFICATE_NAME] = REASON_TLS_NAME,
	[HTTP_CERTIFICATE_EXPIRED] = REASON_TLS_EXPIRED,
	[HTTP_CERTIFICATE_AUTHORITY] = REASON_TLS_VERIFY,
};

/* What a server says to an identity; to others it is a status like any. */
static const struct {
	unsigned int status;
	enum reason reason;
} refusals[] = {
	{ 401, REASON_UNAUTHORIZED },
	{ 403, REASON_FORBIDDEN },
};

/**
 * is_port_unreachable() - Whether an ICMPv6 error is about one port alone
 * @e:		Evidence of the sidecar
 *
 * Return: true where it is, which says nothing of the TCP port
 */
static bool is_port_unreachable(const struct evidence *e)
{
	return e->icmp_type == ICMP6_DST_UNREACH &&
	       e->icmp_code == ICMP6_DST_UNREACH_NOPORT;
}

/**
 * failed() - End the probe where there is no complete answer
 * @p:		Probe
 * @r:		Negative errno of the call
 */
static void failed(struct probe *p, int r)
{
	struct web *w = p->own;
	struct evidence e = evidence_errno(r == -ETIMEDOUT ? 0 : r);

	if (r == -EKEYREJECTED) {
		probe_fail(p, certificate_reasons[w->call.certificate], "%s",
			   w->call.error);
		return;
	}
	if (w->sidecar.seen.error && r != -ECONNREFUSED &&
	    !is_port_unreachable(&w->sidecar.seen))
		e = w->sidecar.seen;
	if (r == -EPROTO || r == -EIO)
		probe_fail(p, REASON_TLS_HANDSHAKE, "%s", w->call.error);
	else
		probe_error(p, &e, p->spec.tls ? "https" : "http");
}

/**
 * refused() - End the probe where the server gave another status than 200
 * @p:		Probe; its body is there
 * @status:	Status
 */
static void refused(struct probe *p, unsigned int status)
{
	_cleanup_(json_freep) struct json *json = NULL;
	const char *message = NULL;
	enum reason reason = REASON_HTTP_STATUS;

	for (size_t i = 0; p->spec.token && i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].status == status)
			reason = refusals[i].reason;
	if (p->spec.token && p->body.data &&
	    json_parse(p->body.data, p->body.len, &json) == 0)
		message = json_get_string(json, "message");
	probe_fail(p, reason, "wanted status 200, got %u%s%.180s", status,
		   message ? ": " : "", message ? message : "");
}

/**
 * answered() - The call has ended
 * @call:	Call
 */
static void answered(struct http_call *call)
{
	struct web *w = container_of(call, struct web, call);
	struct probe *p = w->probe;

	if (call->r < 0) {
		failed(p, call->r);
		return;
	}
	result_fact(&p->result, "status", "%u", call->status);
	buf_clear(&p->body);
	buf_add(&p->body, call->body.data, call->body.len);
	probe_sample(p, call->elapsed_ns);
	if (call->status != 200)
		refused(p, call->status);
	else if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_pass(p, "status 200, %zu bytes", call->body.len);
}

/**
 * bearer() - The header that says who we are
 * @p:		Probe with a token
 * @ret:	Gets it
 *
 * The file is read anew each time: the kubelet swaps it before the token runs out.
 *
 * Return: true; false after ending the probe
 */
static bool bearer(struct probe *p, struct buf *ret)
{
	_cleanup_(buf_release) struct buf file = BUF_INIT;
	struct evidence e;
	char what[96];
	int r;

	file.max = TOKEN_MAX;
	r = buf_read_file(&file, p->spec.token);
	if (r == 0)
		buf_printf(ret, "Authorization: Bearer %.*s",
			   (int)strcspn(buf_text(&file), "\r\n"),
			   buf_text(&file));
	if (file.data)
		explicit_bzero(file.data, file.len);
	if (r == 0)
		r = buf_error(ret);
	if (r == 0)
		return true;
	e = evidence_errno(r);
	(void)snprintf(what, sizeof(what), "token '%.80s'", p->spec.token);
	probe_error(p, &e, what);
	return false;
}

/**
 * fetch() - Connect to the address, by the name if there is one
 * @p:		Probe; its address is known
 */
static void fetch(struct probe *p)
{
	struct web *w = p->own;
	const char *address = ADDR_TEXT(&p->spec.addr);
	_cleanup_(buf_release) struct buf authorization = BUF_INIT;
	const char *headers[] = { NULL, NULL };
	char url[480], resolve[320], host[280];
	struct http_request req = {
		.url = url,
		.headers = headers,
		.ca_file = p->spec.ca,
		.deadline_ns = p->deadline.when_ns - 20 * NSEC_PER_MSEC,
	};
	int r;

	if (p->spec.token && !bearer(p, &authorization))
		return;
	headers[0] = authorization.data;
	if (p->spec.name) {
		(void)snprintf(host, sizeof(host), "%.255s", p->spec.name);
		(void)snprintf(resolve, sizeof(resolve), "%.255s:%u:[%s]", host,
			       p->spec.port, address);
		req.resolve = resolve;
	} else {
		(void)snprintf(host, sizeof(host), "[%s]", address);
	}
	(void)snprintf(url, sizeof(url), "%s://%s:%u%s",
		       p->spec.tls ? "https" : "http", host, p->spec.port,
		       p->spec.path ? p->spec.path : "/");
	sidecar_start(p, &w->sidecar);
	probe_src(p, w->sidecar.fd);
	w->probe = p;
	w->call.done = answered;
	r = http_new(probe_loop(p), &w->http);
	if (r == 0)
		r = http_start(w->http, &w->call, &req);
	if (r < 0)
		probe_fail(p, REASON_INTERNAL, "libcurl: %s", strerror(-r));
	if (authorization.data)
		explicit_bzero(authorization.data, authorization.len);
}

/**
 * wanted_name() - The name that DNS is asked for
 * @p:		Probe
 *
 * Return: the name
 */
static const char *wanted_name(const struct probe *p)
{
	return p->spec.lookup ? p->spec.lookup : p->spec.name;
}

/**
 * start() - Look the name up, or connect at once
 * @p:		Probe
 */
static void start(struct probe *p)
{
	const struct node_state *s = probe_state(p);
	const struct addr *server = s->n_servers ? &s->servers[0] : NULL;
	struct web *w = p->own;
	struct evidence e;
	int r;

	w->ask.fd = w->sidecar.fd = -1;
	if (addr_is_set(&p->spec.addr)) {
		fetch(p);
		return;
	}
	result_fact(&p->result, "name", "%s", p->spec.name);
	if (addr_is_set(&p->spec.resolver))
		server = &p->spec.resolver;
	if (!server) {
		probe_fail(p, REASON_NO_RESOLVER,
			   "resolv.conf names no nameserver");
		return;
	}
	r = ask_start(p, &w->ask, server, wanted_name(p), DNS_AAAA, false);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "query");
	}
}

/**
 * looked_up() - The name's answer is there
 * @p:		Probe
 */
static void looked_up(struct probe *p)
{
	struct web *w = p->own;
	enum reason reason = ask_reason(&p->dns);

	ask_stop(p, &w->ask);
	if (reason == REASON_NONE && !p->dns.n_addrs)
		reason = REASON_NO_AAAA;
	if (reason != REASON_NONE) {
		probe_fail(p, reason, "'%s': %s", wanted_name(p),
			   reason_meaning(reason));
		return;
	}
	w->asked = true;
	p->spec.addr = p->dns.addrs[0];
	result_fact(&p->result, "address", "%s", ADDR_TEXT(&p->spec.addr));
	fetch(p);
}

/**
 * ready() - Take an event of the question or of the sidecar
 * @p:		Probe
 * @fd:		Descriptor
 * @events:	Of it
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct web *w = p->own;
	int r;

	if (fd != w->ask.fd) {
		(void)sidecar_ready(p, &w->sidecar, fd);
		return;
	}
	r = ask_ready(p, &w->ask, events);
	if (r == 0)
		looked_up(p);
	else if (r == -EIO)
		probe_error(p, &w->ask.seen, "query");
	else if (r != -EINPROGRESS)
		probe_fail(p, REASON_DNS_MALFORMED, "the answer is malformed");
}

/**
 * again() - Ask once more, while there is no answer
 * @p:		Probe
 */
static void again(struct probe *p)
{
	struct web *w = p->own;

	ask_again(p, &w->ask);
}

/**
 * expired() - Time is over
 * @p:		Probe
 */
static void expired(struct probe *p)
{
	struct web *w = p->own;

	probe_error(p, &w->sidecar.seen,
		    w->asked || p->result.dst[0] == '[' ? NULL : "no answer");
}

/**
 * stop() - End the call and close the sockets
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct web *w = p->own;

	http_call_release(&w->call);
	ask_stop(p, &w->ask);
	sidecar_stop(p, &w->sidecar);
}

/**
 * release() - End libcurl's part, not from within its own callback
 * @p:		Probe
 */
static void release(struct probe *p)
{
	struct web *w = p->own;

	http_free(w->http);
}

const struct probe_type probe_http = {
	.proto = "http",
	.size = sizeof(struct web),
	.start = start,
	.ready = ready,
	.timer = again,
	.expired = expired,
	.stop = stop,
	.release = release,
};
