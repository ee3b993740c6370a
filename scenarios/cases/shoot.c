/* SPDX-License-Identifier: Apache-2.0 */

/*
 * shoot: a real Kubernetes cluster on the GCP-shaped cloud of case gcp
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/fabric/fabric.h"
#include "scenarios/kube/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define NODES_S 120 /* until all nodes are ready, then until CoreDNS is */

static const char *const needs[] = {
	"etcd",  "containerd", "runc", "ctr",   "ptp", "host-local", "portmap",
	"radvd", "unbound",    "nsd",  "tayga", "nft", NULL,
};

/* Sysctls of the whole machine that a kubelet writes: it finds what it wants and leaves
 * them alone. */
static const struct member_fixed fixed[] = {
	{ "proc/sys/vm/overcommit_memory", "1" },
	{ "proc/sys/vm/panic_on_oom", "0" },
	{ "proc/sys/kernel/panic", "10" },
	{ "proc/sys/kernel/panic_on_oops", "1" },
	{ "proc/sys/kernel/keys/root_maxkeys", "1000000" },
	{ "proc/sys/kernel/keys/root_maxbytes", "25000000" },
	{ NULL, NULL },
};

/* On a real disk: containerd's overlays cannot stand on another. */
static const struct member_bind binds[] = {
	{ CLUSTER_BIN, CLUSTER_BIN, .read_only = true },
	{ "containerd", "/var/lib/containerd" },
	{ "kubelet", "/var/lib/kubelet" },
	{ "etcd", "/var/lib/etcd" },
	/* The machine's plugins and ours in one folder, see cluster_link_plugins(). */
	{ "/opt/cni/bin", "/opt/cni/machine", .read_only = true },
	{ "cni", "/opt/cni/bin" },
	{ NULL, NULL },
};

static const struct member_opts node_opts = {
	.cgroup = true,
	.shared = true,
	.binds = binds,
	.fixed = fixed,
};

/**
 * start_nodes() - The nodes' networks, files and container runtimes
 * @c:		Cluster, its members made
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_nodes(struct cluster *c)
{
	int r = gcp_apply(c->lab, c->n_nodes);

	if (r == 0)
		r = cluster_link_plugins(c);
	if (r == 0)
		r = cluster_configure_nodes(c);
	return r < 0 ? r : cluster_start_runtimes(c);
}

/**
 * start_internet() - What is beyond the cloud
 * @lab:	Lab
 *
 * Return: 0 once it is started, or an errno that was told to the user
 */
static int start_internet(struct lab *lab)
{
	int r = fabric_internet(lab, lab_member(lab, "router"));

	if (r == 0)
		r = fabric_plain_resolver(lab);
	return r < 0 ? r : fabric_answer(lab);
}

/**
 * start_rest() - Once the API serves: what needs it
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_rest(struct cluster *c)
{
	bool pods = c->outside->static_pods;
	int r;

	lab_step(c->lab, "waiting for the API server");
	r = cluster_open_api(c);
	if (r == 0 && !pods)
		r = cluster_start(c, COMPONENT_MANAGER);
	if (r == 0)
		r = cluster_objects(c);
	for (unsigned int n = c->n_nodes; r == 0 && n > (pods ? 1 : 0); n--)
		r = cluster_start_kubelet(c, n);
	if (r == 0)
		r = cluster_wait_api(c);
	if (r == 0 && !pods)
		r = cluster_start(c, COMPONENT_SCHEDULER);
	if (r == 0)
		r = cluster_start_proxies(c);
	return r < 0 ? r : cluster_services(c);
}

/**
 * start_all() - Start the cloud and all programs, in the order of who needs whom
 * @c:		Cluster
 *
 * As processes etcd and the API server are first, for they take longest and need no
 * network but lo; as static pods they need the node's runtime and kubelet.
 *
 * Return: 0 once all are started, or an errno that was told to the user
 */
static int start_all(struct cluster *c)
{
	bool pods = c->outside->static_pods;
	int r;

	r = gcp_cloud(c->lab, c->n_nodes, &node_opts);
	if (r < 0)
		return r;
	c->control = cluster_node(c, 1);
	r = cluster_identities(c);
	if (r == 0)
		r = cluster_give_control(c);
	if (r == 0)
		r = cluster_write_policy(c);
	if (r == 0 && pods)
		r = cluster_write_manifests(c);
	if (r == 0 && !pods)
		r = cluster_start(c, COMPONENT_ETCD);
	if (r == 0 && !pods)
		r = cluster_start(c, COMPONENT_API);
	if (r == 0)
		r = start_nodes(c);
	if (r == 0 && pods)
		r = cluster_start_kubelet(c, 1);
	if (r == 0)
		r = start_internet(c->lab);
	return r < 0 ? r : start_rest(c);
}

/**
 * up() - Bring it up
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int up(struct lab *lab)
{
	struct cluster *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->lab = lab;
	c->outside = lab->outside->data;
	c->n_nodes = c->outside->nodes;
	c->forwarder = (struct proc)PROC_INIT;
	c->balancer = (struct proc)PROC_INIT;
	c->guard_fd = epoll_create1(EPOLL_CLOEXEC);
	if (c->guard_fd < 0)
		return lab_fail(lab, -errno, "cluster");
	lab->data = c;
	r = start_all(c);
	if (r == 0)
		r = cluster_wait_nodes(c, lab_deadline(NODES_S));
	if (r == 0)
		r = cluster_wait_dns(c, lab_deadline(NODES_S));
	if (r == 0)
		r = fabric_wait(lab);
	if (r == 0)
		r = cluster_wait_name(c, lab_deadline(NODES_S));
	if (r == 0)
		r = cluster_check_v4(c);
	/* Where metadata can tell a node of its addresses. */
	if (r == 0 && !gcp_cloud_find(lab->provider)->onlink)
		r = cluster_balance(c);
	return r < 0 ? r : cluster_forward(c);
}

/**
 * status() - What `status --json` says beside the members
 * @lab:	Lab
 * @status:	Members are added
 */
static void status(const struct lab *lab, struct json *status)
{
	const struct cluster *c = lab->data;
	struct json *j = json_set_object(status, "kubernetes");

	json_set_string(j, "version", c->outside->bin.version);
	json_set_string(j, "control_plane",
			c->outside->static_pods ? "static-pods" : "processes");
	json_set_string(j, "programs", c->outside->bin.dir);
	json_set_string(j, "kubeconfig", c->outside->kubeconfig);
	json_set_format(j, "server", "https://[::1]:%u", c->outside->port);
}

const struct lab_case case_shoot = {
	.name = "shoot",
	.summary = "a real IPv6-only Kubernetes cluster on a GCP-shaped cloud",
	.engine = "kubernetes",
	.provider = "gcp",
	.profile = "ipv6-only-nat64",
	.min_nodes = 1,
	.max_nodes = GCP_NODES_MAX,
	.variants = true,
	.needs_tun = true,
	.needs_root = true,
	.needs = needs,
	.prepare = cluster_prepare,
	.up = up,
	.status = status,
};
