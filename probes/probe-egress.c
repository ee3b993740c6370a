/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe-egress: the way out: native IPv6, DNS64 and NAT64, and that IPv4 does not leak
 */
#include "probes/cli.h"
#include "probes/expand.h"
#include "probes/flow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BULK (128UL << 10)

/**
 * synthesised() - The prefix that the resolver used for ipv4only.arpa
 * @p:		Probe with its answer
 * @ret:	Prefix
 *
 * Return: REASON_NONE, or what is wrong with the answer
 */
static enum reason synthesised(struct probe *p, struct prefix *ret)
{
	enum reason reason = ask_reason(&p->dns);

	if (reason != REASON_NONE)
		return reason;
	if (!p->dns.n_addrs)
		return REASON_NO_AAAA;
	for (size_t i = 0; i < p->dns.n_addrs; i++)
		if (nat64_find(&p->dns.addrs[i], ret) == 0)
			return REASON_NONE;
	return REASON_WRONG_ANSWER;
}

/**
 * judge_dns64() - DNS-4: ipv4only.arpa is synthesised
 * @p:		Probe
 */
static void judge_dns64(struct probe *p)
{
	struct prefix prefix;
	enum reason reason = synthesised(p, &prefix);

	if (reason != REASON_NONE) {
		probe_fail(p, reason, "AAAA 'ipv4only.arpa': rcode %u, %s",
			   p->dns.rcode, reason_meaning(reason));
		return;
	}
	result_fact(&p->result, "prefix", "%s", PREFIX_TEXT(&prefix));
	result_fact(&p->result, "prefix_dns", "%s", PREFIX_TEXT(&prefix));
	probe_pass(p, "DNS64 with prefix %s", PREFIX_TEXT(&prefix));
}

/**
 * judge_no_dns64() - DNS-5: ipv4only.arpa is not synthesised
 * @p:		Probe
 */
static void judge_no_dns64(struct probe *p)
{
	if (p->dns.n_addrs)
		probe_fail(p, REASON_SYNTHESISED,
			   "AAAA 'ipv4only.arpa': wanted none, got %s",
			   ADDR_TEXT(&p->dns.addrs[0]));
	else
		probe_pass(p, "no DNS64");
}

/**
 * judge_unchanged() - DNS-6: a name with AAAA keeps it
 * @p:		Probe; .spec.of is the site
 */
static void judge_unchanged(struct probe *p)
{
	const struct site *s = p->spec.of;
	enum reason reason = ask_reason(&p->dns);

	if (reason == REASON_NONE && !p->dns.n_addrs)
		reason = REASON_NO_AAAA;
	if (reason != REASON_NONE)
		probe_fail(p, reason, "AAAA '%s': %s", s->name,
			   reason_meaning(reason));
	else if (!addr_equal(&p->dns.addrs[0], &s->addr))
		probe_fail(p, REASON_SYNTHESISED,
			   "AAAA '%s': wanted %s, got %s", s->name,
			   ADDR_TEXT(&s->addr), ADDR_TEXT(&p->dns.addrs[0]));
	else
		probe_pass(p, "AAAA '%s' is %s", s->name, ADDR_TEXT(&s->addr));
}

/**
 * judge_prefix() - N64-1: all who name a NAT64 prefix name the same
 * @p:		Probe
 */
static void judge_prefix(struct probe *p)
{
	const struct targets *t = probe_targets(p);
	const struct {
		const char *who;
		const struct prefix *prefix;
	} others[] = { { "the shoot", &t->nat64 },
		       { t->hints_nat64_source ? t->hints_nat64_source :
						 "hints",
			 &t->hints_nat64 } };
	struct prefix prefix;
	enum reason reason = synthesised(p, &prefix);

	if (reason != REASON_NONE) {
		probe_fail(p, REASON_NO_PREFIX, "the resolver: %s",
			   reason_meaning(reason));
		return;
	}
	result_fact(&p->result, "prefix_dns", "%s", PREFIX_TEXT(&prefix));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!others[i].prefix->addr.family)
			continue;
		result_fact(&p->result, "prefix", "%s",
			    PREFIX_TEXT(others[i].prefix));
		if (prefix_equal(others[i].prefix, &prefix))
			continue;
		probe_fail(p, REASON_PREFIX_MISMATCH,
			   "the resolver says %s, %s says %s",
			   PREFIX_TEXT(&prefix), others[i].who,
			   PREFIX_TEXT(others[i].prefix));
		return;
	}
	probe_pass(p, "all say %s", PREFIX_TEXT(&prefix));
}

