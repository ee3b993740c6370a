/* SPDX-License-Identifier: Apache-2.0 */

/*
 * gcp: nodes of a GCP-shaped cloud, brought up by `netsetup apply`
 *
 * A router with the metadata service and Router Advertisements (M, no prefix, RDNSS,
 * PREF64), and a cable of its own for each node: on this cloud nodes share no link. A
 * node begins with nothing but its link-local address; all else netsetup makes of what
 * the metadata say. The router delivers a node's address and its pods' range, as the
 * cloud's route tables do.
 */
#include "scenarios/cases/gcp.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define GCP_NODES  2 /* where --nodes is not given */
#define GCP_MTU    1460
/* A cable has two ends, whose addresses the cloud gives out: nothing to detect, and the
 * router is heard at once instead of after two to four seconds. */
#define NO_DAD     "net/ipv6/conf/default/accept_dad"
#define GCP_RADVD  "/etc/radvd.conf"
#define GCP_CONFIG "/etc/shoot6/metadata.json"
#define GCP_SHOOT  "/etc/shoot6/shoot.yaml"

static const char *const needs[] = { "radvd", NULL };

static const char *const netsetup_verify[] = {
	"netsetup", "verify",  "--provider", "gcp",
	"--shoot",  GCP_SHOOT, "--json",     NULL,
};

static const struct gcp_cloud clouds[] = {
	{ .provider = "gcp", .mtu = GCP_MTU },
	{ .provider = "local",
	  .mtu = 1500,
	  .onlink = true,
	  .nameserver = "2001:db8:53::53",
	  .nat64 = "2001:db8:64::/96" },
};

static const char shoot_yaml[] = "apiVersion: core.gardener.cloud/v1beta1\n"
				 "kind: Shoot\n"
				 "metadata:\n"
				 "  name: shoot\n"
				 "spec:\n"
				 "  networking:\n"
				 "    ipFamilies: [IPv6]\n"
				 "    services: \"2001:db8:96::/112\"\n"
				 "  kubernetes:\n"
				 "    version: \"%s\"\n";
#define GCP_KUBERNETES "1.34.4" /* of a lab without Kubernetes */

/* One instance, as Google describes one that has IPv6 alone (providers.md 2.2): number of
 * the node, link-local address of the router, MTU, addresses of load balancers. */
static const char instance_json[] =
	"{\"name\": \"node%1$u\", \"interface\": \"n%1$u\",\n"
	" \"addresses\": [\"2001:db8:10:0:%1$u::1\"],\n"
	" \"tree\": {\"computeMetadata\": {\"v1\": {\"instance\": {\n"
	"  \"attributes\": {},\n"
	"  \"hostname\": \"node%1$u.c.shoot6.internal\",\n"
	"  \"id\": 648217340275%1$u,\n"
	"  \"machineType\": \"projects/100006/machineTypes/e2-standard-2\",\n"
	"  \"name\": \"node%1$u\",\n"
	"  \"networkInterfaces\": [{\"accessConfigs\": [],\n"
	"   \"dhcpv6Refresh\": \"221972679294460898%1$u\",\n"
	"   \"dnsServers\": [\"2001:db8:53::53\"],\n"
	"   \"forwardedIpv6s\": [%4$s],\n"
	"   \"gatewayIpv6\": \"%2$s\",\n"
	"   \"ipv6\": [\"2001:db8:10:0:%1$u::1/96\"],\n"
	"   \"ipv6s\": [\"2001:db8:10:0:%1$u:0:0:1\"],\n"
	"   \"mac\": \"42:01:0a:80:00:%1$02x\", \"mtu\": %3$u,\n"
	"   \"network\": \"projects/100006/networks/shoot\"}],\n"
	"  \"zone\": \"projects/100006/zones/europe-west1-b\"},\n"
	" \"project\": {\"attributes\": {}, \"numericProjectId\": 100006,\n"
	"  \"projectId\": \"shoot6\"}}}}}";

