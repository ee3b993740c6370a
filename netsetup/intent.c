/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/intent.h"

#include "lib/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DNS_INDEX   10 /* of the services: where Kubernetes' DNS listens */
#define LAST_RESORT 0x7fffffff /* metric: any other route is better */

/**
 * check_inside() - A range that the provider gave must lie in what the shoot says
 * @what:	What it is
 * @inner:	Range of this node
 * @outer:	Range of the cluster; family 0: not said
 * @name:	What that is
 * @errors:	One line is appended where it does not
 */
static void check_inside(const char *what, const struct prefix *inner,
			 const struct prefix *outer, const char *name,
			 struct buf *errors)
{
	if (!addr_is_set(&inner->addr) || !addr_is_set(&outer->addr) ||
	    prefix_covers(outer, inner))
		return;
	buf_printf(errors, "%s '%s': outside of %s '%s' of the shoot\n", what,
		   PREFIX_TEXT(inner), name, PREFIX_TEXT(outer));
}

/**
 * take_pods() - Decide which pods are this node's
 * @p:		Profile
 * @s:		Shoot
 * @h:		Hints, with the node's prefix
 * @errors:	A line per problem
 */
static void take_pods(const struct profile *p, const struct shoot *s,
		      struct hints *h, struct buf *errors)
{
	const struct prefix *n = &h->node_prefix;

	h->cluster_cidr = s->pods;
	h->pods_proxied = p->pods_proxy || s->node_proxy;
	if (addr_is_set(&s->node_pods.addr)) {
		h->pod_cidr = s->node_pods;
	} else if (p->pods_from_node && addr_is_set(&n->addr)) {
		if (p->pods_length && n->len > p->pods_length)
			buf_printf(errors,
				   "node prefix '%s': no room for the /%u of "
				   "pods that provider '%s' cuts from it\n",
				   PREFIX_TEXT(n), p->pods_length, p->name);
		else
			h->pod_cidr =
				prefix_of(&n->addr, p->pods_length ?: n->len);
	} else if (p->pods_from_node) {
		buf_printf(errors,
			   "metadata: no prefix of the node, which "
			   "pods of provider '%s' come from\n",
			   p->name);
	}
	check_inside("pods", &h->pod_cidr, &s->pods, "pods", errors);
	if (addr_is_set(&h->pod_cidr.addr) && addr_is_set(&s->services.addr) &&
	    prefix_overlap(&h->pod_cidr, &s->services))
		buf_printf(errors, "pods '%s': overlap services '%s'\n",
			   PREFIX_TEXT(&h->pod_cidr),
			   PREFIX_TEXT(&s->services));
}

/**
 * intent_make() - Decide what this node should be
 * @p:		Profile
 * @f:		Facts of metadata
 * @s:		Shoot
 * @uplink:	Interface
 * @ret_hints:	What was decided
 * @errors:	A line per problem
 *
 * Return: 0, -EINVAL
 */
int intent_make(const struct profile *p, const struct facts *f,
		const struct shoot *s, const char *uplink,
		struct hints *ret_hints, struct buf *errors)
{
	struct hints h = HINTS_INIT;
	size_t before = errors->len;
	uint32_t item;

	(void)snprintf(h.provider, sizeof(h.provider), "%s", p->name);
	(void)snprintf(h.uplink, sizeof(h.uplink), "%s", uplink);
	(void)snprintf(h.node_name, sizeof(h.node_name), "%s",
		       *s->node_name ? s->node_name : f->name);
	memcpy(h.cluster_domain, s->domain, sizeof(h.cluster_domain));
	h.node_ip =
		addr_is_set(&s->node_address) ? s->node_address : f->address;
	h.node_prefix = f->prefix;
	h.mtu = f->mtu ? f->mtu : p->mtu;
	h.gateway = addr_is_set(&s->node_gateway) ? s->node_gateway :
		    addr_is_set(&f->gateway)      ? f->gateway :
						    p->gateway;
	memcpy(h.dns, f->dns, sizeof(h.dns));
	h.n_dns = f->n_dns;
	for (item = doc_first(&p->doc, p->dns);
	     item && !f->n_dns && h.n_dns < HINTS_DNS_MAX;
	     item = doc_next(&p->doc, item))
		if (addr_parse6(doc_scalar(&p->doc, item) ?: "",
				&h.dns[h.n_dns]) == 0)
			h.n_dns++;
	memcpy(h.forwarded, f->forwarded, sizeof(h.forwarded));
	h.n_forwarded = f->n_forwarded;
	h.service_cidr = s->services;
	h.dns_service_ip = prefix_nth(&s->services, DNS_INDEX);
	take_pods(p, s, &h, errors);

	if (!addr_is_set(&h.node_ip))
		buf_printf(errors,
			   "provider '%s': no address of the node in "
			   "metadata, shoot or on '%s'\n",
			   p->name, uplink);
	check_inside("node prefix", &h.node_prefix, &s->nodes, "nodes", errors);
	if (addr_is_set(&p->nat64.addr)) {
		h.nat64.prefix = p->nat64;
		h.nat64.source = NAT64_METADATA;
	}
	if (errors->len != before)
		return -EINVAL;
	*ret_hints = h;
	return 0;
}

