/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe-service: cluster DNS and services, from pods and from the host network
 */
#include "probes/cli.h"
#include "probes/expand.h"
#include "probes/flow.h"
#include "probes/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/**
 * judge_service_aaaa() - DNS-2: the answer holds the service's address
 * @p:		Probe; .spec.of is the service
 */
static void judge_service_aaaa(struct probe *p)
{
	const struct service *s = p->spec.of;
	enum reason reason = ask_reason(&p->dns);

	if (reason == REASON_NONE && !p->dns.n_addrs)
		reason = REASON_NO_AAAA;
	if (reason != REASON_NONE) {
		probe_fail(p, reason, "AAAA '%s': %s", s->name,
			   reason_meaning(reason));
		return;
	}
	for (size_t i = 0; i < p->dns.n_addrs; i++) {
		if (!addr_equal(&p->dns.addrs[i], &s->vip))
			continue;
		probe_pass(p, "AAAA '%s' is %s", s->name, ADDR_TEXT(&s->vip));
		return;
	}
	probe_fail(p, REASON_WRONG_ANSWER, "AAAA '%s': wanted %s, got %s",
		   s->name, ADDR_TEXT(&s->vip), ADDR_TEXT(&p->dns.addrs[0]));
}

/**
 * judge_service_a() - DNS-2: there is no A record, and that is no error
 * @p:		Probe; .spec.of is the service
 *
 * NXDOMAIN would make some programs give the whole name up (RFC 2308 2.1).
 */
static void judge_service_a(struct probe *p)
{
	const struct service *s = p->spec.of;
	enum reason reason = ask_reason(&p->dns);

	if (reason != REASON_NONE)
		probe_fail(p, reason, "A '%s': wanted an empty NOERROR: %s",
			   s->name, reason_meaning(reason));
	else if (p->dns.n_addrs)
		probe_fail(p, REASON_WRONG_ANSWER,
			   "A '%s': wanted none, got %s", s->name,
			   ADDR_TEXT(&p->dns.addrs[0]));
	else
		probe_pass(p, "A '%s' is empty", s->name);
}

/**
 * add_question() - Add a DNS question
 * @c:		Check
 * @e:		Engine
 * @variant:	Tells it apart
 * @server:	Whom to ask
 * @name:	Name
 * @qtype:	Type
 * @ret:	The probe
 *
 * Return: 0; -ENOMEM
 */
static int add_question(const struct check *c, struct engine *e,
			const char *variant, const struct addr *server,
			const char *name, uint16_t qtype, struct probe **ret)
{
	int r = add_flow(c, e, &probe_dns, variant, server, DNS_PORT, ret);

	if (r < 0)
		return r;
	(*ret)->spec.name = name;
	(*ret)->spec.qtype = qtype;
	return 0;
}

/**
 * judge_v4_server() - DNS-1: resolv.conf names an IPv4 address
 * @p:		Probe
 */
static void judge_v4_server(struct probe *p)
{
	probe_fail(p, REASON_RESOLVER_V4, "resolv.conf: nameserver %s",
		   ADDR_TEXT(&p->spec.addr));
}

/**
 * judge_no_server() - DNS-1: there is no nameserver at all
 * @p:		Probe
 */
static void judge_no_server(struct probe *p)
{
	probe_fail(p, REASON_NO_RESOLVER, "resolv.conf names no nameserver");
}