/* The same where the node has no metadata: number of the node, link-local address of the
 * router. */
static const char own_yaml[] =
	"services: \"2001:db8:96::/112\"\n"
	"kubernetes: \"%3$s\"\n"
	"node: {name: node%1$u, address: \"2001:db8:10:0:%1$u::1\",\n"
	"  gateway: \"%2$s\", pods: \"2001:db8:10:0:%1$u::/112\", proxy: true}\n";

/**
 * gcp_cloud_find() - The cloud of a provider
 * @provider:	Its name; NULL: the first
 *
 * Return: cloud, or NULL
 */
const struct gcp_cloud *gcp_cloud_find(const char *provider)
{
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		if (!provider || strcmp(clouds[i].provider, provider) == 0)
			return &clouds[i];
	return NULL;
}

/**
 * gcp_cloud_names() - The providers there are, for a message
 * @out:	"'gcp' or ..." is appended
 */
void gcp_cloud_names(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		buf_printf(out, "%s'%s'", i ? " or " : "", clouds[i].provider);
}

/**
 * cloud_of() - The cloud of a lab
 * @lab:	Lab
 *
 * Return: cloud
 */
static const struct gcp_cloud *cloud_of(const struct lab *lab)
{
	const struct gcp_cloud *cloud = gcp_cloud_find(lab->provider);

	return cloud ? cloud : &clouds[0];
}

/* Words of a netsetup verb in the provider form. */
#define NETSETUP_WORDS(lab, verb)                                        \
	{                                                                \
		"netsetup", verb, "--provider", cloud_of(lab)->provider, \
			"--shoot", GCP_SHOOT,                            \
			cloud_of(lab)->nat64 ? "--nat64" : NULL,         \
			cloud_of(lab)->nat64, NULL                       \
	}

/**
 * gcp_nodes() - Number of nodes of a lab
 * @lab:	Lab
 *
 * Return: what --nodes says, or what the case likes
 */
unsigned int gcp_nodes(const struct lab *lab)
{
	return lab->nodes ? lab->nodes : GCP_NODES;
}

/**
 * add_forwards() - The addresses of load balancers that one node gets
 * @node:	Its number
 * @all:	Those of all nodes
 * @n:		Their number
 * @out:	Texts of JSON are appended
 */
static void add_forwards(unsigned int node, const struct gcp_forward *all,
			 size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].node == node)
			buf_printf(out, "%s\"%s\"", out->len ? ", " : "",
				   all[i].address);
}

/**
 * write_metadata() - The metadata service's configuration
 * @router:	Where it is to run
 * @nodes:	Number of nodes
 * @forwards:	Addresses of load balancers
 * @n_forwards:	Their number
 *
 * Return: 0, or a negative errno
 */
static int write_metadata(struct member *router, unsigned int nodes,
			  const struct gcp_forward *forwards, size_t n_forwards)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	buf_puts(
		&text,
		"{\"headers\": [{\"name\": \"Metadata-Flavor\","
		" \"value\": \"Google\"}],\n"
		"\"refuse\": [\"X-Forwarded-For\"], \"free\": [\"/\"],\n"
		"\"answer\": {\"Metadata-Flavor\": \"Google\",\n"
		" \"Server\": \"Metadata Server for VM\",\n"
		" \"X-XSS-Protection\": \"0\", \"X-Frame-Options\": \"SAMEORIGIN\"},\n"
		"\"keys\": \"kebab\", \"verbatim\": [\"attributes\"],\n"
		"\"instances\": [\n");
	for (unsigned int n = 1; n <= nodes; n++) {
		_cleanup_(buf_release) struct buf more = BUF_INIT;
		struct addr gateway;
		char ifname[16];

		(void)snprintf(ifname, sizeof(ifname), "n%u", n);
		r = member_link_local(router, ifname, &gateway);
		if (r < 0)
			return r;
		add_forwards(n, forwards, n_forwards, &more);
		buf_printf(&text, instance_json, n, ADDR_TEXT(&gateway),
			   GCP_MTU, buf_text(&more));
		buf_puts(&text, n < nodes ? ",\n" : "]}\n");
	}
	r = buf_error(&text);
	if (r < 0)
		return r;
	return member_write(router, GCP_CONFIG, buf_text(&text), 0644);
}

