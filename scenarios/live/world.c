/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/world.h"

#include "lib/addr.h"
#include "scenarios/live/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECHO_PORT 7777
#define HTTP_PORT 8080

/*
 * Names that are what they say, kept so by those who run them: one has AAAA alone, one
 * has A alone, one has both. The lab's DNS and its internet serve the same names.
 */
static const char default_egress[] =
	"{\"v6\":[{\"name\":\"ipv6.google.com\",\"http\":80}],"
	"\"v4only\":[{\"name\":\"ipv4.google.com\",\"http\":80}],"
	"\"dual\":[{\"name\":\"www.google.com\",\"http\":80}]}";

/**
 * world_release() - Free a world's arrays
 * @w:		The world
 */
void world_release(struct world *w)
{
	free(w->nodes);
	json_free(w->egress);
	*w = (struct world){ 0 };
}

/**
 * take() - Copy a text that may be missing
 * @to:		Where to
 * @size:	Bytes there
 * @text:	Text or NULL
 */
static void take(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text ? text : "");
}

/**
 * world_domain() - What the names of the cluster end in
 * @w:		The world
 *
 * Return: text that lives as long as the world
 */
const char *world_domain(const struct world *w)
{
	return w->domain[0] ? w->domain : "cluster.local";
}

/**
 * read_addresses() - A node's addresses as the kubelet reported them
 * @node:	Node of the API
 * @n:		Gets them
 */
static void read_addresses(const struct json *node, struct world_node *n)
{
	const struct json *a;
	struct addr addr;
	const char *text;

	for (a = json_first(json_get(node, "status.addresses")); a;
	     a = json_next(a)) {
		text = json_get_string(a, "type");
		if (!text || strcmp(text, "InternalIP") != 0)
			continue;
		text = json_get_string(a, "address");
		if (!text || addr_parse(text, &addr) < 0)
			continue;
		if (addr.family != AF_INET6)
			n->v4_address = true;
		else if (!n->address[0])
			take(n->address, sizeof(n->address), text);
	}
}

/**
 * is_ready() - Whether a Node or a Pod says that it is ready
 * @object:	The object
 *
 * Return: true where its condition Ready is True
 */
static bool is_ready(const struct json *object)
{
	const struct json *c;
	const char *type, *status;

	for (c = json_first(json_get(object, "status.conditions")); c;
	     c = json_next(c)) {
		type = json_get_string(c, "type");
		status = json_get_string(c, "status");
		if (type && status && strcmp(type, "Ready") == 0)
			return strcmp(status, "True") == 0;
	}
	return false;
}

/**
 * read_pod_cidr() - The IPv6 range of a node's pods
 * @node:	Node of the API
 * @n:		Gets it
 */
static void read_pod_cidr(const struct json *node, struct world_node *n)
{
	const struct json *cidr;

	for (cidr = json_first(json_get(node, "spec.podCIDRs")); cidr;
	     cidr = json_next(cidr))
		if (json_string(cidr) && strchr(json_string(cidr), ':'))
			take(n->pod_cidr, sizeof(n->pod_cidr),
			     json_string(cidr));
}

/**
 * world_read_nodes() - The nodes to probe from
 * @api:	The cluster
 * @max:	Not more than so many
 * @deadline_ns: When to give up
 * @w:		Gets them
 *
 * Nodes that are not Ready or have no IPv6 address are counted in .n_all only.
 *
 * Return: 0, -ENOMEM, or see api.h
 */
int world_read_nodes(struct api *api, unsigned int max, int64_t deadline_ns,
		     struct world *w)
{
	_cleanup_(json_freep) struct json *list = NULL;
	const struct json *item;
	int r;

	r = api_get(api, "/api/v1/nodes", deadline_ns, &list);
	if (r < 0)
		return r;
	w->n_all = json_count(json_get(list, "items"));
	free(w->nodes);
	w->n_nodes = 0;
	w->nodes = calloc(w->n_all + 1, sizeof(*w->nodes));
	if (!w->nodes)
		return -ENOMEM;
	for (item = json_first(json_get(list, "items")); item;
	     item = json_next(item)) {
		struct world_node *n = &w->nodes[w->n_nodes];

		if (w->n_nodes == max || !is_ready(item))
			continue;
		take(n->name, sizeof(n->name),
		     json_get_string(item, "metadata.name"));
		n->ready = true;
		read_addresses(item, n);
		read_pod_cidr(item, n);
		if (n->address[0])
			w->n_nodes++;
		else
			*n = (struct world_node){ 0 };
	}
	return 0;
}