/**
 * judge_literal() - N64-7: an IPv4 literal works, so there is a CLAT or IPv4
 * @p:		Probe
 */
static void judge_literal(struct probe *p)
{
	probe_pass(p, "IPv4 literals work from %s", p->result.src);
}

/**
 * judge_world_source() - EGR-2: the world sees a global address
 * @p:		Probe
 */
static void judge_world_source(struct probe *p)
{
	char client[ADDR_STRLEN];
	struct addr a;

	if (!read_client(p, client, &a)) {
		probe_fail(p, REASON_HTTP_BODY, "no client in the answer");
		return;
	}
	if (a.family != AF_INET6 || addr_scope(&a) != ADDR_GLOBAL)
		probe_fail(p, REASON_WRONG_SOURCE,
			   "the world sees %s, no global IPv6 address", client);
	else
		probe_pass(p, "the world sees %s, %s", client,
			   strcmp(client, p->result.src) == 0 ?
				   "the own address" :
				   "translated");
}

/**
 * judge_site() - EGR-1, N64-3: a site by its name; one that tells whom it sees is believed
 * @p:		Probe; .spec.of is not NULL where the site has IPv4 alone
 *
 * Most sites do not tell. Behind NAT64 it is the translator's IPv4 address.
 */
static void judge_site(struct probe *p)
{
	int want = p->spec.of ? AF_INET : AF_INET6;
	char client[ADDR_STRLEN];
	struct addr a;

	if (!read_client(p, client, &a)) {
		probe_pass(p, "status 200, %zu bytes", p->body.len);
		return;
	}
	if (a.family != want)
		probe_fail(p, REASON_WRONG_SOURCE,
			   "'%s' sees %s, wanted an IPv%c address",
			   p->spec.name, client, want == AF_INET ? '4' : '6');
	else
		probe_pass(p, "status 200, '%s' sees %s", p->spec.name, client);
}

/**
 * add_arpa() - Ask the first nameserver for ipv4only.arpa
 * @c:		Check
 * @e:		Engine
 * @judge:	Of the answer
 *
 * Return: 0; -ENOMEM
 */
static int add_arpa(const struct check *c, struct engine *e,
		    void (*judge)(struct probe *p))
{
	struct probe *p;
	int r;

	if (!e->state->n_servers)
		return 0;
	r = add_flow(c, e, &probe_dns, "", &e->state->servers[0], DNS_PORT, &p);
	if (r < 0)
		return r;
	p->spec.name = "ipv4only.arpa";
	p->spec.qtype = DNS_AAAA;
	p->spec.judge = judge;
	return 0;
}

/**
 * expand_dns64() - DNS-4
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_dns64(const struct check *c, struct engine *e)
{
	return add_arpa(c, e, judge_dns64);
}

/**
 * expand_no_dns64() - DNS-5
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_no_dns64(const struct check *c, struct engine *e)
{
	return add_arpa(c, e, judge_no_dns64);
}

/**
 * expand_prefix() - N64-1
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_prefix(const struct check *c, struct engine *e)
{
	return add_arpa(c, e, judge_prefix);
}

/**
 * expand_unchanged() - DNS-6: names with AAAA
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_unchanged(const struct check *c, struct engine *e)
{
	const struct sites *v6 = &e->targets->v6;

	for (size_t i = 0; i < v6->n && e->state->n_servers; i++) {
		struct probe *p;
		int r;

		if (!v6->items[i].name || !addr_is_set(&v6->items[i].addr))
			continue;
		r = add_flow(c, e, &probe_dns, "", &e->state->servers[0],
			     DNS_PORT, &p);
		if (r < 0)
			return r;
		p->spec.name = v6->items[i].name;
		p->spec.qtype = DNS_AAAA;
		p->spec.of = &v6->items[i];
		p->spec.judge = judge_unchanged;
	}
	return 0;
}

/**
 * behind_nat64() - The IPv6 address of an IPv4 site, by the known prefix
 * @e:		Engine
 * @site:	Site
 * @ret:	Address
 *
 * Return: 0; -EINVAL where no prefix is known or the site has no IPv4 address
 */
