/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/names.h"

#include "probes/flow.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADLESS_UDP 16 /* addresses that fit a packet of 1280 bytes */

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
 * is_below() - Whether a name lies below a domain
 * @name:	Name without a dot at its end
 * @domain:	Domain, as well
 *
 * Return: whether; not for the domain itself, nor for "x.mycluster.local" below
 *	   "cluster.local"
 */
static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), m = strlen(domain);

	return n > m + 1 && name[n - m - 1] == '.' &&
	       strcasecmp(name + n - m, domain) == 0;
}

/**
 * judge_pod_ptr() - DNS-3: a pod's address leads back to a name of the cluster
 * @p:		Probe
 *
 * Each service that has the pod gives it one, below its own name.
 */
static void judge_pod_ptr(struct probe *p)
{
	const char *domain = probe_targets(p)->cluster_domain;

	if (!judge_record(p, "PTR"))
		return;
	if (is_below(p->dns.target, domain))
		probe_pass(p, "'%s' is '%s'", p->spec.name, p->dns.target);
	else
		probe_fail(p, REASON_WRONG_ANSWER,
			   "PTR '%s': wanted a name below '%s', got '%s'",
			   p->spec.name, domain, p->dns.target);
}

/**
 * count_missing() - How many addresses of one list another one lacks
 * @wanted:	List
 * @n_wanted:	Its length
 * @got:	Other list
 * @n_got:	Its length
 * @ret:	Gets the first that is missing, where one is
 *
 * Return: number
 */
static size_t count_missing(const struct addr *wanted, size_t n_wanted,
			    const struct addr *got, size_t n_got,
			    struct addr *ret)
{
	size_t missing = 0, k;

	for (size_t i = 0; i < n_wanted; i++) {
		for (k = 0; k < n_got && !addr_equal(&wanted[i], &got[k]);)
			k++;
		if (k == n_got && missing++ == 0)
			*ret = wanted[i];
	}
	return missing;
}

/**
 * judge_headless() - DNS-3: the name leads to every ready endpoint, and to no other
 * @p:		Probe; .spec.of is the headless service
 *
 * Others are wrong only where all are known; nothing is missing from an answer that is
 * longer than what is kept of it, and nothing is said of one that does not even fit a
 * message of 64 KiB, which takes more than a thousand pods.
 */