/**
 * version_of() - The Kubernetes a node's network is made for
 * @lab:	Lab
 *
 * Return: the one that runs there
 */
static const char *version_of(const struct lab *lab)
{
	return lab->outside && lab->outside->kubernetes ?
		       lab->outside->kubernetes :
		       GCP_KUBERNETES;
}

/**
 * write_shoot() - The document a node's network is made of, of the version that runs there
 * @node:	Node
 *
 * Return: 0, or an errno that was told to the user
 */
static int write_shoot(struct member *node)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	buf_printf(&text, shoot_yaml, version_of(node->lab));
	return member_write(node, GCP_SHOOT, buf_text(&text), 0644);
}

/**
 * give_address() - What a node has before netsetup comes
 * @node:	Node
 * @router:	The cloud
 * @n:		Number of the node
 *
 * The plan of the cluster; and where nobody tells it, its address and its way out.
 *
 * Return: 0, or an errno that was told to the user
 */
static int give_address(struct member *node, struct member *router,
			unsigned int n)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char ifname[16], address[ADDR_STRLEN];
	struct addr lla;
	int r;

	if (!cloud_of(node->lab)->onlink)
		return write_shoot(node);
	(void)snprintf(ifname, sizeof(ifname), "n%u", n);
	(void)snprintf(address, sizeof(address), "2001:db8:10:0:%u::1/128", n);
	r = member_link_local(router, ifname, &lla);
	buf_printf(&text, own_yaml, n, ADDR_TEXT(&lla), version_of(node->lab));
	if (r == 0)
		r = member_write(node, GCP_SHOOT, buf_text(&text), 0644);
	if (r == 0)
		r = member_sysctl(node, "net/ipv6/conf/eth0/accept_ra", "0");
	if (r == 0)
		r = member_addr_add(node, "eth0", address);
	return r < 0 ? r :
		       member_route_add(node, "default", ADDR_TEXT(&lla),
					"eth0", NULL);
}

/**
 * join_node() - A node with its cable, and what the cloud routes to it
 * @lab:	Lab
 * @router:	The cloud
 * @n:		Number of the node, from 1
 * @node_opts:	For its member, or NULL
 *
 * Return: 0, or an errno that was told to the user
 */
static int join_node(struct lab *lab, struct member *router, unsigned int n,
		     const struct member_opts *node_opts)
{
	char name[16], ifname[16], mac[18], mac_router[18], dst[ADDR_STRLEN];
	struct veth_opts opts = { .mtu = cloud_of(lab)->mtu,
				  .mac_a = mac_router,
				  .mac_b = mac };
	char gateway[ADDR_STRLEN];
	const char *via = NULL;
	struct member *node;
	struct addr lla;
	int r;

	(void)snprintf(name, sizeof(name), "node%u", n);
	(void)snprintf(ifname, sizeof(ifname), "n%u", n);
	(void)snprintf(mac, sizeof(mac), "42:01:0a:80:00:%02x", n);
	(void)snprintf(mac_router, sizeof(mac_router), "42:01:0a:80:ff:%02x",
		       n);
	r = lab_member_new(lab, name, MEMBER_NODE, NULL, node_opts, &node);
	if (r == 0)
		r = member_sysctl(node, NO_DAD, "0");
	if (r == 0)
		r = lab_veth(lab, router, ifname, node, "eth0", &opts);
	if (r == 0)
		r = member_link_local(node, "eth0", &lla);
	if (r < 0)
		return r;
	if (!cloud_of(lab)->onlink)
		via = addr_format(&lla, gateway);
	r = give_address(node, router, n);
	(void)snprintf(dst, sizeof(dst), "2001:db8:10:0:%u::1/128", n);
	if (r == 0)
		r = member_route_add(router, dst, via, ifname, NULL);
	if (r < 0)
		return r;
	(void)snprintf(dst, sizeof(dst), "2001:db8:10:0:%u::/112", n);
	return member_route_add(router, dst, via, ifname, NULL);
}