static int behind_nat64(const struct engine *e, const struct site *site,
			struct addr *ret)
{
	const struct targets *t = e->targets;

	return nat64_embed(t->nat64.addr.family ? &t->nat64 : &t->hints_nat64,
			   &site->addr, ret);
}

/**
 * expand_nat64() - N64-2: IPv4 sites by address, without DNS
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_nat64(const struct check *c, struct engine *e)
{
	const struct sites *v4 = &e->targets->v4only;

	for (size_t i = 0; i < v4->n; i++) {
		const struct site *s = &v4->items[i];
		struct probe *p;
		struct addr a;
		int r;

		if (behind_nat64(e, s, &a) < 0)
			continue;
		r = s->http ?
			    add_flow(c, e, &probe_tcp, "tcp", &a, s->http, &p) :
			    0;
		if (r < 0)
			return r;
		if (s->http)
			p->spec.echo = false;
		r = s->udp ? add_flow(c, e, &probe_udp, "udp", &a, s->udp, &p) :
			     0;
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * add_web() - HTTP and HTTPS to a site by its name
 * @c:		Check
 * @e:		Engine
 * @s:		Site
 * @v4only:	It has IPv4 alone
 *
 * Return: 0; -ENOMEM
 */
static int add_web(const struct check *c, struct engine *e,
		   const struct site *s, bool v4only)
{
	for (unsigned int tls = 0; tls < 2 && s->name; tls++) {
		uint16_t port = tls ? s->https : s->http;
		struct probe *p;

		if (!port)
			continue;
		p = probe_add(e, c, &probe_http, tls ? "https" : "http");
		if (!p)
			return -ENOMEM;
		p->spec.name = s->name;
		p->spec.port = port;
		p->spec.path = "/whoami";
		p->spec.tls = tls;
		p->spec.ca = e->targets->ca;
		p->spec.of = v4only ? s : NULL;
		p->spec.judge = judge_site;
		p->spec.timeout_ns = 3 * NSEC_PER_SEC;
		(void)snprintf(p->result.dst, sizeof(p->result.dst),
			       "%s://%.100s:%u", tls ? "https" : "http",
			       s->name, port);
	}
	return 0;
}

/**
 * expand_nat64_web() - N64-3: IPv4 sites by name
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_nat64_web(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->v4only.n; i++) {
		int r = add_web(c, e, &e->targets->v4only.items[i], true);

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_literal() - N64-7: IPv4 literals
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_literal(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->v4only.n; i++) {
		const struct site *s = &e->targets->v4only.items[i];
		struct probe *p;
		int r;

		if (s->addr.family != AF_INET)
			continue;
		r = add_flow(c, e, &probe_leak, "", &s->addr,
			     s->http ? s->http : 80, &p);
		if (r < 0)
			return r;
		p->spec.judge = judge_literal;
		p->spec.timeout_ns = NSEC_PER_SEC;
	}
	return 0;
}

/**
 * expand_leak() - EGR-5: IPv4 literals that must be out of reach
 * @c:		Check
 * @e:		Engine
 *
 * Beside the known site two documentation addresses (RFC 5737), which nobody answers:
 * they tell a default route from a host route.
 *
 * Return: 0; -ENOMEM
 */
static int expand_leak(const struct check *c, struct engine *e)
{
	const struct addr nobody[] = { { AF_INET, { 192, 0, 2, 1 } },
				       { AF_INET, { 198, 51, 100, 1 } } };
	const struct sites *v4 = &e->targets->v4only;

	for (size_t i = 0; i < v4->n + ARRAY_SIZE(nobody); i++) {
		const struct addr *a =
			i < v4->n ? &v4->items[i].addr : &nobody[i - v4->n];
		uint16_t port = i < v4->n ? v4->items[i].http : 0;
		struct probe *p;
		int r;

		if (a->family != AF_INET)
			continue;
		r = add_flow(c, e, &probe_leak, "", a, port ? port : 80, &p);
		if (r < 0)
			return r;
		p->spec.timeout_ns = NSEC_PER_SEC;
	}
	return 0;
}

