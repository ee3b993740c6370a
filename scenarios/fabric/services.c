/* SPDX-License-Identifier: Apache-2.0 */

/*
 * services: what kube-proxy and CoreDNS do in a cluster, for pods of a lab
 *
 * The rules are those of kube-proxy's nftables mode in names and order (its
 * pkg/proxy/nftables/README.md): a map of addresses and ports to a chain a service, which
 * picks the chain of an endpoint, which translates. Who comes from outside of the node's
 * pods, or is the endpoint itself, is hidden behind the node's address, so that the answer
 * comes back the same way.
 */
#include "scenarios/fabric/fabric.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTER_DNS   "2001:db8:96::a"
#define MAX_PORTS     2
#define MAX_ENDPOINTS 2
#define POD_HTTP      8080
#define POD_ECHO      7777

static const struct service {
	const char *name, *space; /* of the service, of its namespace */
	const char *vip;
	struct {
		const char *protocol;
		unsigned int port, target;
	} ports[MAX_PORTS];
	unsigned int node_port; /* of the first port; 0: none */
	const char *endpoints[MAX_ENDPOINTS]; /* pods */
	bool http; /* the first port speaks HTTP */
	bool own; /* for its one endpoint alone */
} services[] = {
	{ "web",
	  "default",
	  "2001:db8:96::5",
	  { { "tcp", 80, POD_HTTP }, { "udp", 80, POD_ECHO } },
	  30080,
	  { "node1/b", "node2/b" },
	  true,
	  false },
	{ "kube-dns",
	  "kube-system",
	  CLUSTER_DNS,
	  { { "tcp", 53, 53 }, { "udp", 53, 53 } },
	  0,
	  { FABRIC_DNS_POD },
	  false,
	  false },
	{ "self-node1-a",
	  "default",
	  "2001:db8:96::11",
	  { { "tcp", 80, POD_HTTP } },
	  0,
	  { "node1/a" },
	  true,
	  true },
	{ "self-node1-b",
	  "default",
	  "2001:db8:96::12",
	  { { "tcp", 80, POD_HTTP } },
	  0,
	  { "node1/b" },
	  true,
	  true },
	{ "self-node2-a",
	  "default",
	  "2001:db8:96::13",
	  { { "tcp", 80, POD_HTTP } },
	  0,
	  { "node2/a" },
	  true,
	  true },
	{ "self-node2-b",
	  "default",
	  "2001:db8:96::14",
	  { { "tcp", 80, POD_HTTP } },
	  0,
	  { "node2/b" },
	  true,
	  true },
};

/* What the rules of one node are made of. */
struct rules {
	struct member *node;
	struct buf text;
	int r; /* the first failure */
};

/**
 * fabric_address() - Address of a member that others reach it by
 * @m:		Member
 *
 * Return: text that the caller frees, or NULL
 */
char *fabric_address(struct member *m)
{
	_cleanup_(json_freep) struct json *all = json_array();
	const char *text;

	if (member_addresses(m, all) < 0)
		return NULL;
	text = json_string(json_first(all));
	return text ? strdup(text) : NULL;
}

/**
 * add_endpoints() - The chains of a port's endpoints
 * @rules:	Gets the text
 * @s:		Service
 * @p:		Index of its port
 *
 * Return: their number
 */
static unsigned int add_endpoints(struct rules *rules, const struct service *s,
				  size_t p)
{
	const char *protocol = s->ports[p].protocol;
	unsigned int n = 0;

	for (; n < MAX_ENDPOINTS && s->endpoints[n]; n++) {
		struct member *pod =
			lab_member(rules->node->lab, s->endpoints[n]);
		_cleanup_free_ char *address = pod ? fabric_address(pod) : NULL;

		if (!address && rules->r == 0)
			rules->r = lab_fail(rules->node->lab, -EADDRNOTAVAIL,
					    "endpoint '%s' of service '%s'",
					    s->endpoints[n], s->name);
		buf_printf(&rules->text,
			   "  chain endpoint-%s/%s/%s/%u-%u {\n"
			   "    ip6 saddr %s jump mark-for-masquerade\n"
			   "    meta l4proto %s dnat to [%s]:%u\n"
			   "  }\n",
			   s->space, s->name, protocol, s->ports[p].port, n,
			   address, protocol, address, s->ports[p].target);
	}
	return n;
}

/**
 * add_port() - The chains of one port of a service
 * @rules:	Gets the text
 * @s:		Service
 * @p:		Index of the port
 */
static void add_port(struct rules *rules, const struct service *s, size_t p)
{
	const char *protocol = s->ports[p].protocol;
	unsigned int port = s->ports[p].port;
	unsigned int n = add_endpoints(rules, s, p);

	buf_printf(&rules->text,
		   "  chain service-%s/%s/%s/%u {\n"
		   "    ip6 daddr %s %s dport %u ip6 saddr != "
		   "2001:db8:10:0:%s::/112 jump mark-for-masquerade\n"
		   "    numgen random mod %u vmap {",
		   s->space, s->name, protocol, port, s->vip, protocol, port,
		   rules->node->name + strlen("node"), n);
	for (unsigned int i = 0; i < n; i++)
		buf_printf(&rules->text, "%s %u : goto endpoint-%s/%s/%s/%u-%u",
			   i ? "," : "", i, s->space, s->name, protocol, port,
			   i);
	buf_puts(&rules->text, " }\n  }\n");
	if (p == 0 && s->node_port)
		buf_printf(&rules->text,
			   "  chain external-%s/%s/%s/%u {\n"
			   "    jump mark-for-masquerade\n"
			   "    goto service-%s/%s/%s/%u\n"
			   "  }\n",
			   s->space, s->name, protocol, port, s->space, s->name,
			   protocol, port);
}