/**
 * start_radvd() - Router Advertisements as a cloud's router sends them
 * @router:	Where they come from
 * @nodes:	Number of nodes
 * @lifetime:	As a default router, seconds
 * @ret:	The daemon
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_radvd(struct member *router, unsigned int nodes,
		       unsigned int lifetime, struct daemon **ret)
{
	static const char *const argv[] = {
		"radvd",          "-n", "-m",   "stderr", "-C", GCP_RADVD, "-p",
		"/run/radvd.pid", "-u", "root", NULL
	};
	static const struct spawn_opts opts = { .ready = "started" };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	for (unsigned int n = 1; n <= nodes; n++)
		buf_printf(&text,
			   "interface n%u {\n"
			   "  AdvSendAdvert on;\n  AdvManagedFlag on;\n"
			   "  MinRtrAdvInterval 3;\n  MaxRtrAdvInterval 4;\n"
			   "  AdvDefaultLifetime %u;\n  AdvLinkMTU %u;\n"
			   "  RDNSS 2001:db8:53::53 { };\n"
			   "};\n",
			   n, lifetime, GCP_MTU);
	r = buf_error(&text);
	if (r == 0)
		r = member_write(router, GCP_RADVD, buf_text(&text), 0644);
	if (r < 0)
		return lab_fail(router->lab, r, "router advertisements");
	return member_spawn(router, argv, &opts, ret);
}

/**
 * start_pref64() - Router Advertisements that name the NAT64 prefix (RFC 8781)
 * @router:	Where they come from
 * @nodes:	Number of nodes
 * @lifetime:	As a default router, seconds
 * @ret:	The daemon
 *
 * The radvd of Debian 12 cannot say it. What the two say beside that is the same: they
 * are one router (RFC 4861 section 6.2.7).
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_pref64(struct member *router, unsigned int nodes,
			unsigned int lifetime, struct daemon **ret)
{
	static const char *const fixed[] = {
		"--managed",        "--mtu",           "1460",
		"--rdnss",          "2001:db8:53::53", "--pref64",
		"2001:db8:64::/96", "--lifetime",
	};
	static const struct spawn_opts opts = { .ready = "ready" };
	_cleanup_free_ const char **argv =
		calloc(2 * nodes + 3 + ARRAY_SIZE(fixed), sizeof(*argv));
	_cleanup_free_ char(*names)[16] = calloc(nodes, sizeof(*names));
	char seconds[16];
	size_t n = 0;

	if (!argv || !names)
		return lab_fail(router->lab, -ENOMEM, "router advertisements");
	argv[n++] = "fabric-ra";
	for (unsigned int i = 0; i < nodes; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "n%u", i + 1);
		argv[n++] = "--interface";
		argv[n++] = names[i];
	}
	(void)snprintf(seconds, sizeof(seconds), "%u", lifetime);
	memcpy(argv + n, fixed, sizeof(fixed));
	argv[n + ARRAY_SIZE(fixed)] = seconds;
	return member_spawn(router, argv, &opts, ret);
}

/**
 * count_nodes() - Number of nodes that are on their cables
 * @lab:	Lab
 *
 * Return: number
 */
static unsigned int count_nodes(const struct lab *lab)
{
	unsigned int n = 0;

	for (size_t i = 0; i < lab->n_members; i++)
		n += lab->members[i]->kind == MEMBER_NODE;
	return n;
}

/**
 * gcp_advertise() - Start the router's advertisements, anew if there are some
 * @lab:	Lab
 * @lifetime:	As a default router, seconds
 *
 * Return: 0 once they are sent, or an errno that was told to the user
 */