/**
 * expand_native() - EGR-1: IPv6 sites by address and by name
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_native(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->v6.n; i++) {
		const struct site *s = &e->targets->v6.items[i];
		struct probe *p;
		int r = 0;

		if (addr_is_set(&s->addr) && s->http) {
			r = add_flow(c, e, &probe_tcp, "literal", &s->addr,
				     s->http, &p);
			if (r < 0)
				return r;
			p->spec.echo = false;
		}
		r = add_web(c, e, s, false);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_world_source() - EGR-2: ask an IPv6 site who we are
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_world_source(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->v6.n; i++) {
		const struct site *s = &e->targets->v6.items[i];
		struct probe *p;
		int r;

		if (!addr_is_set(&s->addr) || !s->http)
			continue;
		r = add_flow(c, e, &probe_http, "", &s->addr, s->http, &p);
		if (r < 0)
			return r;
		p->spec.path = "/whoami";
		p->spec.judge = judge_world_source;
	}
	return 0;
}

/**
 * add_path_mtu() - Full size over UDP to one place
 * @c:		Check
 * @e:		Engine
 * @addr:	Destination
 * @port:	Its echo
 *
 * Return: 0; -ENOMEM
 */
static int add_path_mtu(const struct check *c, struct engine *e,
			const struct addr *addr, uint16_t port)
{
	struct probe *p;
	int r = add_flow(c, e, &probe_pmtu, "", addr, port, &p);

	if (r < 0)
		return r;
	p->spec.mtu = path_mtu(e);
	p->spec.ptb_ok = true;
	p->spec.timeout_ns = 4 * NSEC_PER_SEC;
	return 0;
}