/**
 * expand_resolvers() - DNS-1: each nameserver over UDP and TCP
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_resolvers(const struct check *c, struct engine *e)
{
	static const char *const variants[] = { "udp", "tcp" };
	const struct targets *t = e->targets;
	const char *name = t->n_services && e->vantage_bit == VANTAGE_POD ?
				   t->services[0].name :
			   t->v6.n && t->v6.items[0].name ?
				   t->v6.items[0].name :
				   "ipv4only.arpa";
	struct probe *p;
	int r;

	if (!e->state->n_servers)
		return add_local(c, e, judge_no_server);
	for (size_t i = 0; i < e->state->n_servers; i++) {
		const struct addr *server = &e->state->servers[i];

		if (server->family != AF_INET6) {
			r = add_flow(c, e, &probe_local, "v4", server, 53, &p);
			if (r < 0)
				return r;
			p->spec.judge = judge_v4_server;
			continue;
		}
		for (size_t k = 0; k < ARRAY_SIZE(variants); k++) {
			r = add_question(c, e, variants[k], server, name,
					 DNS_AAAA, &p);
			if (r < 0)
				return r;
			p->spec.tcp = k == 1;
		}
	}
	return 0;
}

/**
 * expand_names() - DNS-2: AAAA and A of the services' names
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_names(const struct check *c, struct engine *e)
{
	const struct targets *t = e->targets;

	for (size_t i = 0; i < t->n_services; i++) {
		const struct service *s = &t->services[i];
		struct probe *p;
		int r;

		if (!strchr(s->name, '.') || !addr_is_set(&t->cluster_dns))
			continue;
		r = add_question(c, e, "aaaa", &t->cluster_dns, s->name,
				 DNS_AAAA, &p);
		if (r < 0)
			return r;
		p->spec.of = s;
		p->spec.judge = judge_service_aaaa;
		r = add_question(c, e, "a", &t->cluster_dns, s->name, DNS_A,
				 &p);
		if (r < 0)
			return r;
		p->spec.of = s;
		p->spec.judge = judge_service_a;
		r = add_short_name(c, e, s, judge_service_aaaa);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * add_service() - TCP and UDP to a service at one of its addresses
 * @c:		Check
 * @e:		Engine
 * @s:		Service
 * @addr:	Its address, or a node's
 * @port:	Its port, or the node port
 *
 * Return: 0; -ENOMEM
 */
static int add_service(const struct check *c, struct engine *e,
		       const struct service *s, const struct addr *addr,
		       uint16_t port)
{
	static const struct {
		const char *variant;
		const struct probe_type *type;
	} kinds[] = { { "tcp", &probe_tcp }, { "udp", &probe_udp } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct probe *p;
		int r;

		if (!(i ? s->udp : s->tcp))
			continue;
		r = add_flow(c, e, kinds[i].type, kinds[i].variant, addr, port,
			     &p);
		if (r < 0)
			return r;
		p->spec.echo = i == 1; /* a TCP port may speak HTTP */
		result_fact(&p->result, "vip", "%s", ADDR_TEXT(&s->vip));
		if (s->n_endpoints)
			result_fact(&p->result, "endpoint", "%s",
				    ADDR_TEXT(&s->endpoints[0]));
	}
	return 0;
}

/**
 * expand_vips() - SVC-1: each service at its cluster address
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_vips(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_services; i++) {
		const struct service *s = &e->targets->services[i];
		int r = s->hairpin ? 0 : add_service(c, e, s, &s->vip, s->port);

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_spread() - SVC-2: many connections to each HTTP service
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_spread(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_services; i++) {
		const struct service *s = &e->targets->services[i];
		struct probe *p;
		int r;

		if (!s->http || !s->n_endpoints || s->hairpin)
			continue;
		r = add_flow(c, e, &probe_spread, "", &s->vip, s->port, &p);
		if (r < 0)
			return r;
		p->spec.of = s;
	}
	return 0;
}

/**
 * expand_hairpin() - SVC-3: the pod's own service, whose only endpoint it is
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_hairpin(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_services; i++) {
		const struct service *s = &e->targets->services[i];
		int r = s->hairpin ? add_service(c, e, s, &s->vip, s->port) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_node_ports() - SVC-4: node ports of the own and of other nodes
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_node_ports(const struct check *c, struct engine *e)
{
	const struct targets *t = e->targets;

	for (size_t i = 0; i < t->n_services; i++) {
		for (size_t k = 0; k < t->n_nodes; k++) {
			const struct node_target *n = &t->nodes[k];
			bool own = t->node && strcmp(t->node, n->name) == 0;
			struct probe *p;
			int r;

			if (!t->services[i].node_port || !addr_is_set(&n->addr))
				continue;
			r = add_flow(c, e, &probe_tcp, own ? "own" : "other",
				     &n->addr, t->services[i].node_port, &p);
			if (r < 0)
				return r;
			p->spec.echo = false;
			if (!own)
				probe_peer_node(p, n->name);
		}
	}
	return 0;
}

/**
 * expand_vip_mtu() - MTU-2: full size to UDP services
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_vip_mtu(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_services; i++) {
		const struct service *s = &e->targets->services[i];
		struct probe *p;
		int r;

		if (!s->udp || s->hairpin || s->port == DNS_PORT)
			continue;
		r = add_flow(c, e, &probe_pmtu, "", &s->vip, s->port, &p);
		if (r < 0)
			return r;
		p->spec.mtu = path_mtu(e);
		p->spec.timeout_ns = 4 * NSEC_PER_SEC;
	}
	return 0;
}

/* Names by which programs in a pod know the API server. */
#define API_NAME   "kubernetes.default.svc"
#define API_READY  "/readyz"
#define API_TRY_NS (4 * NSEC_PER_SEC) /* TLS on a busy machine */