/**
 * add_route() - Put a route into the document
 * @routes:	Array
 * @dst:	Destination
 *
 * Return: the object, owned by @routes
 */
static struct json *add_route(struct json *routes, const struct prefix *dst)
{
	struct json *route = json_append_object(routes);

	json_set_string(route, "dst", PREFIX_TEXT(dst));
	return route;
}

/**
 * add_routes() - Default route, pods and services of the node
 * @root:	Document
 * @p:		Profile
 * @h:		Intent
 */
static void add_routes(struct json *root, const struct profile *p,
		       const struct hints *h)
{
	struct json *routes = json_set_array(root, "routes"), *route;

	if (p->default_route && addr_is_set(&h->gateway)) {
		/* The gateway need not be of the address's own prefix. */
		route = json_append_object(routes);
		json_set_string(route, "dst", "default");
		json_set_string(route, "via", ADDR_TEXT(&h->gateway));
		json_set_string(route, "dev", h->uplink);
		json_set_bool(route, "onlink", true);
	}
	if (addr_is_set(&h->pod_cidr.addr)) {
		/* A pod's address that nobody has must not go to the default
		 * route, from where the provider would send it back. */
		route = add_route(routes, &h->pod_cidr);
		json_set_string(route, "type", "unreachable");
		json_set_int(route, "metric", LAST_RESORT);
	}
	if (addr_is_set(&h->service_cidr.addr) && addr_is_set(&h->gateway)) {
		/* Translated before it leaves; but without a route the host's
		 * own connect() fails with ENETUNREACH before that. */
		route = add_route(routes, &h->service_cidr);
		json_set_string(route, "via", ADDR_TEXT(&h->gateway));
		json_set_string(route, "dev", h->uplink);
	}
}

/**
 * add_sysctls() - Per-interface settings of the profile
 * @root:	Document
 * @p:		Profile
 * @h:		Intent
 */
static void add_sysctls(struct json *root, const struct profile *p,
			const struct hints *h)
{
	struct json *sysctls;
	uint32_t item;
	char path[128];

	if (!doc_count(&p->doc, p->sysctls))
		return;
	sysctls = json_set_object(root, "sysctls");
	for (item = doc_first(&p->doc, p->sysctls); item;
	     item = doc_next(&p->doc, item)) {
		(void)snprintf(path, sizeof(path), "net/ipv6/conf/%s/%s",
			       h->uplink, doc_key(&p->doc, item));
		json_set_string(sysctls, path, doc_scalar(&p->doc, item) ?: "");
	}
}

/**
 * add_addresses() - The node's own address, and those of load balancers
 * @root:	Document
 * @p:		Profile
 * @h:		Intent
 * @dad:	Policy instead of the profile's, or NULL
 *
 * What a load balancer sends here is taken as ours, without an address on a link: no
 * connection of the node's own must begin from it.
 */
static void add_addresses(struct json *root, const struct profile *p,
			  const struct hints *h, const char *dad)
{
	struct json *addresses = json_set_array(root, "addresses"), *o;
	struct prefix host = { .addr = h->node_ip, .len = 128 };

	o = json_append_object(addresses);
	json_set_string(o, "address", PREFIX_TEXT(&host));
	json_set_string(o, "dev", h->uplink);
	json_set_string(o, "dad", dad ?: p->dad ?: "wait");
	for (size_t i = 0; i < h->n_forwarded; i++) {
		host.addr = h->forwarded[i];
		o = json_append_object(addresses);
		json_set_string(o, "address", PREFIX_TEXT(&host));
		json_set_string(o, "dev", h->uplink);
		json_set_bool(o, "local", true);
	}
}

/**
 * intent_document() - Write an intent as a netsetup document
 * @p:		Profile
 * @h:		Intent
 * @dad:	Policy instead of the profile's, or NULL
 * @ret_json:	JSON is appended
 *
 * Return: 0, -ENOMEM
 */
int intent_document(const struct profile *p, const struct hints *h,
		    const char *dad, struct buf *ret_json)
{
	_cleanup_(json_freep) struct json *root = json_object();
	struct json *o;

	json_set_int(root, "version", 1);
	if (p->ra)
		json_append_string(json_set_array(root, "uplinks"), h->uplink);
	json_set_bool(root, "forwarding", true);
	o = json_append_object(json_set_array(root, "links"));
	json_set_string(o, "name", h->uplink);
	json_set_bool(o, "up", true);
	if (h->mtu)
		json_set_int(o, "mtu", h->mtu);
	/* Where no metadata gave it, the address was there before us. */
	if (p->n_requests)
		add_addresses(root, p, h, dad);
	add_routes(root, p, h);
	/* No router has a route for them: it asks on the link for each. */
	if (h->pods_proxied && addr_is_set(&h->pod_cidr.addr)) {
		o = json_append_object(json_set_array(root, "proxies"));
		json_set_string(o, "prefix", PREFIX_TEXT(&h->pod_cidr));
		json_set_string(o, "dev", h->uplink);
	}
	add_sysctls(root, p, h);
	return json_print(root, JSON_PRETTY, ret_json);
}