int gcp_advertise(struct lab *lab, unsigned int lifetime)
{
	struct member *router = lab_member(lab, "router");
	struct daemon *radvd, *pref64;
	unsigned int nodes = count_nodes(lab);
	int r;

	daemon_stop(member_daemon(router, "radvd"));
	daemon_stop(member_daemon(router, "fabric-ra"));
	r = start_radvd(router, nodes, lifetime, &radvd);
	if (r == 0)
		r = start_pref64(router, nodes, lifetime, &pref64);
	if (r == 0)
		r = daemon_wait(radvd, lab_deadline(20));
	return r < 0 ? r : daemon_wait(pref64, lab_deadline(20));
}

/**
 * start_services() - Metadata and Router Advertisements
 * @lab:	Lab
 * @router:	Where they run
 * @nodes:	Number of nodes
 *
 * Return: 0 once both serve, or an errno that was told to the user
 */
static int start_services(struct lab *lab, struct member *router,
			  unsigned int nodes)
{
	static const char *const metadata[] = {
		"fabric-metadata", "--listen", "fd20:ce::254", GCP_CONFIG, NULL,
	};
	static const struct spawn_opts opts = { .ready = "ready" };
	struct daemon *daemon;
	int r;

	if (cloud_of(lab)->onlink)
		return 0;
	r = write_metadata(router, nodes, NULL, 0);
	if (r < 0)
		return lab_fail(lab, r, "metadata of the nodes");
	r = member_spawn(router, metadata, &opts, &daemon);
	if (r == 0)
		r = gcp_advertise(lab, GCP_LIFETIME);
	return r < 0 ? r : daemon_wait(daemon, lab_deadline(20));
}

/**
 * wait_for_router() - Wait until a node has its default route from an advertisement
 * @node:	Node, its kernel in charge of advertisements
 * @deadline_ns: When to give up
 *
 * A machine that boots has it before its services start: the kernel solicits once its
 * link-local address has passed duplicate address detection, a second or two.
 *
 * Return: 0, or an errno that was told to the user
 */
static int wait_for_router(struct member *node, int64_t deadline_ns)
{
	static const char *const argv[] = { "ip",      "-6",    "route", "show",
					    "default", "proto", "ra",    NULL };

	for (;;) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		int r, status;

		r = member_run(node, argv, NULL, deadline_ns, &out, NULL,
			       &status);
		if (r < 0)
			return lab_fail(node->lab, r, "%s: routes", node->name);
		if (out.len)
			return 0;
		if (loop_now() > deadline_ns)
			return lab_fail(node->lab, -ETIMEDOUT,
					"%s: no router advertisement",
					node->name);
		(void)poll(NULL, 0, 50);
	}
}

/**
 * gcp_await_default() - Wait until every node has its default route, or has lost it
 * @lab:	Lab
 * @wanted:	Which of the two
 *
 * Return: 0, or an errno that was told to the user
 */
int gcp_await_default(struct lab *lab, bool wanted)
{
	static const char *const argv[] = { "ip",   "-6",      "route",
					    "show", "default", NULL };
	int64_t deadline = lab_deadline(20);

	for (size_t i = 0; i < lab->n_members;) {
		struct member *m = lab->members[i];
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		int r, status;

		if (m->kind != MEMBER_NODE) {
			i++;
			continue;
		}
		r = member_run(m, argv, NULL, deadline, &out, NULL, &status);
		if (r == 0 && loop_now() > deadline)
			r = -ETIMEDOUT;
		if (r < 0)
			return lab_fail(lab, r, "default route of '%s'",
					m->name);
		if ((out.len > 0) == wanted)
			i++;
		else
			(void)poll(NULL, 0, 50);
	}
	return 0;
}

/**
 * start_watches() - netsetup watch in every node: it answers for the node's pods
 * @lab:	Lab
 * @nodes:	Number of nodes
 *
 * Return: 0 once all do, or an errno that was told to the user
 */
