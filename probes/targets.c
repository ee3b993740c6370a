/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX (8UL << 20) /* bytes of a file */
#define SECRETS     "/var/run/secrets/kubernetes.io/serviceaccount/"

/* Where a reader is, and the first thing that was wrong. */
struct reader {
	char *error; /* 160 bytes */
	int r;
};

/**
 * wrong() - Remember the first thing that is wrong
 * @in:		Reader
 * @what:	Member
 * @text:	Its value, or NULL
 * @why:	What it must be
 */
static void wrong(struct reader *in, const char *what, const char *text,
		  const char *why)
{
	if (in->r < 0)
		return;
	in->r = -EINVAL;
	(void)snprintf(in->error, 160, "%s '%.60s': %s", what, text ? text : "",
		       why);
}

/**
 * get_addr() - Read an address member, which may be missing or null
 * @in:		Reader
 * @j:		Object
 * @key:	Member
 * @family:	Wanted; AF_UNSPEC for either
 *
 * Return: the address; family 0 where there is none
 */
static struct addr get_addr(struct reader *in, const struct json *j,
			    const char *key, int family)
{
	const char *text = json_get_string(j, key);
	struct addr a = { 0 };

	if (!text)
		return a;
	if (addr_parse(text, &a) < 0)
		wrong(in, key, text, "not an address");
	else if (family && a.family != family)
		wrong(in, key, text,
		      family == AF_INET6 ? "not an IPv6 address" :
					   "not an IPv4 address");
	return a;
}

/**
 * get_prefix() - Read a prefix member, which may be missing or null
 * @in:		Reader
 * @j:		Object
 * @key:	Member
 *
 * Return: the prefix; family 0 where there is none
 */
static struct prefix get_prefix(struct reader *in, const struct json *j,
				const char *key)
{
	const char *text = json_get_string(j, key);
	struct prefix p = { 0 };

	if (text && prefix_parse6(text, &p) < 0)
		wrong(in, key, text, "not an IPv6 prefix");
	return p;
}

/**
 * get_port() - Read a port member, which may be missing or null
 * @in:		Reader
 * @j:		Object
 * @key:	Member
 *
 * Return: port; 0 where there is none
 */
static uint16_t get_port(struct reader *in, const struct json *j,
			 const char *key)
{
	int64_t port = json_get_int(j, key, 0);

	if (port < 0 || port > UINT16_MAX) {
		wrong(in, key, "", "not a port");
		return 0;
	}
	return (uint16_t)port;
}

/**
 * make_array() - Room for what a JSON array holds
 * @in:		Reader
 * @array:	Array, or NULL
 * @size:	Bytes of an item
 * @ret_n:	Number of items
 *
 * Return: zeroed items that the caller frees, NULL where there are none
 */
static void *make_array(struct reader *in, const struct json *array,
			size_t size, size_t *ret_n)
{
	size_t n = json_is_array(array) ? json_count(array) : 0;
	void *items;

	*ret_n = 0;
	if (!n)
		return NULL;
	items = calloc(n, size);
	if (!items) {
		in->r = -ENOMEM;
		return NULL;
	}
	*ret_n = n;
	return items;
}

/**
 * read_peers() - Pods and nodes to talk to
 * @in:		Reader
 * @t:		Targets
 */
static void read_peers(struct reader *in, struct targets *t)
{
	const struct json *array = json_get(t->json, "peers");
	struct peer *p;

	p = t->peers = make_array(in, array, sizeof(*p), &t->n_peers);
	for (const struct json *j = json_first(array); p && j;
	     j = json_next(j), p++) {
		p->name = json_get_string(j, "name");
		p->kind = json_get_string(j, "kind");
		p->node = json_get_string(j, "node");
		p->addr = get_addr(in, j, "address", AF_INET6);
		p->tcp = get_port(in, j, "tcp");
		p->udp = get_port(in, j, "udp");
		p->http = get_port(in, j, "http");
		if (!p->name || !p->kind || !addr_is_set(&p->addr))
			wrong(in, "peer", p->name,
			      "needs a name, a kind and an address");
		if (!p->node)
			p->node = p->name;
	}
}

/**
 * read_endpoints() - The endpoints of a service, as many as there is room for
 * @in:		Reader
 * @j:		Its object
 * @ret:	SERVICE_ENDPOINTS places
 *
 * Return: their number
 */