/**
 * add_api() - One call of the API with our own identity
 * @c:		Check
 * @e:		Engine
 * @variant:	Tells it apart
 * @addr:	Where it is; not set: looked up
 * @port:	Port
 * @ret:	The probe, for more of its spec
 *
 * Return: 0; -ENOMEM
 */
static int add_api(const struct check *c, struct engine *e, const char *variant,
		   const struct addr *addr, uint16_t port, struct probe **ret)
{
	const struct api_target *api = &e->targets->api;
	struct probe *p = probe_add(e, c, &probe_http, variant);

	if (!p)
		return -ENOMEM;
	if (addr_is_set(addr))
		probe_set_dst(p, addr, port);
	p->spec.port = port;
	p->spec.path = API_READY;
	p->spec.tls = true;
	p->spec.ca = api->ca;
	p->spec.token = api->token;
	p->spec.timeout_ns = API_TRY_NS;
	if (addr_is_set(addr))
		result_fact(&p->result, "server", "%s", ADDR_TEXT(addr));
	if (api->n_endpoints)
		result_fact(&p->result, "endpoint", "%s",
			    ADDR_TEXT(&api->endpoints[0]));
	*ret = p;
	return 0;
}

/**
 * set_name() - Ask for a server by its name
 * @p:		Probe
 * @name:	Name that the certificate must have
 */
static void set_name(struct probe *p, const char *name)
{
	p->spec.name = name;
	result_fact(&p->result, "server", "%s", name);
	(void)snprintf(p->result.dst, sizeof(p->result.dst), "%.120s", name);
}

/**
 * add_servers() - API-1: each server at its own address, with no service between
 * @c:		Check
 * @e:		Engine
 *
 * What it says tells a server that is down from an address that nobody translates. It is
 * no promise to pods that they may connect there.
 *
 * Return: 0; -ENOMEM
 */
static int add_servers(const struct check *c, struct engine *e)
{
	const struct api_target *api = &e->targets->api;
	struct probe *p;

	for (size_t i = 0; i < api->n_endpoints; i++) {
		int r = add_flow(c, e, &probe_tcp, "endpoint",
				 &api->endpoints[i], api->endpoint_port, &p);

		if (r < 0)
			return r;
		p->spec.echo = false;
		p->result.level = LEVEL_SHOULD;
	}
	return 0;
}

