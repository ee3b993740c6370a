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
#include <stdio.h>
#include <string.h>

struct web {
	struct ask ask;
	struct sidecar sidecar;
	struct http *http;
	struct http_call call;
	struct probe *probe;
	bool asked; /* the address came from DNS */
};

/**
 * tls_reason() - Which part of the verification failed
 * @words:	libcurl's
 *
 * Return: the symptom
 */
static enum reason tls_reason(const char *words)
{
	return strstr(words, "subject") || strstr(words, "alternative") ?
		       REASON_TLS_NAME :
		       REASON_TLS_VERIFY;
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
		probe_fail(p, tls_reason(w->call.error), "%s", w->call.error);
		return;
	}
	if (w->sidecar.seen.error && r != -ECONNREFUSED)
		e = w->sidecar.seen;
	if (r == -EPROTO || r == -EIO)
		probe_fail(p, REASON_TLS_HANDSHAKE, "%s", w->call.error);
	else
		probe_error(p, &e, p->spec.tls ? "https" : "http");
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
		probe_fail(p, REASON_HTTP_STATUS, "wanted status 200, got %u",
			   call->status);
	else if (p->spec.judge)
		p->spec.judge(p);
	else
		probe_pass(p, "status 200, %zu bytes", call->body.len);
}

/**
 * fetch() - Connect to the address, by the name if there is one
 * @p:		Probe; its address is known
 */
static void fetch(struct probe *p)
{
	struct web *w = p->own;
	const char *address = ADDR_TEXT(&p->spec.addr);
	char url[320], resolve[320], host[280];
	struct http_request req = {
		.url = url,
		.ca_file = p->spec.ca,
		.deadline_ns = p->deadline.when_ns - 20 * NSEC_PER_MSEC,
	};
	int r;

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
}

/**
 * start() - Look the name up, or connect at once
 * @p:		Probe
 */
static void start(struct probe *p)
{
	const struct node_state *s = probe_state(p);
	struct web *w = p->own;
	struct evidence e;
	int r;

	w->ask.fd = w->sidecar.fd = -1;
	if (addr_is_set(&p->spec.addr)) {
		fetch(p);
		return;
	}
	result_fact(&p->result, "name", "%s", p->spec.name);
	if (!s->n_servers) {
		probe_fail(p, REASON_NO_RESOLVER,
			   "resolv.conf names no nameserver");
		return;
	}
	r = ask_start(p, &w->ask, &s->servers[0], p->spec.name, DNS_AAAA,
		      false);
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
		probe_fail(p, reason, "'%s': %s", p->spec.name,
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