/**
 * world_judge() - What the API says is wrong with the nodes
 * @api:	The cluster
 * @profile:	What is promised
 * @deadline_ns: When to give up
 * @results:	Gets what was found
 *
 * Return: 0, -ENOMEM, or see api.h
 */
int world_judge(struct api *api, const char *profile, int64_t deadline_ns,
		struct results *results)
{
	_cleanup_(json_freep) struct json *list = NULL;
	bool dual = strcmp(profile, "dual-stack") == 0;
	const struct json *item;
	int r;

	r = api_get(api, "/api/v1/nodes", deadline_ns, &list);
	if (r < 0)
		return r;
	for (item = json_first(json_get(list, "items")); item && r == 0;
	     item = json_next(item))
		r = judge_node(item, dual, results);
	return r;
}

/**
 * world_lose() - Leave a node out: pods cannot start there
 * @w:		The world
 * @node:	Its name
 */
void world_lose(struct world *w, const char *node)
{
	for (size_t i = 0; i < w->n_nodes; i++)
		if (strcmp(w->nodes[i].name, node) == 0)
			w->nodes[i].lost = true;
}

/**
 * world_left() - How many nodes are probed
 * @w:		The world
 *
 * Return: number
 */
size_t world_left(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_nodes; i++)
		n += !w->nodes[i].lost;
	return n;
}

/**
 * read_service_cidr() - The range of service addresses, where the server tells it
 * @api:	The cluster
 * @deadline_ns: When to give up
 * @w:		Gets it; "" before Kubernetes 1.33 or without the right to ask
 */
static void read_service_cidr(struct api *api, int64_t deadline_ns,
			      struct world *w)
{
	_cleanup_(json_freep) struct json *list = NULL;
	const struct json *cidr;

	if (api_get(api, "/apis/networking.k8s.io/v1/servicecidrs", deadline_ns,
		    &list) < 0)
		return;
	for (cidr = json_first(json_get(json_at(json_get(list, "items"), 0),
					"spec.cidrs"));
	     cidr; cidr = json_next(cidr))
		if (json_string(cidr) && strchr(json_string(cidr), ':'))
			take(w->service_cidr, sizeof(w->service_cidr),
			     json_string(cidr));
}

/**
 * world_read_dns() - The cluster's DNS service and the service range
 * @api:	The cluster
 * @deadline_ns: When to give up
 * @w:		Gets them; what cannot be learnt stays empty
 *
 * Return: 0, or see api.h
 */
int world_read_dns(struct api *api, int64_t deadline_ns, struct world *w)
{
	_cleanup_(json_freep) struct json *list = NULL;
	const struct json *ip;
	int r;

	read_service_cidr(api, deadline_ns, w);
	r = api_get(api,
		    "/api/v1/namespaces/kube-system/services"
		    "?labelSelector=k8s-app%3Dkube-dns",
		    deadline_ns, &list);
	if (r < 0)
		return r;
	for (ip = json_first(json_get(json_at(json_get(list, "items"), 0),
				      "spec.clusterIPs"));
	     ip; ip = json_next(ip))
		if (json_string(ip) && strchr(json_string(ip), ':'))
			take(w->dns, sizeof(w->dns), json_string(ip));
	return 0;
}

/**
 * read_external() - Where the users of the cluster reach its API
 * @api:	The cluster
 * @w:		Gets it; stays "" where pods cannot reach that: this machine itself, IPv4
 */
static void read_external(struct api *api, struct world *w)
{
	char host[WORLD_NAME];
	struct addr addr;

	if (api_where(api, host, &w->api_host_port) < 0 ||
	    strcmp(host, "localhost") == 0 || strcmp(host, w->api_vip) == 0)
		return;
	if (addr_parse(host, &addr) == 0 &&
	    (addr.family != AF_INET6 || strcmp(ADDR_TEXT(&addr), "::1") == 0))
		return;
	take(w->api_host, sizeof(w->api_host), host);
	w->api_ca = api_ca(api) != NULL;
}

/**
 * world_read_api() - Where pods and users reach the API
 * @api:	The cluster
 * @deadline_ns: When to give up
 * @w:		Gets it; stays empty where service 'kubernetes' has IPv4 alone
 *
 * Return: 0, or see api.h
 */
int world_read_api(struct api *api, int64_t deadline_ns, struct world *w)
{
	_cleanup_(json_freep) struct json *service = NULL;
	const struct json *ip, *port;
	int r;

	r = api_get(api, "/api/v1/namespaces/default/services/kubernetes",
		    deadline_ns, &service);
	if (r < 0)
		return r;
	for (ip = json_first(json_get(service, "spec.clusterIPs")); ip;
	     ip = json_next(ip))
		if (json_string(ip) && strchr(json_string(ip), ':'))
			take(w->api_vip, sizeof(w->api_vip), json_string(ip));
	port = json_at(json_get(service, "spec.ports"), 0);
	w->api_port = (unsigned int)json_get_int(port, "port", 443);
	read_external(api, w);
	world_read_servers(api, deadline_ns, w);
	return 0;
}