static size_t read_endpoints(struct reader *in, const struct json *j,
			     struct addr *ret)
{
	size_t n = 0;

	for (const struct json *p = json_first(json_get(j, "endpoints"));
	     p && n < SERVICE_ENDPOINTS; p = json_next(p)) {
		const char *text = json_string(p);

		if (!text || addr_parse6(text, &ret[n++]) < 0)
			wrong(in, "endpoint", text, "not an IPv6 address");
	}
	return n;
}

/**
 * read_service() - One service
 * @in:		Reader
 * @j:		Its object
 * @s:		Where it goes
 */
static void read_service(struct reader *in, const struct json *j,
			 struct service *s)
{
	s->name = json_get_string(j, "name");
	s->vip = get_addr(in, j, "vip", AF_INET6);
	s->port = get_port(in, j, "port");
	s->node_port = get_port(in, j, "node_port");
	s->port_name = json_get_string(j, "port_name");
	s->http = json_get_bool(j, "http", false);
	s->hairpin = json_get_bool(j, "hairpin", false);
	for (const struct json *p = json_first(json_get(j, "protocols")); p;
	     p = json_next(p)) {
		const char *text = json_string(p);

		s->tcp |= text && strcmp(text, "tcp") == 0;
		s->udp |= text && strcmp(text, "udp") == 0;
	}
	s->n_endpoints = read_endpoints(in, j, s->endpoints);
	if (!s->name || !addr_is_set(&s->vip) || !s->port)
		wrong(in, "service", s->name, "needs a name, a vip and a port");
}

/**
 * read_services() - Services to talk to
 * @in:		Reader
 * @t:		Targets
 */
static void read_services(struct reader *in, struct targets *t)
{
	const struct json *array = json_get(t->json, "services");
	struct service *s;

	s = t->services = make_array(in, array, sizeof(*s), &t->n_services);
	for (const struct json *j = json_first(array); s && j;
	     j = json_next(j), s++)
		read_service(in, j, s);
}

/**
 * read_headless() - Services without an address
 * @in:		Reader
 * @t:		Targets
 */
static void read_headless(struct reader *in, struct targets *t)
{
	const struct json *array = json_get(t->json, "headless");
	struct headless *h;

	h = t->headless = make_array(in, array, sizeof(*h), &t->n_headless);
	for (const struct json *j = json_first(array); h && j;
	     j = json_next(j), h++) {
		h->name = json_get_string(j, "name");
		h->all = json_get_bool(j, "all", false);
		h->n_endpoints = read_endpoints(in, j, h->endpoints);
		if (!h->name || !h->n_endpoints)
			wrong(in, "headless", h->name,
			      "needs a name and endpoints");
	}
}

/**
 * read_nodes() - Nodes and their pod prefixes
 * @in:		Reader
 * @t:		Targets
 */
static void read_nodes(struct reader *in, struct targets *t)
{
	const struct json *array = json_get(t->json, "nodes");
	struct node_target *n;

	n = t->nodes = make_array(in, array, sizeof(*n), &t->n_nodes);
	for (const struct json *j = json_first(array); n && j;
	     j = json_next(j), n++) {
		n->name = json_get_string(j, "name");
		n->addr = get_addr(in, j, "address", AF_INET6);
		n->pod_cidr = get_prefix(in, j, "pod_cidr");
		if (!n->name)
			wrong(in, "node", "", "needs a name");
	}
}

/**
 * read_sites() - Hosts of the internet
 * @in:		Reader
 * @j:		"egress" object of the file, or NULL
 * @key:	Which of them
 * @family:	Of their addresses
 * @s:		Where they go
 */
static void read_sites(struct reader *in, const struct json *j, const char *key,
		       int family, struct sites *s)
{
	const struct json *array = json_get(j, key);
	struct site *at;

	at = s->items = make_array(in, array, sizeof(*at), &s->n);
	for (j = json_first(array); at && j; j = json_next(j), at++) {
		at->name = json_get_string(j, "name");
		at->addr = get_addr(in, j, "address", family);
		at->tcp = get_port(in, j, "tcp");
		at->udp = get_port(in, j, "udp");
		at->http = get_port(in, j, "http");
		at->https = get_port(in, j, "https");
		if (!at->name && !addr_is_set(&at->addr))
			wrong(in, key, "", "needs a name or an address");
	}
}