/**
 * add_maps() - Which address and port leads to which chain
 * @rules:	Gets the text
 */
static void add_maps(struct rules *rules)
{
	static const char *const heads[] = {
		"  map service-ips {\n"
		"    type ipv6_addr . inet_proto . inet_service : verdict\n",
		"  map service-nodeports {\n"
		"    type inet_proto . inet_service : verdict\n",
	};

	for (size_t map = 0; map < ARRAY_SIZE(heads); map++) {
		const char *comma = "";

		buf_puts(&rules->text, heads[map]);
		buf_puts(&rules->text, "    elements = {");
		for (size_t i = 0; i < ARRAY_SIZE(services) * MAX_PORTS; i++) {
			const struct service *s = &services[i / MAX_PORTS];
			size_t p = i % MAX_PORTS;

			if (!s->ports[p].protocol ||
			    (map == 1 && (p || !s->node_port)))
				continue;
			buf_printf(&rules->text, "%s\n      ", comma);
			if (map == 0)
				buf_printf(&rules->text, "%s . ", s->vip);
			buf_printf(
				&rules->text, "%s . %u : goto %s-%s/%s/%s/%u",
				s->ports[p].protocol,
				map ? s->node_port : s->ports[p].port,
				map ? "external" : "service", s->space, s->name,
				s->ports[p].protocol, s->ports[p].port);
			comma = ",";
		}
		buf_puts(&rules->text, " }\n  }\n");
	}
}

/**
 * make_rules() - All rules of a node, in the place of those that are there
 * @rules:	Gets the text
 *
 * What goes to a service address that has no rule is refused, or never leaves.
 */
static void make_rules(struct rules *rules)
{
	_cleanup_free_ char *address = fabric_address(rules->node);

	buf_puts(&rules->text, "add table ip6 kube-proxy\n"
			       "delete table ip6 kube-proxy\n"
			       "table ip6 kube-proxy {\n"
			       "  chain mark-for-masquerade {\n"
			       "    meta mark set meta mark or 0x4000\n"
			       "  }\n");
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		for (size_t p = 0;
		     p < MAX_PORTS && services[i].ports[p].protocol; p++)
			add_port(rules, &services[i], p);
	add_maps(rules);
	buf_puts(&rules->text, "  set cluster-ips {\n    type ipv6_addr\n"
			       "    elements = {");
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		buf_printf(&rules->text, "%s %s", i ? "," : "",
			   services[i].vip);
	buf_printf(&rules->text,
		   " }\n  }\n"
		   "  set nodeport-ips {\n"
		   "    type ipv6_addr\n    elements = { %s }\n  }\n"
		   "  chain services {\n"
		   "    ip6 daddr . meta l4proto . th dport vmap @service-ips\n"
		   "    ip6 daddr @nodeport-ips meta l4proto . th dport "
		   "vmap @service-nodeports\n"
		   "  }\n"
		   "  chain cluster-ips-check {\n"
		   "    ip6 daddr @cluster-ips reject\n"
		   "    ip6 daddr 2001:db8:96::/112 drop\n"
		   "  }\n"
		   "  chain nat-prerouting {\n"
		   "    type nat hook prerouting priority dstnat\n"
		   "    jump services\n  }\n"
		   "  chain nat-output {\n"
		   "    type nat hook output priority -100\n"
		   "    jump services\n  }\n"
		   "  chain nat-postrouting {\n"
		   "    type nat hook postrouting priority srcnat\n"
		   "    meta mark and 0x4000 != 0 masquerade fully-random\n"
		   "  }\n"
		   "  chain filter-forward {\n"
		   "    type filter hook forward priority -101\n"
		   "    ct state new jump cluster-ips-check\n  }\n"
		   "  chain filter-output {\n"
		   "    type filter hook output priority -90\n"
		   "    ct state new jump cluster-ips-check\n  }\n"
		   "}\n",
		   address ? address : "::");
}

/**
 * run_nft() - Have the kernel take what is described; in the node's network namespace
 * @arg:	struct rules
 *
 * Return: 0, or an errno that was told to the user
 */
static int run_nft(void *arg)
{
	struct rules *rules = arg;
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int r = -ENOMEM;

	if (nft && nft_ctx_buffer_error(nft) == 0 &&
	    nft_ctx_buffer_output(nft) == 0)
		r = nft_run_cmd_from_buffer(nft, buf_text(&rules->text)) ?
			    -EINVAL :
			    0;
	if (r < 0)
		(void)lab_fail(rules->node->lab, r, "%s: rules of services: %s",
			       rules->node->name,
			       nft ? nft_ctx_get_error_buffer(nft) :
				     "nftables");
	if (nft)
		nft_ctx_free(nft);
	return r;
}