/**
 * pod_address() - A pod's IPv6 address, whatever its first one is
 * @pod:	Pod of the API
 *
 * Return: address, or NULL
 */
static const char *pod_address(const struct json *pod)
{
	const struct json *ip = json_first(json_get(pod, "status.podIPs"));

	for (; ip; ip = json_next(ip)) {
		const char *text = json_get_string(ip, "ip");

		if (text && strchr(text, ':'))
			return text;
	}
	return NULL;
}

/**
 * read_responders() - Where the responders of the nodes are
 * @w:		The world
 * @pods:	List of their pods
 */
static void read_responders(struct world *w, const struct json *pods)
{
	const struct json *pod;
	const char *node;

	for (pod = json_first(json_get(pods, "items")); pod;
	     pod = json_next(pod)) {
		node = json_get_string(pod, "spec.nodeName");
		take(w->image, sizeof(w->image),
		     json_get_string(
			     json_at(json_get(pod, "spec.containers"), 0),
			     "image"));
		for (size_t i = 0; node && i < w->n_nodes; i++) {
			struct world_node *n = &w->nodes[i];

			if (strcmp(n->name, node) != 0)
				continue;
			take(n->responder, sizeof(n->responder),
			     pod_address(pod));
			take(n->responder_name, sizeof(n->responder_name),
			     json_get_string(pod, "metadata.name"));
		}
	}
}

/**
 * read_service() - Take the addresses of one of our services
 * @w:		The world
 * @service:	"web", "pods", or "self-N"
 */
static void read_service(struct world *w, const struct json *service)
{
	const char *name = json_get_string(service, "metadata.name");
	const char *vip = json_get_string(service, "spec.clusterIP");
	const struct json *port;
	size_t i;

	if (!name || !vip)
		return;
	if (sscanf(name, "self-%zu", &i) == 1 && i < w->n_nodes)
		take(w->nodes[i].self_vip, sizeof(w->nodes[i].self_vip), vip);
	w->headless |= strcmp(name, "pods") == 0;
	if (strcmp(name, "web") != 0)
		return;
	take(w->web_vip, sizeof(w->web_vip), vip);
	port = json_at(json_get(service, "spec.ports"), 0);
	w->node_port = (unsigned int)json_get_int(port, "nodePort", 0);
}

/**
 * is_responder() - Whether an address is that of a responder
 * @w:		The world
 * @address:	The address
 *
 * Return: whether
 */
static bool is_responder(const struct world *w, const char *address)
{
	for (size_t i = 0; i < w->n_nodes; i++)
		if (strcmp(w->nodes[i].responder, address) == 0)
			return true;
	return false;
}

/**
 * read_slice() - Endpoints that get connections and are no responders
 * @w:		The world, its responders known
 * @slice:	EndpointSlice of the web service
 *
 * They have to answer like all others: if they do not, nobody has removed them.
 */
static void read_slice(struct world *w, const struct json *slice)
{
	const struct json *e = json_first(json_get(slice, "endpoints"));

	for (; e; e = json_next(e)) {
		const char *a =
			json_string(json_at(json_get(e, "addresses"), 0));

		if (!a || !strchr(a, ':') || is_responder(w, a) ||
		    !json_get_bool(e, "conditions.ready", true) ||
		    w->n_others == WORLD_OTHERS)
			continue;
		take(w->others[w->n_others], sizeof(w->others[0]), a);
		w->n_others++;
	}
}

/**
 * read_slices() - What the API says connections to the web service go to
 * @api:	The cluster
 * @space:	Our namespace
 * @deadline_ns: When to give up
 * @w:		Gets it
 *
 * Return: 0, -ENOMEM, or see api.h
 */
static int read_slices(struct api *api, const char *space, int64_t deadline_ns,
		       struct world *w)
{
	_cleanup_(json_freep) struct json *list = NULL;
	const struct json *slice;
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path),
		       "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
		       "?labelSelector=kubernetes.io%%2Fservice-name%%3Dweb",
		       space);
	r = api_get(api, path, deadline_ns, &list);
	if (r < 0)
		return r;
	for (slice = json_first(json_get(list, "items")); slice;
	     slice = json_next(slice))
		read_slice(w, slice);
	return 0;
}