/**
 * expand_small_mtu() - MTU-3: sites behind a small link
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_small_mtu(const struct check *c, struct engine *e)
{
	const struct sites *small = &e->targets->v6_small;

	for (size_t i = 0; i < small->n; i++) {
		const struct site *s = &small->items[i];
		int r = s->udp && addr_is_set(&s->addr) ?
				add_path_mtu(c, e, &s->addr, s->udp) :
				0;

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_bulk() - MTU-4: a transfer in each direction behind a small link
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_bulk(const struct check *c, struct engine *e)
{
	const struct sites *small = &e->targets->v6_small;

	for (size_t i = 0; i < 2 * small->n; i++) {
		const struct site *s = &small->items[i / 2];
		struct probe *p;
		int r;

		if (!s->http || !addr_is_set(&s->addr))
			continue;
		r = add_flow(c, e, &probe_bulk, i % 2 ? "up" : "down", &s->addr,
			     s->http, &p);
		if (r < 0)
			return r;
		p->spec.size = BULK;
		p->spec.upload = i % 2;
		p->spec.timeout_ns = 6 * NSEC_PER_SEC;
	}
	return 0;
}

/**
 * expand_nat64_mtu() - MTU-5: full size through NAT64
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_nat64_mtu(const struct check *c, struct engine *e)
{
	const struct sites *v4 = &e->targets->v4only;

	for (size_t i = 0; i < v4->n; i++) {
		const struct site *s = &v4->items[i];
		struct addr a;
		int r;

		if (!s->udp || behind_nat64(e, s, &a) < 0)
			continue;
		r = add_path_mtu(c, e, &a, s->udp);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_fragments() - MTU-6: datagrams above the path's MTU
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_fragments(const struct check *c, struct engine *e)
{
	static const struct {
		const char *variant;
		size_t size;
	} sizes[] = { { "1200", 1200 }, { "4000", 4000 } };
	const struct sites *v6 = &e->targets->v6;

	for (size_t i = 0; i < v6->n * ARRAY_SIZE(sizes); i++) {
		const struct site *s = &v6->items[i / ARRAY_SIZE(sizes)];
		size_t k = i % ARRAY_SIZE(sizes);
		struct probe *p;
		int r;

		if (!s->udp || !addr_is_set(&s->addr))
			continue;
		r = add_flow(c, e, &probe_udp, sizes[k].variant, &s->addr,
			     s->udp, &p);
		if (r < 0)
			return r;
		p->spec.size = sizes[k].size;
	}
	return 0;
}

static const struct check checks[] = {
	{ "DNS-4",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_NAT64,
	  "RFC 7050 3",
	  "the resolver synthesises AAAA for ipv4only.arpa (DNS64)",
	  "DNS64 is not enabled, or cluster DNS forwards elsewhere",
	  "AAAA of ipv4only.arpa, whose prefix is extracted",
	  { "DNS-1", "RTE-1", "host:RTE-1" },
	  expand_dns64 },
	{ "DNS-5",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_TRUE,
	  "draft-ietf-v6ops-ipv6-app-testing",
	  "nothing is synthesised where there shall be no NAT64",
	  "an inherited resolver",
	  "AAAA of ipv4only.arpa is empty",
	  { "DNS-1", "RTE-1", "host:RTE-1" },
	  expand_no_dns64 },
	{ "DNS-6",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 6147 5.1.1",
	  "names with AAAA are returned unchanged",
	  "translate_all in CoreDNS",
	  "AAAA against the known address",
	  { "DNS-1", "RTE-1", "host:RTE-1" },
	  expand_unchanged },
	{ "N64-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_NAT64,
	  "RFC 7050",
	  "the resolver, the router and the shoot name one NAT64 prefix",
	  "the well-known prefix here, an own one there",
	  "ipv4only.arpa against the hints and the targets",
	  { "DNS-4" },
	  expand_prefix },
	{ "N64-2",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_NAT64,
	  "RFC 6146 3.5",
	  "an IPv4 host is reached through the NAT64 prefix",
	  "no route to the prefix in one route table, or the NAT64 is down",
	  "TCP and UDP to a synthesised literal, without DNS",
	  { "RTE-1", "host:RTE-1" },
	  expand_nat64 },
	{ "N64-3",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_NAT64,
	  "RFC 6147",
	  "an IPv4-only name works end to end, HTTP and HTTPS",
	  "see DNS-4 and N64-2",
	  "GET by name, certificate verified",
	  { "DNS-1", "DNS-4", "N64-2" },
	  expand_nat64_web },
	{ "N64-7",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 6877",
	  "an IPv4 literal works by CLAT, or fails at once",
	  "half configured IPv4: every program waits",
	  "connect() with AF_INET, and its time",
	  { NULL },
	  expand_literal },
	{ "EGR-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8504 5.1",
	  "the IPv6 internet is reached by address and by name",
	  "no gateway, no IPv6 rule in a security group",
	  "TCP by address, HTTP and HTTPS by name, certificate verified",
	  { "RTE-1", "host:RTE-1", "DNS-1" },
	  expand_native },
	{ "EGR-2",
	  LEVEL_SHOULD,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 5902",
	  "the world sees a global address",
	  "masqueraded ULA",
	  "GET /whoami of a site",
	  { "EGR-1" },
	  expand_world_source },
	{ "EGR-5",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ONLY6,
	  "draft-ietf-v6ops-ipv6-app-testing",
	  "IPv4 does not leak: IPv4 literals are out of reach",
	  "a hidden IPv4 with source translation",
	  "UDP and TCP to IPv4 literals must fail at once",
	  { NULL },
	  expand_leak },
	{ "MTU-3",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8201 4",
	  "Packet Too Big of a small link arrives and is honoured",
	  "a firewall drops Packet Too Big",
	  "UDP at full size to a site behind 1280 bytes",
	  { "EGR-1" },
	  expand_small_mtu },
	{ "MTU-4",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 4821",
	  "TCP moves bulk data in both directions over a small link",
	  "Packet Too Big is dropped: ping works, TLS hangs",
	  "128 KiB up and down, with a stall timer",
	  { "EGR-1" },
	  expand_bulk },
	{ "MTU-5",
	  LEVEL_SHOULD,
	  VANTAGE_BOTH,
	  PROFILE_NAT64,
	  "RFC 7915 4",
	  "NAT64 carries packets of the link's MTU",
	  "the translator's IPv4 side is smaller and says nothing",
	  "UDP at full size through NAT64",
	  { "N64-2" },
	  expand_nat64_mtu },
	{ "MTU-6",
	  LEVEL_SHOULD,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8200 4.5",
	  "fragmented UDP is delivered both ways",
	  "fragments are dropped by a security group or the datapath",
	  "UDP echo of 1200 and 4000 bytes",
	  { "EGR-1" },
	  expand_fragments },
};

static const struct probe_program program = {
	.name = "probe-egress",
	.summary = "check the way out: IPv6, DNS64, NAT64, and no IPv4",
	.checks = checks,
	.n_checks = ARRAY_SIZE(checks),
};

/**
 * main() - Run the catalogue
 * @argc:	Number of arguments
 * @argv:	Arguments
 *
 * Return: exit code
 */
int main(int argc, char **argv)
{
	return probe_main(&program, argc, argv);
}
