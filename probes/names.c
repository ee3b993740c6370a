/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/names.h"

#include "probes/flow.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/**
 * arpa_name() - The name that leads back from an address (RFC 3596 2.5)
 * @a:		IPv6 address
 * @ret:	Gets 72 digits, dots and letters
 */
static void arpa_name(const struct addr *a, char ret[PTR_NAME])
{
	char *at = ret;

	for (size_t i = 16; i-- > 0;)
		at += snprintf(at, 5, "%x.%x.", a->bytes[i] & 15,
			       a->bytes[i] >> 4);
	(void)snprintf(at, 9, "ip6.arpa");
}

/**
 * judge_record() - Whether a question has its answer at all
 * @p:		Probe
 * @kind:	"PTR", "SRV"
 *
 * Return: true; else the probe has failed
 */
static bool judge_record(struct probe *p, const char *kind)
{
	enum reason reason = ask_reason(&p->dns);

	if (reason == REASON_NONE && !p->dns.target[0])
		reason = REASON_NXDOMAIN;
	if (reason != REASON_NONE)
		probe_fail(p, reason, "%s '%s': rcode %u, %u answers", kind,
			   p->spec.name, p->dns.rcode, p->dns.n_answers);
	return reason == REASON_NONE;
}

/**
 * judge_ptr() - DNS-3: the service's address leads back to its name
 * @p:		Probe; .spec.of is the service
 */
static void judge_ptr(struct probe *p)
{
	const struct service *s = p->spec.of;

	if (!judge_record(p, "PTR"))
		return;
	if (strcasecmp(p->dns.target, s->name) == 0)
		probe_pass(p, "%s is '%s'", ADDR_TEXT(&s->vip), s->name);
	else
		probe_fail(p, REASON_WRONG_ANSWER,
			   "PTR of %s: wanted '%s', got '%s'",
			   ADDR_TEXT(&s->vip), s->name, p->dns.target);
}

/**
 * judge_srv() - DNS-3: the service's port can be found by its name
 * @p:		Probe; .spec.of is the service
 */
static void judge_srv(struct probe *p)
{
	const struct service *s = p->spec.of;

	if (!judge_record(p, "SRV"))
		return;
	if (strcasecmp(p->dns.target, s->name) == 0 && p->dns.port == s->port)
		probe_pass(p, "port '%s' is %u of '%s'", s->port_name, s->port,
			   s->name);
	else
		probe_fail(p, REASON_WRONG_ANSWER,
			   "SRV '%s': wanted port %u of '%s', got %u of '%s'",
			   p->spec.name, s->port, s->name, p->dns.port,
			   p->dns.target);
}

/**
 * add_record() - Ask the cluster's DNS about a service
 * @c:		Check
 * @e:		Engine
 * @s:		Service
 * @srv:	For its port, else for the name of its address
 *
 * Return: 0; -ENOMEM
 */
static int add_record(const struct check *c, struct engine *e,
		      const struct service *s, bool srv)
{
	struct probe *p;
	char name[PTR_NAME];
	int r = add_flow(c, e, &probe_dns, srv ? "srv" : "ptr",
			 &e->targets->cluster_dns, DNS_PORT, &p);

	if (r < 0)
		return r;
	arpa_name(&s->vip, name);
	/* A question brings no body: its name is kept there. */
	if (srv)
		buf_printf(&p->body, "_%s._tcp.%s", s->port_name, s->name);
	else
		buf_puts(&p->body, name);
	p->spec.name = buf_text(&p->body);
	p->spec.qtype = srv ? DNS_SRV : DNS_PTR;
	p->spec.of = s;
	p->spec.judge = srv ? judge_srv : judge_ptr;
	return buf_error(&p->body);
}

/**
 * expand_records() - DNS-3: PTR and SRV of each service whose port has a name
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
int expand_records(const struct check *c, struct engine *e)
{
	const struct targets *t = e->targets;

	for (size_t i = 0; i < 2 * t->n_services; i++) {
		const struct service *s = &t->services[i / 2];
		int r;

		if (!s->port_name || !addr_is_set(&t->cluster_dns))
			continue;
		r = add_record(c, e, s, i % 2);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * judge_no_search() - DNS-2: no domain of resolv.conf makes the name whole
 * @p:		Probe; .spec.of is the service
 */
static void judge_no_search(struct probe *p)
{
	const struct service *s = p->spec.of;

	probe_fail(p, REASON_WRONG_ANSWER,
		   "resolv.conf: no search domain makes '%.*s' '%s'",
		   (int)strcspn(s->name, "."), s->name, s->name);
}

/**
 * is_searched() - Whether a service's first label and the first search domain are its name
 * @search:	Domains, blanks between them
 * @name:	"web.t.svc.cluster.local"
 *
 * The first domain is that of the pod's own namespace, where the service is.
 *
 * Return: whether
 */
static bool is_searched(const char *search, const char *name)
{
	const char *domain = strchr(name, '.');
	size_t n = strcspn(search, " \t");

	return domain && strlen(domain + 1) == n &&
	       strncasecmp(search, domain + 1, n) == 0;
}

/**
 * add_short_name() - DNS-2: a name of one label, as getaddrinfo() looks it up in a pod
 * @c:		Check
 * @e:		Engine
 * @s:		Service
 * @judge:	Of the answer
 *
 * Return: 0; -ENOMEM
 */
int add_short_name(const struct check *c, struct engine *e,
		   const struct service *s, void (*judge)(struct probe *p))
{
	bool found = is_searched(e->state->search, s->name);
	struct probe *p;
	int r;

	if (!e->state->n_servers || !s->port_name ||
	    e->vantage_bit != VANTAGE_POD)
		return 0;
	r = add_flow(c, e, found ? &probe_dns : &probe_local, "short",
		     &e->state->servers[0], DNS_PORT, &p);
	if (r < 0)
		return r;
	p->spec.name = s->name;
	p->spec.qtype = DNS_AAAA;
	p->spec.of = s;
	p->spec.judge = found ? judge : judge_no_search;
	return 0;
}