/**
 * get_file() - Read a member that names a file
 * @j:		Object
 * @key:	Member
 * @usual:	What it is where it is missing
 *
 * Return: path
 */
static const char *get_file(const struct json *j, const char *key,
			    const char *usual)
{
	const char *path = json_get_string(j, key);

	return path ? path : usual;
}

/**
 * read_api() - The Kubernetes API
 * @in:		Reader
 * @t:		Targets
 */
static void read_api(struct reader *in, struct targets *t)
{
	const struct json *j = json_get(t->json, "api");
	const struct json *external = json_get(j, "external");
	struct api_target *a = &t->api;

	if (!j)
		return;
	a->vip = get_addr(in, j, "vip", AF_INET6);
	a->port = get_port(in, j, "port");
	(void)snprintf(a->lookup, sizeof(a->lookup),
		       "kubernetes.default.svc.%.120s", t->cluster_domain);
	a->read = json_get_string(j, "read");
	a->token = get_file(j, "token", SECRETS "token");
	a->ca = get_file(j, "ca", SECRETS "ca.crt");
	a->n_endpoints = read_endpoints(in, j, a->endpoints);
	a->endpoint_port = get_port(in, j, "endpoint_port");
	if (!addr_is_set(&a->vip) || !a->port)
		wrong(in, "api", "", "needs a vip and a port");
	if (a->n_endpoints && !a->endpoint_port)
		wrong(in, "api", "", "endpoints need an endpoint_port");
	if (!external)
		return;
	a->external_name = json_get_string(external, "name");
	a->external = get_addr(in, external, "address", AF_INET6);
	a->external_port = get_port(in, external, "port");
	a->external_ca = get_file(external, "ca", a->ca);
	if ((!a->external_name && !addr_is_set(&a->external)) ||
	    !a->external_port)
		wrong(in, "api external", a->external_name,
		      "needs a name or an address, and a port");
}

/**
 * read_hints() - What netsetup knows of the node
 * @in:		Reader
 * @t:		Targets
 */
static void read_hints(struct reader *in, struct targets *t)
{
	const struct json *h = t->hints;
	int64_t mtu = json_get_int(h, "mtu", 0);
	struct prefix pod_cidr = get_prefix(in, h, "pod_cidr");

	t->node_ip = get_addr(in, h, "node_ip", AF_INET6);
	t->hints_nat64 = get_prefix(in, h, "nat64.prefix");
	t->hints_nat64_source = json_get_string(h, "nat64.source");
	t->mtu = mtu > 0 && mtu <= UINT16_MAX ? (unsigned int)mtu : 0;
	if (pod_cidr.addr.family)
		t->pod_cidr = pod_cidr;
	if (!addr_is_set(&t->cluster_dns))
		t->cluster_dns = get_addr(in, h, "dns_service_ip", AF_INET6);
}

/**
 * targets_parse() - Make targets of their JSON
 * @json:	Targets; owned by @ret afterwards, also where it fails
 * @hints:	Hints, or NULL; owned as well
 * @ret:	Result; the caller ends it by targets_release(), also after failure
 * @error:	What is wrong, where it fails
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
int targets_parse(struct json *json, struct json *hints, struct targets *ret,
		  char error[160])
{
	struct targets t = { .json = json, .hints = hints };
	struct reader in = { error, 0 };
	const struct json *egress = json_get(json, "egress");

	if (!json_is_object(json))
		wrong(&in, "targets", "", "not an object");
	t.node = json_get_string(json, "node");
	t.pod = json_get_string(json, "pod");
	t.cluster_dns = get_addr(&in, json, "cluster_dns", AF_INET6);
	t.resolver = get_addr(&in, json, "resolver", AF_INET6);
	t.authoritative = get_addr(&in, json, "authoritative", AF_INET6);
	t.cluster_domain = json_get_string(json, "cluster_domain");
	t.ca = json_get_string(json, "ca");
	t.nat64 = get_prefix(&in, json, "nat64_prefix");
	t.pod_cidr = get_prefix(&in, json, "pod_cidr");
	if (!t.cluster_domain)
		t.cluster_domain = "cluster.local";
	read_peers(&in, &t);
	read_services(&in, &t);
	read_headless(&in, &t);
	read_nodes(&in, &t);
	read_api(&in, &t);
	read_sites(&in, egress, "v6", AF_INET6, &t.v6);
	read_sites(&in, egress, "v6_small", AF_INET6, &t.v6_small);
	read_sites(&in, egress, "v4only", AF_INET, &t.v4only);
	read_sites(&in, egress, "dual", AF_UNSPEC, &t.dual);
	if (hints)
		read_hints(&in, &t);
	if (!addr_is_set(&t.node_ip) && t.node && targets_node(&t, t.node))
		t.node_ip = targets_node(&t, t.node)->addr;
	*ret = t;
	return in.r;
}

/**
 * targets_read() - Read the files
 * @path:	Targets
 * @hints_path:	Hints; may be missing
 * @ret:	Result; the caller ends it by targets_release(), also after failure
 * @error:	What is wrong, where it fails; names the file
 *
 * Return: 0; -EINVAL, -EBADMSG, or what open() and read() said
 */
