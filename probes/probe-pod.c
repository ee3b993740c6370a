/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe-pod: the link, its addresses and routes, and pods that talk to each other
 */
#include "probes/cli.h"
#include "probes/expand.h"
#include "probes/flow.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/ipv6_route.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/**
 * judge_mtu() - LNK-1
 * @p:		Probe
 */
static void judge_mtu(struct probe *p)
{
	const struct node_state *s = probe_state(p);
	unsigned int wanted = probe_targets(p)->mtu;

	result_fact(&p->result, "mtu", "%u", s->mtu);
	if (s->mtu < 1280)
		probe_fail(p, REASON_MTU_TOO_SMALL,
			   "link %s: wanted an MTU of at least 1280, got %u",
			   s->uplink, s->mtu);
	else if (wanted && s->mtu != wanted)
		probe_fail(p, REASON_MTU_MISMATCH,
			   "link %s: wanted MTU %u, got %u", s->uplink, wanted,
			   s->mtu);
	else
		probe_pass(p, "link %s, MTU %u", s->uplink, s->mtu);
}

/**
 * judge_enabled() - LNK-2
 * @p:		Probe
 */
static void judge_enabled(struct probe *p)
{
	const char *uplink = probe_state(p)->uplink;
	int64_t value = 0;

	if (state_sysctl(uplink, "disable_ipv6", &value) == 0 && value) {
		result_fact(&p->result, "disable_ipv6", "1");
		probe_fail(p, REASON_IPV6_DISABLED, "disable_ipv6=1 on %s",
			   uplink);
	} else if (state_sysctl("lo", "disable_ipv6", &value) == 0 && value) {
		result_fact(&p->result, "disable_ipv6", "1");
		probe_fail(p, REASON_LO_IPV6_DISABLED, "disable_ipv6=1 on lo");
	} else {
		probe_pass(p, "IPv6 is on, on %s and lo", uplink);
	}
}

/**
 * judge_address() - ADR-1
 * @p:		Probe
 */
static void judge_address(struct probe *p)
{
	const struct targets *t = probe_targets(p);
	const struct node_target *node;
	const struct local_addr *a = state_global(probe_state(p), NULL);

	if (!a) {
		probe_fail(p, REASON_NO_ADDRESS,
			   "no usable IPv6 address beyond link-local");
		return;
	}
	(void)snprintf(p->result.src, sizeof(p->result.src), "%s",
		       ADDR_TEXT(&a->addr));
	node = t->node ? targets_node(t, t->node) : NULL;
	if (t->pod && node && node->pod_cidr.addr.family &&
	    !prefix_contains(&node->pod_cidr, &a->addr))
		probe_fail(p, REASON_ADDR_OUTSIDE,
			   "%s is not in the node's pod prefix %s",
			   ADDR_TEXT(&a->addr), PREFIX_TEXT(&node->pod_cidr));
	else
		probe_pass(p, "%s on %s", ADDR_TEXT(&a->addr), a->dev);
}

/**
 * judge_dad() - ADR-2
 * @p:		Probe
 */
static void judge_dad(struct probe *p)
{
	const struct node_state *s = probe_state(p);

	for (size_t i = 0; i < s->n_addrs; i++) {
		const struct local_addr *a = &s->addrs[i];

		if (!(a->flags & (IFA_F_DADFAILED | IFA_F_TENTATIVE)))
			continue;
		probe_fail(p,
			   a->flags & IFA_F_DADFAILED ? REASON_DAD_FAILED :
							REASON_ADDR_TENTATIVE,
			   "%s on %s: %s", ADDR_TEXT(&a->addr), a->dev,
			   a->flags & IFA_F_DADFAILED ? "dadfailed" :
							"tentative");
		return;
	}
	probe_pass(p, "%zu addresses, none tentative", s->n_addrs);
}

/**
 * judge_v4() - ADR-3
 * @p:		Probe
 *
 * 192.0.0.0/29 is CLAT's own (RFC 7335), link-local IPv4 serves metadata alone.
 */