/**
 * expand_api() - API-1: by service address, by name, and what our Role permits
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_api(const struct check *c, struct engine *e)
{
	const struct targets *t = e->targets;
	const struct addr none = { 0 };
	struct probe *p;
	int r;

	if (!addr_is_set(&t->api.vip))
		return 0;
	r = add_api(c, e, "vip", &t->api.vip, t->api.port, &p);
	if (r == 0)
		r = add_api(c, e, "name", &none, t->api.port, &p);
	if (r < 0)
		return r;
	set_name(p, API_NAME);
	p->spec.lookup = t->api.lookup;
	p->spec.resolver = t->cluster_dns;
	if (t->api.read) {
		r = add_api(c, e, "read", &t->api.vip, t->api.port, &p);
		if (r < 0)
			return r;
		p->spec.path = t->api.read;
	}
	return add_servers(c, e);
}

/**
 * expand_external() - API-2: where the users of the cluster reach it
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_external(const struct check *c, struct engine *e)
{
	const struct api_target *api = &e->targets->api;
	struct probe *p;
	int r;

	if (!api->external_port)
		return 0;
	r = add_api(c, e, api->external_name ? "name" : "literal",
		    &api->external, api->external_port, &p);
	if (r < 0)
		return r;
	p->spec.ca = api->external_ca;
	if (api->external_name)
		set_name(p, api->external_name);
	return 0;
}

static const struct check checks[] = {
	{ "DNS-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8504 7",
	  "each nameserver has an IPv6 address and answers UDP and TCP",
	  "an IPv4 address in resolv.conf, a service without IPv6 rules",
	  "a query to each nameserver, over UDP and over TCP",
	  { "ADR-1", "RTE-1", "host:RTE-1" },
	  expand_resolvers },
	{ "DNS-2",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes dns-pod-service",
	  "a service's name has its AAAA, and A is empty without an error",
	  "NXDOMAIN for A makes the whole name fail",
	  "AAAA and A of each service at the cluster's DNS; by its short name in a pod",
	  { "DNS-1", "host:RTE-1" },
	  expand_names },
	{ "DNS-3",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes dns-pod-service",
	  "services are found by address and by port, headless ones by all their pods",
	  "CoreDNS serves no reverse zone, or watches no EndpointSlices",
	  "PTR and SRV of each service; AAAA of headless ones against their ready "
	  "endpoints, PTR of one of them",
	  { "DNS-1", "DNS-2", "host:RTE-1" },
	  expand_records },
	{ "SVC-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes service ClusterIP",
	  "each service answers TCP and UDP at its cluster address",
	  "kube-proxy has no IPv6 rules, so the packet follows the default route",
	  "TCP connect and UDP echo at the cluster address",
	  { "ADR-1", "RTE-1", "host:RTE-1" },
	  expand_vips },
	{ "SVC-2",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes EndpointSlices",
	  "every ready endpoint answers, none is silent",
	  "a stale endpoint fails the same share of connections for ever",
	  "24 connections, more if one was not met; the responder says who it is",
	  { "SVC-1" },
	  expand_spread },
	{ "SVC-3",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "Kubernetes service networking",
	  "a pod reaches itself through its own service",
	  "hairpin mode is off on the bridge port",
	  "TCP to the own service",
	  { "ADR-1" },
	  expand_hairpin },
	{ "SVC-4",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes service NodePort",
	  "node ports answer on the own node and on others",
	  "nodePortAddresses of IPv4, a security group without IPv6",
	  "TCP to each node's address",
	  { "ADR-1", "SVC-1" },
	  expand_node_ports },
	{ "MTU-2",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "RFC 8201 4",
	  "packets of the link's MTU pass to a cluster address",
	  "Packet Too Big is not translated back to the service's flow",
	  "UDP with IPV6_PMTUDISC_PROBE at full size",
	  { "SVC-1" },
	  expand_vip_mtu },
	{ "API-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes access-api-from-pod; RFC 6125",
	  "the API answers our ServiceAccount at its service address and name",
	  "the service address is not in the certificate, a token that ran out",
	  "GET with the projected token, read anew for each try; CA verified; "
	  "TCP to each server itself (should)",
	  { "ADR-1", "RTE-1", "host:RTE-1" },
	  expand_api },
	{ "API-2",
	  LEVEL_SHOULD,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8504 7",
	  "the API answers where the cluster's users reach it",
	  "a load balancer with IPv4 alone, a name without AAAA",
	  "GET with the projected token at the kubeconfig's server; CA verified",
	  { "RTE-1", "host:RTE-1" },
	  expand_external },
};

static const struct probe_program program = {
	.name = "probe-service",
	.summary = "check cluster DNS and services",
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