static int start_watches(struct lab *lab, unsigned int nodes)
{
	const char *const argv[] = NETSETUP_WORDS(lab, "watch");
	static const struct spawn_opts opts = { .log = "netsetup-watch",
						.ready = "watching" };
	char name[16];
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= nodes; n++) {
		(void)snprintf(name, sizeof(name), "node%u", n);
		r = member_spawn(lab_member(lab, name), argv, &opts, NULL);
	}
	for (unsigned int n = 1; r == 0 && n <= nodes; n++) {
		(void)snprintf(name, sizeof(name), "node%u", n);
		r = daemon_wait(member_daemon(lab_member(lab, name), opts.log),
				lab_deadline(20));
	}
	return r;
}

/**
 * gcp_apply() - netsetup apply in every node at once
 * @lab:	Lab
 * @nodes:	Number of nodes
 *
 * Return: 0, or an errno that was told to the user in netsetup's own words
 */
int gcp_apply(struct lab *lab, unsigned int nodes)
{
	const char *const argv[] = NETSETUP_WORDS(lab, "apply");
	_cleanup_free_ struct lab_job *jobs = calloc(nodes, sizeof(*jobs));
	int r;

	if (!jobs)
		return lab_fail(lab, -ENOMEM, "netsetup apply");
	for (unsigned int n = 0; n < nodes; n++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "node%u", n + 1);
		jobs[n].member = lab_member(lab, name);
		jobs[n].argv = argv;
		r = cloud_of(lab)->onlink ?
			    0 :
			    wait_for_router(jobs[n].member, lab_deadline(20));
		if (r < 0)
			return r;
	}
	lab_step(lab, "setting the nodes up: netsetup apply --provider %s",
		 cloud_of(lab)->provider);
	r = lab_jobs(lab, jobs, nodes, lab_deadline(60));
	for (unsigned int n = 0; n < nodes; n++) {
		if (jobs[n].status != 0)
			(void)lab_fail(lab, 0, "%s: %s", jobs[n].member->name,
				       buf_text(&jobs[n].err));
		buf_release(&jobs[n].out);
		buf_release(&jobs[n].err);
	}
	return r < 0 || !cloud_of(lab)->onlink ? r : start_watches(lab, nodes);
}

/**
 * has_local() - Whether a node takes an address for its own
 * @node:	Node
 * @address:	The address
 *
 * Return: 1 or 0, or an errno
 */
static int has_local(struct member *node, const char *address)
{
	const char *const argv[] = { "ip",    "-6",    "route", "show",
				     "table", "local", address, NULL };
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	int status, r = member_run(node, argv, NULL, lab_deadline(10), &out,
				   NULL, &status);

	return r < 0 ? r : out.len > 0;
}

/**
 * settle_forward() - netsetup apply until a node has an address for its own, or no more
 * @node:	Node
 * @address:	Address of a load balancer
 * @on:		It is to have it
 *
 * The metadata service may need a moment to see that its data were replaced.
 *
 * Return: 0, or an errno that was told to the user
 */
static int settle_forward(struct member *node, const char *address, bool on)
{
	const char *const argv[] = NETSETUP_WORDS(node->lab, "apply");
	int64_t deadline = lab_deadline(20);
	int r;

	do {
		r = member_do(node, argv);
		if (r == 0)
			r = has_local(node, address);
		if (r < 0 || r == on)
			return r < 0 ? r : 0;
		(void)poll(NULL, 0, 50);
	} while (loop_now() < deadline);
	return lab_fail(node->lab, -ETIMEDOUT, "load balancer '%s' at '%s'",
			address, node->name);
}

/**
 * find_node() - Node of a number
 * @lab:	Lab
 * @n:		Number, from 1
 * @ifname:	Gets the router's cable to it
 *
 * Return: node
 */