int targets_read(const char *path, const char *hints_path, struct targets *ret,
		 char error[160])
{
	_cleanup_(json_freep) struct json *json = NULL, *hints = NULL;
	char inner[160] = "";
	int r;

	*ret = (struct targets){ 0 };
	r = json_parse_file(path, TARGETS_MAX, &json);
	if (r < 0) {
		(void)snprintf(error, 160, "targets '%.80s': %s", path,
			       r == -EBADMSG ? "not JSON" : strerror(-r));
		return r;
	}
	r = json_parse_file(hints_path, TARGETS_MAX, &hints);
	if (r < 0 && r != -ENOENT && r != -EACCES) {
		(void)snprintf(error, 160, "hints '%.80s': %s", hints_path,
			       r == -EBADMSG ? "not JSON" : strerror(-r));
		return r;
	}
	r = targets_parse(TAKE_PTR(json), TAKE_PTR(hints), ret, inner);
	if (r < 0)
		(void)snprintf(error, 160, "targets '%.50s': %.90s", path,
			       inner);
	return r;
}

/**
 * targets_release() - End targets and all strings of them
 * @t:		Targets
 */
void targets_release(struct targets *t)
{
	free(t->peers);
	free(t->services);
	free(t->headless);
	free(t->nodes);
	free(t->v6.items);
	free(t->v6_small.items);
	free(t->v4only.items);
	free(t->dual.items);
	json_free(t->json);
	json_free(t->hints);
	*t = (struct targets){ 0 };
}

/**
 * targets_node() - Look a node up
 * @t:		Targets
 * @name:	Its name
 *
 * Return: the node, or NULL
 */
const struct node_target *targets_node(const struct targets *t,
				       const char *name)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (strcmp(t->nodes[i].name, name) == 0)
			return &t->nodes[i];
	return NULL;
}

/**
 * nat64_embed() - The IPv6 address that stands for an IPv4 address (RFC 6052 2.2)
 * @prefix:	Of length 32, 40, 48, 56, 64 or 96
 * @v4:		IPv4 address
 * @ret:	Result
 *
 * Return: 0; -EINVAL for another length or family
 */
int nat64_embed(const struct prefix *prefix, const struct addr *v4,
		struct addr *ret)
{
	size_t at = prefix->len / 8;
	struct addr a = prefix->addr;

	if (v4->family != AF_INET || a.family != AF_INET6 || prefix->len % 8 ||
	    (prefix->len != 96 && (prefix->len < 32 || prefix->len > 64)))
		return -EINVAL;
	for (size_t i = 0; i < 4; i++, at++) {
		if (at == 8) /* bits 64 to 71 are zero */
			at++;
		a.bytes[at] = v4->bytes[i];
	}
	*ret = a;
	return 0;
}

/**
 * nat64_find() - The prefix by which 192.0.0.170 or .171 was embedded (RFC 7050 3)
 * @v6:		AAAA of ipv4only.arpa
 * @ret:	Result
 *
 * Return: 0; -ENOENT where neither address lies at any of the six places
 */
int nat64_find(const struct addr *v6, struct prefix *ret)
{
	static const uint8_t lens[] = { 96, 64, 56, 48, 40, 32 };
	static const struct addr known[] = {
		{ AF_INET, { 192, 0, 0, 170 } },
		{ AF_INET, { 192, 0, 0, 171 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct prefix p = prefix_of(v6, lens[i]);

		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			struct addr a;

			if (nat64_embed(&p, &known[k], &a) == 0 &&
			    addr_equal(&a, v6)) {
				*ret = p;
				return 0;
			}
		}
	}
	return -ENOENT;
}