static void judge_v4(struct probe *p)
{
	static const struct prefix fine[] = {
		{ { AF_INET, { 127 } }, 8 },
		{ { AF_INET, { 169, 254 } }, 16 },
		{ { AF_INET, { 192 } }, 29 },
	};
	struct ifaddrs *all = NULL, *i;

	if (getifaddrs(&all) < 0) {
		probe_fail(p, REASON_INTERNAL, "getifaddrs: %s",
			   strerror(errno));
		return;
	}
	for (i = all; i; i = i->ifa_next) {
		struct addr a;
		bool ok = false;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		a = addr_from_sockaddr(i->ifa_addr);
		for (size_t k = 0; k < ARRAY_SIZE(fine); k++)
			ok |= prefix_contains(&fine[k], &a);
		if (ok)
			continue;
		result_fact(&p->result, "v4_address", "%s", ADDR_TEXT(&a));
		result_fact(&p->result, "dev", "%s", i->ifa_name);
		probe_fail(p, REASON_V4_ADDRESS, "IPv4 address %s on %s",
			   ADDR_TEXT(&a), i->ifa_name);
		break;
	}
	freeifaddrs(all);
	if (!i)
		probe_pass(p, "no IPv4 address but loopback and link-local");
}

/**
 * note_forwarding() - Put the uplink's sysctls into a result
 * @p:		Probe
 * @ret_accept_ra: Of the uplink
 * @ret_forwarding: Of the uplink
 */
static void note_forwarding(struct probe *p, int64_t *ret_accept_ra,
			    int64_t *ret_forwarding)
{
	const char *uplink = probe_state(p)->uplink;
	int64_t force = 0;

	*ret_accept_ra = *ret_forwarding = 0;
	(void)!state_sysctl(uplink, "accept_ra", ret_accept_ra);
	(void)!state_sysctl(uplink, "forwarding", ret_forwarding);
	if (state_sysctl(uplink, "force_forwarding", &force) == 0 && force)
		*ret_forwarding = 1;
	result_fact(&p->result, "dev", "%s", uplink);
	result_fact(&p->result, "accept_ra", "%d", (int)*ret_accept_ra);
	result_fact(&p->result, "forwarding", "%d", (int)*ret_forwarding);
}

/**
 * judge_forwarding() - RND-3
 * @p:		Probe
 */
static void judge_forwarding(struct probe *p)
{
	const struct node_state *s = probe_state(p);
	int64_t accept_ra, forwarding;
	bool is_static = false;

	note_forwarding(p, &accept_ra, &forwarding);
	for (size_t i = 0; i < s->n_routes; i++)
		is_static |= !(s->routes[i].flags & RTF_ADDRCONF);
	if (forwarding && accept_ra < 2 && !is_static)
		probe_fail(
			p, REASON_ACCEPT_RA,
			"%s forwards with accept_ra=%d, wanted 2: router advertisements are ignored",
			s->uplink, (int)accept_ra);
	else if (!forwarding && probe_targets(p)->n_peers)
		probe_fail(p, REASON_FORWARDING_OFF, "forwarding=0 on %s",
			   s->uplink);
	else
		probe_pass(p, "forwarding=%d, accept_ra=%d", (int)forwarding,
			   (int)accept_ra);
}

/**
 * judge_default() - RTE-1
 * @p:		Probe
 */
static void judge_default(struct probe *p)
{
	const struct node_state *s = probe_state(p);
	int64_t accept_ra, forwarding;
	int fd = -1, r;

	if (p->engine->vantage_bit == VANTAGE_HOST)
		note_forwarding(p, &accept_ra, &forwarding);
	if (s->n_routes) {
		result_fact(&p->result, "router", "%s",
			    ADDR_TEXT(&s->routes[0].via));
		result_fact(&p->result, "dev", "%s", s->routes[0].dev);
	}
	r = flow_open(p, SOCK_DGRAM, &p->spec.addr, 9, &fd);
	probe_close(p, &fd);
	if (r < 0) {
		p->result.via.error = -r;
		probe_fail(p,
			   s->n_routes ? REASON_NO_ROUTE :
					 REASON_NO_DEFAULT_ROUTE,
			   "no route to %s: %s, %zu default routes",
			   ADDR_TEXT(&p->spec.addr), reason_errno_name(-r),
			   s->n_routes);
	} else if (s->n_routes) {
		probe_pass(p, "default via %s dev %s",
			   ADDR_TEXT(&s->routes[0].via), s->routes[0].dev);
	} else {
		probe_pass(p, "routed, without a default route");
	}
}