/**
 * world_read_services() - Where our responders and services are
 * @api:	The cluster
 * @space:	Our namespace
 * @deadline_ns: When to give up
 * @w:		Gets them
 *
 * Return: 0, -ENOMEM, or see api.h
 */
int world_read_services(struct api *api, const char *space, int64_t deadline_ns,
			struct world *w)
{
	_cleanup_(json_freep) struct json *pods = NULL;
	_cleanup_(json_freep) struct json *services = NULL;
	const struct json *service;
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods"
		       "?labelSelector=app%%3Dresponder",
		       space);
	r = api_get(api, path, deadline_ns, &pods);
	if (r < 0)
		return r;
	read_responders(w, pods);

	(void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/services",
		       space);
	r = api_get(api, path, deadline_ns, &services);
	if (r < 0)
		return r;
	for (service = json_first(json_get(services, "items")); service;
	     service = json_next(service))
		read_service(w, service);
	take(w->web_space, sizeof(w->web_space), space);
	return read_slices(api, space, deadline_ns, w);
}

/**
 * world_read_egress() - What outside the cluster is to be tried
 * @file:	Targets file; NULL: the default list
 * @w:		Gets it
 * @problem:	Gets one line where the file is no use
 *
 * Return: 0, -EINVAL with a problem
 */
int world_read_egress(const char *file, struct world *w, struct buf *problem)
{
	_cleanup_(json_freep) struct json *json = NULL;
	int r;

	if (!file)
		return json_parse(default_egress, sizeof(default_egress) - 1,
				  &w->egress);
	r = json_parse_file(file, 1UL << 20, &json);
	if (r < 0) {
		buf_printf(problem, "targets '%s': %s", file,
			   r == -EBADMSG ? "is no JSON" : strerror(-r));
		return -EINVAL;
	}
	if (!json_is_object(json_get(json, "egress"))) {
		buf_printf(problem, "targets '%s': no object 'egress'", file);
		return -EINVAL;
	}
	w->egress = json_copy(json_get(json, "egress"));
	return w->egress ? 0 : -ENOMEM;
}

/**
 * add_peers() - The far ends of the pod network
 * @root:	Targets file
 * @w:		The world
 */
static void add_peers(struct json *root, const struct world *w)
{
	struct json *peers = json_set_array(root, "peers");
	struct json *nodes = json_set_array(root, "nodes");
	char name[2 * WORLD_NAME];
	struct json *p;

	for (size_t i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->nodes[i];

		p = json_append_object(nodes);
		json_set_string(p, "name", n->name);
		json_set_string(p, "address", n->address);
		if (n->pod_cidr[0])
			json_set_string(p, "pod_cidr", n->pod_cidr);

		p = json_append_object(peers);
		json_set_string(p, "name", n->name);
		json_set_string(p, "kind", "node");
		json_set_string(p, "node", n->name);
		json_set_string(p, "address", n->address);
		if (!n->responder[0] || n->lost)
			continue;
		p = json_append_object(peers);
		(void)snprintf(name, sizeof(name), "%s/%s", n->name,
			       n->responder_name);
		json_set_string(p, "name", name);
		json_set_string(p, "kind", "pod");
		json_set_string(p, "node", n->name);
		json_set_string(p, "address", n->responder);
		json_set_int(p, "tcp", ECHO_PORT);
		json_set_int(p, "udp", ECHO_PORT);
		json_set_int(p, "http", HTTP_PORT);
	}
}

/**
 * add_services() - The services in front of the responders
 * @root:	Targets file
 * @w:		The world
 * @node:	Whose hairpin service; SIZE_MAX: none
 */
static void add_services(struct json *root, const struct world *w, size_t node)
{
	struct json *services = json_set_array(root, "services");
	struct json *s, *list;

	s = json_append_object(services);
	json_set_format(s, "name", "web.%s.svc.%s", w->web_space,
			world_domain(w));
	json_set_string(s, "vip", w->web_vip);
	json_set_int(s, "port", 80);
	json_set_string(s, "port_name", "http");
	list = json_set_array(s, "protocols");
	json_append_string(list, "tcp");
	json_append_string(list, "udp");
	json_set_bool(s, "http", true);
	if (w->node_port)
		json_set_int(s, "node_port", w->node_port);
	list = json_set_array(s, "endpoints");
	for (size_t i = 0; i < w->n_nodes; i++)
		if (w->nodes[i].responder[0] && !w->nodes[i].lost)
			json_append_string(list, w->nodes[i].responder);
	for (size_t i = 0; i < w->n_others; i++)
		json_append_string(list, w->others[i]);

	if (node >= w->n_nodes || !w->nodes[node].self_vip[0])
		return;
	s = json_append_object(services);
	json_set_string(s, "name", "self");
	json_set_string(s, "vip", w->nodes[node].self_vip);
	json_set_int(s, "port", 80);
	json_append_string(json_set_array(s, "protocols"), "tcp");
	json_set_bool(s, "hairpin", true);
	json_set_bool(s, "http", true);
}