static void judge_headless(struct probe *p)
{
	const struct headless *h = p->spec.of;
	const struct dns_answer *a = &p->dns;
	enum reason reason = ask_reason(a);
	bool whole = h->all && h->n_endpoints < SERVICE_ENDPOINTS;
	bool kept = a->n_addrs < DNS_ADDRS;
	bool beyond = a->truncated && p->spec.tcp;
	struct addr one = { 0 };

	if (reason == REASON_NONE && !a->n_addrs && !beyond)
		reason = REASON_NO_AAAA;
	if (reason != REASON_NONE)
		probe_fail(p, reason, "AAAA '%s': wanted %zu addresses: %s",
			   h->name, h->n_endpoints, reason_meaning(reason));
	else if (beyond)
		probe_skip(p, REASON_NO_TARGET,
			   "AAAA '%s': more addresses than an answer can have",
			   h->name);
	else if (kept && count_missing(h->endpoints, h->n_endpoints, a->addrs,
				       a->n_addrs, &one))
		probe_fail(p, REASON_WRONG_ANSWER,
			   "AAAA '%s': %zu addresses for %zu ready endpoints, "
			   "%s is missing",
			   h->name, a->n_addrs, h->n_endpoints,
			   ADDR_TEXT(&one));
	else if (whole && count_missing(a->addrs, a->n_addrs, h->endpoints,
					h->n_endpoints, &one))
		probe_fail(p, REASON_WRONG_ANSWER,
			   "AAAA '%s': %zu addresses for %zu ready endpoints, "
			   "%s is none of them",
			   h->name, a->n_addrs, h->n_endpoints,
			   ADDR_TEXT(&one));
	else if (!kept)
		probe_pass(p,
			   "'%s' is %zu addresses or more, too many to compare",
			   h->name, a->n_addrs);
	else
		probe_pass(p, "'%s' is all of %zu ready endpoints%s", h->name,
			   h->n_endpoints,
			   a->n_addrs > h->n_endpoints ? ", and others" : "");
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
 * add_record() - Ask the cluster's DNS for a record of a name that is made here
 * @c:		Check
 * @e:		Engine
 * @variant:	Tells it apart
 * @qtype:	Type
 * @judge:	Of the answer
 * @ret:	The probe, whose body gets the name: a question brings none
 *
 * Return: 0; -ENOMEM
 */
static int add_record(const struct check *c, struct engine *e,
		      const char *variant, uint16_t qtype,
		      void (*judge)(struct probe *p), struct probe **ret)
{
	int r = add_flow(c, e, &probe_dns, variant, &e->targets->cluster_dns,
			 DNS_PORT, ret);

	if (r < 0)
		return r;
	(*ret)->spec.qtype = qtype;
	(*ret)->spec.judge = judge;
	return 0;
}

/**
 * add_reverse() - Ask for the name of an address
 * @c:		Check
 * @e:		Engine
 * @variant:	Tells it apart
 * @addr:	Address
 * @judge:	Of the answer
 * @of:		What it is of
 *
 * Return: 0; -ENOMEM
 */
static int add_reverse(const struct check *c, struct engine *e,
		       const char *variant, const struct addr *addr,
		       void (*judge)(struct probe *p), const void *of)
{
	char name[PTR_NAME];
	struct probe *p;
	int r = add_record(c, e, variant, DNS_PTR, judge, &p);

	if (r < 0)
		return r;
	arpa_name(addr, name);
	buf_puts(&p->body, name);
	p->spec.name = buf_text(&p->body);
	p->spec.of = of;
	return buf_error(&p->body);
}

/**
 * add_port() - Ask for a service's port by its name
 * @c:		Check
 * @e:		Engine
 * @s:		Service
 *
 * Return: 0; -ENOMEM
 */
static int add_port(const struct check *c, struct engine *e,
		    const struct service *s)
{
	struct probe *p;
	int r = add_record(c, e, "srv", DNS_SRV, judge_srv, &p);

	if (r < 0)
		return r;
	buf_printf(&p->body, "_%s._tcp.%s", s->port_name, s->name);
	p->spec.name = buf_text(&p->body);
	p->spec.of = s;
	return buf_error(&p->body);
}

/**
 * add_headless() - Ask for the pods of a headless service, and for one pod's name
 * @c:		Check
 * @e:		Engine
 * @h:		Service
 *
 * An answer that would not fit a packet, or might not, is asked for by TCP.
 *
 * Return: 0; -ENOMEM
 */
static int add_headless(const struct check *c, struct engine *e,
			const struct headless *h)
{
	struct probe *p;
	int r = add_record(c, e, "headless", DNS_AAAA, judge_headless, &p);

	if (r < 0)
		return r;
	p->spec.name = h->name;
	p->spec.of = h;
	p->spec.tcp = !h->all || h->n_endpoints > HEADLESS_UDP;
	return add_reverse(c, e, "pod-ptr", &h->endpoints[0], judge_pod_ptr, h);
}

/**
 * expand_records() - DNS-3: PTR and SRV of services whose port has a name, headless ones
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
int expand_records(const struct check *c, struct engine *e)
{
	const struct targets *t = e->targets;
	int r = 0;

	if (!addr_is_set(&t->cluster_dns))
		return 0;
	for (size_t i = 0; r == 0 && i < t->n_services; i++) {
		const struct service *s = &t->services[i];

		if (!s->port_name)
			continue;
		r = add_reverse(c, e, "ptr", &s->vip, judge_ptr, s);
		if (r == 0)
			r = add_port(c, e, s);
	}
	for (size_t i = 0; r == 0 && i < t->n_headless; i++)
		r = add_headless(c, e, &t->headless[i]);
	return r;
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