/**
 * expand_mtu() - LNK-1
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_mtu(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_mtu);
}

/**
 * expand_enabled() - LNK-2
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_enabled(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_enabled);
}

/**
 * expand_address() - ADR-1
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_address(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_address);
}

/**
 * expand_dad() - ADR-2
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_dad(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_dad);
}

/**
 * expand_v4() - ADR-3
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_v4(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_v4);
}

/**
 * expand_forwarding() - RND-3
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_forwarding(const struct check *c, struct engine *e)
{
	return add_local(c, e, judge_forwarding);
}

/**
 * expand_ra() - RND-1: one solicitation on the uplink
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_ra(const struct check *c, struct engine *e)
{
	struct probe *p = probe_add(e, c, &probe_ra, "");

	if (!p)
		return -ENOMEM;
	p->spec.timeout_ns = 5 * NSEC_PER_SEC;
	return 0;
}

/**
 * expand_default() - RTE-1: a lookup towards the internet
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_default(const struct check *c, struct engine *e)
{
	const struct sites *v6 = &e->targets->v6;
	struct addr a = { .family = AF_INET6, .bytes = { 0x20, 0 } };
	struct probe *p;
	int r;

	if (v6->n && addr_is_set(&v6->items[0].addr))
		a = v6->items[0].addr;
	r = add_flow(c, e, &probe_local, "", &a, 0, &p);
	if (r == 0)
		p->spec.judge = judge_default;
	return r;
}

/**
 * expand_nodes() - RTE-2: one pod of each other node
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_nodes(const struct check *c, struct engine *e)
{
	const char *last = "";

	for (size_t i = 0; i < e->targets->n_peers; i++) {
		const struct peer *peer = &e->targets->peers[i];
		struct probe *p;
		int r;

		if (!is_pod(peer) || is_same_node(e, peer) || !peer->udp ||
		    strcmp(peer->node, last) == 0)
			continue;
		r = add_flow(c, e, &probe_udp, peer->node, &peer->addr,
			     peer->udp, &p);
		if (r < 0)
			return r;
		probe_peer_node(p, peer->node);
		last = peer->node;
	}
	return 0;
}

/**
 * add_peer() - UDP, TCP and echo to one peer
 * @c:		Check
 * @e:		Engine
 * @peer:	Peer
 *
 * A node's peer without ports answers UDP to a closed port by "port unreachable".
 *
 * Return: 0; -ENOMEM
 */
static int add_peer(const struct check *c, struct engine *e,
		    const struct peer *peer)
{
	struct probe *p;
	int r;

	r = add_flow(c, e, &probe_udp, "udp", &peer->addr,
		     peer->udp ? peer->udp : 33434, &p);
	if (r < 0)
		return r;
	p->spec.refused_ok = !peer->udp;
	probe_peer_node(p, peer->node);
	if (peer->tcp) {
		r = add_flow(c, e, &probe_tcp, "tcp", &peer->addr, peer->tcp,
			     &p);
		if (r < 0)
			return r;
		probe_peer_node(p, peer->node);
	}
	r = add_flow(c, e, &probe_icmp, "icmp", &peer->addr, 0, &p);
	if (r < 0)
		return r;
	p->result.level = LEVEL_SHOULD; /* echo alone never says "down" */
	probe_peer_node(p, peer->node);
	return 0;
}

/* Which peers a check is about. */
enum peers_wanted { LOCAL_PODS, REMOTE_PODS, LOCAL_OTHER, REMOTE_OTHER };

/**
 * is_about() - Whether a check is about a peer
 * @e:		Engine
 * @peer:	Peer
 * @wanted:	Of the check
 *
 * "Other" is the other kind: hosts for a pod, pods for a host.
 *
 * Return: true if it is
 */