/**
 * add_headless() - The name that leads to all responders, on whatever node
 * @root:	Targets file
 * @w:		The world
 */
static void add_headless(struct json *root, const struct world *w)
{
	struct json *h, *list;

	if (!w->headless)
		return;
	h = json_append_object(json_set_array(root, "headless"));
	list = json_set_array(h, "endpoints");
	json_set_format(h, "name", "pods.%s.svc.%s", w->web_space,
			world_domain(w));
	json_set_bool(h, "all", world_left(w) == w->n_all);
	for (size_t i = 0; i < w->n_nodes; i++)
		if (w->nodes[i].responder[0] && !w->nodes[i].lost)
			json_append_string(list, w->nodes[i].responder);
}

/**
 * add_api() - The API, as the prober's own identity may use it
 * @root:	Targets file
 * @w:		The world
 * @space:	Namespace of the prober
 */
static void add_api(struct json *root, const struct world *w, const char *space)
{
	struct json *api, *external, *list;
	struct addr addr;

	if (!w->api_vip[0])
		return;
	api = json_set_object(root, "api");
	json_set_string(api, "vip", w->api_vip);
	json_set_int(api, "port", w->api_port);
	json_set_format(api, "read",
			"/apis/discovery.k8s.io/v1/namespaces/%s/"
			"endpointslices?limit=1",
			space);
	if (w->n_servers)
		json_set_int(api, "endpoint_port", w->server_port);
	list = w->n_servers ? json_set_array(api, "endpoints") : NULL;
	for (size_t i = 0; i < w->n_servers; i++)
		json_append_string(list, w->servers[i]);
	if (!w->api_host[0])
		return;
	external = json_set_object(api, "external");
	json_set_string(external,
			addr_parse(w->api_host, &addr) == 0 ? "address" :
							      "name",
			w->api_host);
	json_set_int(external, "port", w->api_host_port);
	json_set_string(external, "ca",
			w->api_ca ? "/etc/shoot6/external-ca.crt" :
				    "/etc/ssl/certs/ca-certificates.crt");
}

/**
 * world_targets() - Write the targets file of one vantage
 * @w:		The world
 * @node:	Index of its node
 * @space:	Namespace of the prober
 * @host:	From the node's own network
 * @profile:	What is promised, "ipv6-only-nat64"
 * @out:	Gets the JSON
 *
 * Return: 0 or -ENOMEM
 */
int world_targets(const struct world *w, size_t node, const char *space,
		  bool host, const char *profile, struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	char pod[32];

	json_set_int(root, "version", 1);
	json_set_string(root, "profile", profile);
	json_set_string(root, "node", w->nodes[node].name);
	(void)snprintf(pod, sizeof(pod), "probe-%zu", node);
	if (!host)
		json_set_string(root, "pod", pod);
	add_peers(root, w);
	add_services(root, w, host ? SIZE_MAX : node);
	add_headless(root, w);
	if (w->dns[0])
		json_set_string(root, "cluster_dns", w->dns);
	json_set_string(root, "cluster_domain", world_domain(w));
	if (w->nodes[node].pod_cidr[0])
		json_set_string(root, "pod_cidr", w->nodes[node].pod_cidr);
	if (w->service_cidr[0])
		json_set_string(root, "service_cidr", w->service_cidr);
	add_api(root, w, space);
	json_set(root, "egress", json_copy(w->egress));
	return json_print(root, JSON_COMPACT, out);
}

/**
 * world_hints() - Write the hints of one node, as far as the API tells them
 * @w:		The world
 * @node:	Its index
 * @out:	Gets the JSON
 *
 * Return: 0 or -ENOMEM
 */
int world_hints(const struct world *w, size_t node, struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	const struct world_node *n = &w->nodes[node];
	const struct {
		const char *key, *value;
	} facts[] = {
		{ "node_name", n->name },
		{ "node_ip", n->address },
		{ "pod_cidr", n->pod_cidr },
		{ "service_cidr", w->service_cidr },
		{ "dns_service_ip", w->dns },
		{ "cluster_domain", world_domain(w) },
	};

	json_set_int(root, "version", 1);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (facts[i].value[0])
			json_set_string(root, facts[i].key, facts[i].value);
		else
			json_set_null(root, facts[i].key);
	}
	return json_print(root, JSON_COMPACT, out);
}