/**
 * fabric_services() - Write a node's rules of services, or take them away
 * @node:	Node; pods have their addresses
 * @on:		Write them
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_services(struct member *node, bool on)
{
	struct rules rules = { .node = node, .text = BUF_INIT };
	int r;

	if (on)
		make_rules(&rules);
	else
		buf_puts(&rules.text, "delete table ip6 kube-proxy\n");
	r = rules.r < 0 ? rules.r : buf_error(&rules.text);
	if (r == 0)
		r = member_in_netns(node, run_nft, &rules);
	buf_release(&rules.text);
	return r;
}

/**
 * service_name() - What a service is called in the cluster's DNS
 * @s:		Service
 * @name:	80 bytes
 */
static void service_name(const struct service *s, char name[static 80])
{
	(void)snprintf(name, 80, "%s.%s.svc.cluster.local", s->name, s->space);
}

/**
 * fabric_cluster_dns() - Start the cluster's DNS in its pod
 * @lab:	Lab
 *
 * Names of services are its own; all else the cloud's resolver is asked for, each time:
 * what a fault changes there is seen at once.
 *
 * Return: 0 once it is started, or an errno that was told to the user
 */
int fabric_cluster_dns(struct lab *lab)
{
	static const char *const argv[] = { "unbound", "-d", "-c",
					    "/etc/unbound/cluster.conf", NULL };
	static const struct spawn_opts opts = { .ready = "start of service" };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct member *pod = lab_member(lab, FABRIC_DNS_POD);
	_cleanup_free_ char *address = fabric_address(pod);
	int r;

	if (!address)
		return lab_fail(lab, -EADDRNOTAVAIL, "pod '%s'", pod->name);
	buf_printf(&text,
		   "server:\n"
		   "  interface: %s\n  do-ip4: no\n"
		   "  access-control: ::/0 allow\n  username: \"\"\n"
		   "  chroot: \"\"\n  directory: \"/etc/unbound\"\n"
		   "  pidfile: \"/run/unbound.pid\"\n"
		   "  use-syslog: no\n  logfile: \"\"\n  verbosity: 1\n"
		   "  module-config: \"iterator\"\n"
		   "  cache-max-ttl: 0\n  cache-max-negative-ttl: 0\n"
		   "  local-zone: \"ipv4only.arpa.\" transparent\n"
		   "  local-zone: \"cluster.local.\" static\n",
		   address);
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		char name[80];

		service_name(&services[i], name);
		buf_printf(&text, "  local-data: \"%s. 30 AAAA %s\"\n", name,
			   services[i].vip);
	}
	buf_puts(&text, "remote-control:\n  control-enable: no\n"
			"forward-zone:\n  name: \".\"\n"
			"  forward-addr: 2001:db8:53::53\n");
	r = buf_error(&text);
	if (r == 0)
		r = member_write(pod, argv[3], buf_text(&text), 0644);
	return r < 0 ? r : member_spawn(pod, argv, &opts, NULL);
}

/**
 * fabric_use_cluster_dns() - Have a pod ask the cluster's DNS, as kubelets do
 * @pod:	Pod
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_use_cluster_dns(struct member *pod)
{
	return member_write(pod, "/etc/resolv.conf",
			    "search default.svc.cluster.local "
			    "svc.cluster.local cluster.local\n"
			    "nameserver " CLUSTER_DNS "\n"
			    "options ndots:5\n",
			    0644);
}

/**
 * fabric_tell_services() - Put the services that a vantage is to try into its targets
 * @m:		Vantage
 * @targets:	Targets
 */
void fabric_tell_services(struct member *m, struct json *targets)
{
	struct json *all = json_set_array(targets, "services");

	json_set_string(targets, "cluster_dns", CLUSTER_DNS);
	json_set_string(targets, "cluster_domain", "cluster.local");
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		const struct service *s = &services[i];
		struct json *o, *list;
		char name[80];

		if (s->own && strcmp(s->endpoints[0], m->name) != 0)
			continue;
		o = json_append_object(all);
		service_name(s, name);
		json_set_string(o, "name", name);
		json_set_string(o, "vip", s->vip);
		json_set_int(o, "port", s->ports[0].port);
		if (s->node_port)
			json_set_int(o, "node_port", s->node_port);
		json_set_bool(o, "http", s->http);
		json_set_bool(o, "hairpin", s->own);
		list = json_set_array(o, "protocols");
		/* A name server does not echo what is no question. */
		for (size_t p = 0; p < MAX_PORTS && s->ports[p].protocol; p++)
			if (s->ports[p].target != 53 || p == 0)
				json_append_string(list, s->ports[p].protocol);
		list = json_set_array(o, "endpoints");
		for (size_t n = 0; n < MAX_ENDPOINTS && s->endpoints[n]; n++) {
			_cleanup_free_ char *address = fabric_address(
				lab_member(m->lab, s->endpoints[n]));

			json_append_string(list, address);
		}
	}
}