static bool is_about(const struct engine *e, const struct peer *peer,
		     enum peers_wanted wanted)
{
	bool local = wanted == LOCAL_PODS || wanted == LOCAL_OTHER;
	bool pods = wanted == LOCAL_PODS || wanted == REMOTE_PODS ||
		    e->vantage_bit == VANTAGE_HOST;

	return !is_self(e, peer) && is_same_node(e, peer) == local &&
	       is_pod(peer) == pods;
}

/**
 * expand_peers() - Probes to all peers that a check is about
 * @c:		Check
 * @e:		Engine
 * @wanted:	Which
 *
 * Return: 0; -ENOMEM
 */
static int expand_peers(const struct check *c, struct engine *e,
			enum peers_wanted wanted)
{
	for (size_t i = 0; i < e->targets->n_peers; i++) {
		const struct peer *peer = &e->targets->peers[i];
		int r;

		if (!is_about(e, peer, wanted))
			continue;
		r = add_peer(c, e, peer);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * expand_local_pods() - POD-1
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_local_pods(const struct check *c, struct engine *e)
{
	return expand_peers(c, e, LOCAL_PODS);
}

/**
 * expand_remote_pods() - POD-2
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_remote_pods(const struct check *c, struct engine *e)
{
	return expand_peers(c, e, REMOTE_PODS);
}

/**
 * expand_local_other() - POD-3
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_local_other(const struct check *c, struct engine *e)
{
	return expand_peers(c, e, LOCAL_OTHER);
}

/**
 * expand_remote_other() - POD-4
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_remote_other(const struct check *c, struct engine *e)
{
	return expand_peers(c, e, REMOTE_OTHER);
}

/**
 * judge_source() - POD-5: the peer's word for our address
 * @p:		Probe
 */
static void judge_source(struct probe *p)
{
	char client[ADDR_STRLEN];
	struct addr a;

	if (!read_client(p, client, &a)) {
		probe_fail(p, REASON_HTTP_BODY, "no client in the answer");
		return;
	}
	if (strcmp(client, p->result.src) != 0)
		probe_fail(p, REASON_SOURCE_REWRITTEN,
			   "sent from %s, the peer sees %s", p->result.src,
			   client);
	else
		probe_pass(p, "the peer sees %s", client);
}

/**
 * expand_source() - POD-5: ask pods of other nodes who we are
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_source(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_peers; i++) {
		const struct peer *peer = &e->targets->peers[i];
		struct probe *p;
		int r;

		if (!is_about(e, peer, REMOTE_PODS) || !peer->http)
			continue;
		r = add_flow(c, e, &probe_http, "", &peer->addr, peer->http,
			     &p);
		if (r < 0)
			return r;
		p->spec.path = "/whoami";
		p->spec.judge = judge_source;
		probe_peer_node(p, peer->node);
	}
	return 0;
}

/**
 * expand_path_mtu() - MTU-1: full size to pods of other nodes
 * @c:		Check
 * @e:		Engine
 *
 * Return: 0; -ENOMEM
 */
static int expand_path_mtu(const struct check *c, struct engine *e)
{
	for (size_t i = 0; i < e->targets->n_peers; i++) {
		const struct peer *peer = &e->targets->peers[i];
		struct probe *p;
		int r;

		if (!is_about(e, peer, REMOTE_PODS) || !peer->udp)
			continue;
		r = add_flow(c, e, &probe_pmtu, "", &peer->addr, peer->udp, &p);
		if (r < 0)
			return r;
		p->spec.mtu = path_mtu(e);
		p->spec.timeout_ns = 4 * NSEC_PER_SEC;
		probe_peer_node(p, peer->node);
	}
	return 0;
}

static const struct check checks[] = {
	{ "LNK-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8200 5",
	  "the link's MTU is at least 1280 and the expected one",
	  "jumbo frames on one pool, an overlay that takes 50 bytes",
	  "the uplink's MTU against the hints",
	  { NULL },
	  expand_mtu },
	{ "LNK-2",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 8504 5.1",
	  "IPv6 is enabled on the uplink and on lo",
	  "the container runtime sets disable_ipv6=1",
	  "disable_ipv6 of both",
	  { NULL },
	  expand_enabled },
	{ "ADR-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 4291",
	  "there is a usable address, for a pod in its node's pod prefix",
	  "the CNI's IPAM takes the wrong family or range",
	  "/proc/net/if_inet6",
	  { "LNK-2" },
	  expand_address },
	{ "ADR-2",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 4862 5.4",
	  "no address is tentative or has failed duplicate detection",
	  "the same MAC or address twice after a restore",
	  "flags of /proc/net/if_inet6",
	  { "LNK-2" },
	  expand_dad },
	{ "ADR-3",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ONLY6,
	  "draft-ietf-v6ops-ipv6-app-testing",
	  "no IPv4 address but loopback and link-local",
	  "a hidden IPv4 beside the pod's IPv6",
	  "addresses of all links",
	  { NULL },
	  expand_v4 },
	{ "RND-1",
	  LEVEL_MUST,
	  VANTAGE_HOST,
	  PROFILE_ALL,
	  "RFC 4861 6.3.7",
	  "a router answers a solicitation, with a lifetime above 0",
	  "the router withdrew, or ICMPv6 is filtered",
	  "a router solicitation by a raw socket (CAP_NET_RAW)",
	  { "LNK-2" },
	  expand_ra },
	{ "RND-3",
	  LEVEL_MUST,
	  VANTAGE_HOST,
	  PROFILE_ALL,
	  "kernel ip-sysctl accept_ra",
	  "a node that forwards still takes router advertisements",
	  "a CNI turns forwarding on, accept_ra stays 1",
	  "accept_ra and forwarding of the uplink",
	  { "LNK-2" },
	  expand_forwarding },
	{ "RTE-1",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "RFC 4861 6.3.6",
	  "there is a route to the internet",
	  "the router advertisement was lost, or no gateway was made",
	  "connect() of a UDP socket, and the default routes",
	  { "ADR-1" },
	  expand_default },
	{ "RTE-2",
	  LEVEL_MUST,
	  VANTAGE_HOST,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "the pods of every other node can be reached from the node",
	  "a cloud route per node is missing: quota, or stale",
	  "UDP to one pod of each node, with its ICMPv6 errors",
	  { "RTE-1" },
	  expand_nodes },
	{ "POD-1",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "pods of the same node reach each other",
	  "a bridge filter, or duplicate addresses",
	  "UDP, TCP and echo",
	  { "ADR-1" },
	  expand_local_pods },
	{ "POD-2",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "pods of other nodes are reached",
	  "a missing pod route, a security group without IPv6",
	  "UDP, TCP and echo",
	  { "RTE-1", "host:RTE-1" },
	  expand_remote_pods },
	{ "POD-3",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "the node reaches its own pods, and they the node",
	  "a policy that forgets the kubelet's probes",
	  "UDP, TCP and echo",
	  { "ADR-1" },
	  expand_local_other },
	{ "POD-4",
	  LEVEL_MUST,
	  VANTAGE_BOTH,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "the node reaches pods of other nodes, pods reach other nodes",
	  "anti-spoofing that drops pods' sources",
	  "UDP, TCP and echo",
	  { "RTE-1", "host:RTE-1", "RTE-2" },
	  expand_remote_other },
	{ "POD-5",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "Kubernetes network model",
	  "a pod of another node sees the pod's own address",
	  "masquerading that was left over",
	  "GET /whoami",
	  { "POD-2" },
	  expand_source },
	{ "MTU-1",
	  LEVEL_MUST,
	  VANTAGE_POD,
	  PROFILE_ALL,
	  "RFC 8201 3",
	  "packets of the link's MTU pass between pods of two nodes",
	  "an overlay whose header was not subtracted",
	  "UDP with IPV6_PMTUDISC_PROBE at full size, then a search",
	  { "POD-2" },
	  expand_path_mtu },
};

static const struct probe_program program = {
	.name = "probe-pod",
	.summary = "check links, addresses, routes, and pods among each other",
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