static struct member *find_node(struct lab *lab, unsigned int n,
				char ifname[16])
{
	char name[16];

	(void)snprintf(name, sizeof(name), "node%u", n);
	(void)snprintf(ifname, 16, "n%u", n);
	return lab_member(lab, name);
}

/**
 * gcp_forward() - Send the address of a load balancer to a node
 * @lab:	Lab
 * @all:	All there are after this, for the metadata
 * @n:		Their number
 * @one:	The one that comes, or comes from another node
 *
 * The cloud tells the node by its metadata, and netsetup makes it its own.
 *
 * Return: 0 once the node has it, or an errno that was told to the user
 */
int gcp_forward(struct lab *lab, const struct gcp_forward *all, size_t n,
		const struct gcp_forward *one)
{
	struct member *router = lab_member(lab, "router"), *node;
	struct addr lla;
	char ifname[16];
	int r;

	node = find_node(lab, one->node, ifname);
	r = write_metadata(router, count_nodes(lab), all, n);
	if (r == 0)
		r = member_link_local(node, "eth0", &lla);
	if (r < 0)
		return lab_fail(lab, r, "load balancer '%s'", one->address);
	r = member_route_add(router, one->address, ADDR_TEXT(&lla), ifname,
			     NULL);
	return r < 0 ? r : settle_forward(node, one->address, true);
}

/**
 * gcp_unforward() - Send the address of a load balancer to a node no more
 * @lab:	Lab
 * @all:	All there are after this, for the metadata
 * @n:		Their number
 * @one:	The one that goes
 * @moved:	It is another node's already
 *
 * Return: 0 once the node has it no more, or an errno that was told to the user
 */
int gcp_unforward(struct lab *lab, const struct gcp_forward *all, size_t n,
		  const struct gcp_forward *one, bool moved)
{
	struct member *router = lab_member(lab, "router"), *node;
	char ifname[16];
	int r;

	node = find_node(lab, one->node, ifname);
	r = write_metadata(router, count_nodes(lab), all, n);
	if (r < 0)
		return lab_fail(lab, r, "load balancer '%s'", one->address);
	if (!moved)
		r = member_route_del(router, one->address, NULL, ifname, NULL);
	return r < 0 ? r : settle_forward(node, one->address, false);
}

/**
 * gcp_cloud() - The router with its services, and the nodes on their cables
 * @lab:	Lab
 * @nodes:	Number of nodes
 * @node_opts:	For the members they are, or NULL
 *
 * Return: 0, or an errno that was told to the user
 */
int gcp_cloud(struct lab *lab, unsigned int nodes,
	      const struct member_opts *node_opts)
{
	struct member *router;
	int r;

	lab_step(lab, "making the router and %u node%s", nodes,
		 nodes == 1 ? "" : "s");
	r = lab_member_new(lab, "router", MEMBER_ROUTER, NULL, NULL, &router);
	if (r == 0)
		r = member_sysctl(router, "net/ipv6/conf/all/forwarding", "1");
	if (r == 0)
		r = member_sysctl(router, NO_DAD, "0");
	if (r == 0)
		r = member_addr_add(router, "lo", "fd20:ce::254/128");
	for (unsigned int n = 1; r == 0 && n <= nodes; n++)
		r = join_node(lab, router, n, node_opts);
	return r < 0 ? r : start_services(lab, router, nodes);
}

/**
 * up() - Bring it up
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int up(struct lab *lab)
{
	int r = gcp_cloud(lab, gcp_nodes(lab), NULL);

	if (r < 0)
		return r;
	lab_step(lab, "waiting for router advertisements");
	return gcp_apply(lab, gcp_nodes(lab));
}

const struct lab_case case_gcp = {
	.name = "gcp",
	.summary = "two nodes of a GCP-shaped cloud, brought up by netsetup",
	.engine = "netns",
	.provider = "gcp",
	.min_nodes = 1,
	.max_nodes = GCP_NODES_MAX,
	.needs = needs,
	.verify = netsetup_verify,
	.up = up,
};
