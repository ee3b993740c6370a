/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What runs on every node: containerd, kubelet, kube-proxy; their files by netsetup.
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Files of a node, each what `netsetup emit` prints. */
static const struct {
	const char *path, *words[4];
} files[] = {
	{ "/etc/resolv.conf", { "resolv.conf" } }, /* the first: see below */
	{ "/etc/hosts", { "hosts" } },
	{ "/etc/containerd/config.toml", { "containerd" } },
	{ "/etc/cni/net.d/10-shoot6.conflist",
	  { "cni", "--type", "ptp", "settled=yes" } },
	{ CLUSTER_ETC "/kubelet.yaml", { "kubelet", "changes=Get" } },
	{ CLUSTER_ETC "/proxy.yaml", { "kube-proxy", "sync=100ms" } },
};
#define N_FILES       ARRAY_SIZE(files)
#define CONTROL_TAINT "node-role.kubernetes.io/control-plane:NoSchedule"

/**
 * cluster_node() - Node of a number
 * @c:		Cluster
 * @n:		From 1
 *
 * Return: member
 */
struct member *cluster_node(const struct cluster *c, unsigned int n)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "node%u", n);
	return lab_member(c->lab, name);
}

/* Words of one `netsetup emit`. */
struct emit_words {
	const char *argv[7];
};

/**
 * write_files() - Put what the jobs have printed where it belongs
 * @c:		Cluster
 * @jobs:	N_FILES for each node, in the order of the table
 * @n:		Their number
 *
 * Return: 0, or an errno that was told to the user
 */
static int write_files(struct cluster *c, struct lab_job *jobs, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct lab_job *job = &jobs[i];

		if (job->status)
			r = lab_fail(c->lab, -EIO, "%s: netsetup emit %s: %s",
				     job->member->name,
				     files[i % N_FILES].words[0],
				     buf_text(&job->err));
		else
			r = member_write(job->member, files[i % N_FILES].path,
					 buf_text(&job->out), 0644);
	}
	return r;
}

/**
 * write_extras() - What a kubelet wants beside its configuration
 *
 * A name that tells a node from its like, and the folder of static pods: it looks for
 * that every second as long as it is not there. And what probes of the node itself need,
 * for a user's look at one that the cluster has lost.
 *
 * @m:		Node
 * @n:		Its number
 *
 * Return: 0, or an errno that was told to the user
 */
static int write_extras(struct member *m, unsigned int n)
{
	char id[40], targets[96];
	int r = member_write(m, CLUSTER_ETC "/manifests/.keep", "", 0644);

	if (r < 0)
		return r;
	(void)snprintf(targets, sizeof(targets),
		       "{\"version\": 1, \"profile\": \"ipv6-only-nat64\","
		       " \"node\": \"node%u\"}\n",
		       n);
	r = member_write(m, "/etc/shoot6/targets.json", targets, 0644);
	if (r < 0)
		return r;
	(void)snprintf(id, sizeof(id), "5007600000000000000000000000%04x\n", n);
	return member_write(m, "/etc/machine-id", id, 0444);
}

/**
 * link_plugins() - Links to all CNI plugins of a node, in one folder
 * @dir:	The folder, as the holder sees it
 *
 * Return: 0, or an errno
 */
static int link_plugins(const char *dir)
{
	_cleanup_closedir_ DIR *plugins = opendir("/opt/cni/bin");
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	if (!plugins || fd < 0)
		return -errno;
	while ((e = readdir(plugins))) {
		char target[300];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(target, sizeof(target), "../machine/%s",
			       e->d_name);
		if (symlinkat(target, fd, e->d_name) < 0)
			return -errno;
	}
	return symlinkat("/opt/shoot6/bin/cni-settled", fd, "cni-settled") < 0 ?
		       -errno :
		       0;
}

/**
 * cluster_link_plugins() - Give every node the machine's CNI plugins and ours
 * @c:		Cluster, its nodes made
 *
 * A container runtime looks into one folder.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_link_plugins(struct cluster *c)
{
	char dir[128];
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++) {
		(void)snprintf(dir, sizeof(dir), "%.60s/members/node%u/cni",
			       c->lab->dir, n);
		r = link_plugins(dir);
	}
	return r < 0 ? lab_fail(c->lab, r, "CNI plugins in '%s'", dir) : 0;
}

/**
 * cluster_configure_nodes() - Every file of every node
 * @c:		Cluster, its nodes' network applied
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_configure_nodes(struct cluster *c)
{
	const char *one = gcp_cloud_find(c->lab->provider)->nameserver;
	size_t n = N_FILES * c->n_nodes;
	char nameserver[80] = "";
	_cleanup_free_ struct lab_job *jobs = calloc(n, sizeof(*jobs));
	_cleanup_free_ struct emit_words *words = calloc(n, sizeof(*words));
	int r;

	if (!jobs || !words)
		return lab_fail(c->lab, -ENOMEM, "files of the nodes");
	if (one)
		(void)snprintf(nameserver, sizeof(nameserver), "nameserver=%s",
			       one);
	for (size_t i = 0; i < n; i++) {
		size_t f = i % N_FILES;

		words[i] = (struct emit_words){ { "netsetup", "emit" } };
		memcpy(words[i].argv + 2, files[f].words,
		       sizeof(files[f].words));
		if (f == 0 && nameserver[0])
			words[i].argv[3] = nameserver;
		jobs[i].member =
			cluster_node(c, (unsigned int)(i / N_FILES) + 1);
		jobs[i].argv = words[i].argv;
	}
	r = lab_jobs(c->lab, jobs, n, lab_deadline(60));
	r = r == 0 || r == -EIO ? write_files(c, jobs, n) : r;
	for (size_t i = 0; i < n; i++) {
		buf_release(&jobs[i].out);
		buf_release(&jobs[i].err);
	}
	for (unsigned int i = 1; r == 0 && i <= c->n_nodes; i++) {
		r = cluster_give_node(c, i);
		if (r == 0)
			r = write_extras(cluster_node(c, i), i);
	}
	return r;
}

/**
 * cluster_start_runtimes() - Start containerd on every node
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_start_runtimes(struct cluster *c)
{
	static const char *const argv[] = { "containerd", NULL };
	static const struct spawn_opts opts = {
		.ready = "containerd successfully booted"
	};
	struct daemon *d;
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++) {
		r = member_spawn(cluster_node(c, n), argv, &opts, &d);
		if (r == 0)
			r = cluster_guard(c, d);
	}
	return r;
}

/**
 * start_kubelet() - Start the kubelet of a node, once its containerd serves
 * @c:		Cluster
 * @n:		Number of the node
 * @node_ip:	Tell it which address is the node's
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_kubelet(struct cluster *c, unsigned int n, bool node_ip)
{
	struct member *m = cluster_node(c, n);
	char ip[64], name[64];
	const char *const argv[] = {
		CLUSTER_BIN "/kubelet",
		"--config=" CLUSTER_ETC "/kubelet.yaml",
		"--kubeconfig=" CLUSTER_ETC "/kubelet.conf",
		"--root-dir=/var/lib/kubelet",
		name,
		node_ip ? ip : "--v=0",
		/* For a node that registers itself; else its object says it. */
		n == 1 && c->n_nodes > 1 ?
			"--register-with-taints=" CONTROL_TAINT :
			NULL,
		NULL,
	};
	struct daemon *d;
	int r;

	(void)snprintf(ip, sizeof(ip), "--node-ip=" CLUSTER_ADDRESS, n);
	(void)snprintf(name, sizeof(name), "--hostname-override=node%u", n);
	r = daemon_wait(member_daemon(m, "containerd"), lab_deadline(60));
	if (r == 0)
		r = member_spawn(m, argv, &cluster_spawn, &d);
	return r < 0 ? r : cluster_guard(c, d);
}

/**
 * cluster_start_kubelet() - Start the kubelet of a node
 * @c:		Cluster
 * @n:		Number of the node
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_start_kubelet(struct cluster *c, unsigned int n)
{
	return start_kubelet(c, n, true);
}

/**
 * cluster_restart_kubelet() - End the kubelet of a node and start it; its pods run on
 * @c:		Cluster
 * @n:		Number of the node
 * @node_ip:	Tell it which address is the node's
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_restart_kubelet(struct cluster *c, unsigned int n, bool node_ip)
{
	struct daemon *d = member_daemon(cluster_node(c, n), "kubelet");

	if (d)
		cluster_unguard(c, d);
	daemon_stop(d);
	return start_kubelet(c, n, node_ip);
}

/**
 * start_proxy() - Start kube-proxy on a node
 * @c:		Cluster
 * @n:		Number of the node
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_proxy(struct cluster *c, unsigned int n)
{
	char name[64];
	const char *const argv[] = {
		CLUSTER_BIN "/kube-proxy",
		"--config=" CLUSTER_ETC "/proxy.yaml",
		name,
		NULL,
	};
	struct daemon *d;
	int r;

	(void)snprintf(name, sizeof(name), "--hostname-override=node%u", n);
	r = member_spawn(cluster_node(c, n), argv, &cluster_spawn, &d);
	return r < 0 ? r : cluster_guard(c, d);
}

/**
 * cluster_restart_proxy() - Start a node's kube-proxy anew
 * @c:		Cluster
 * @n:		Number of the node
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_restart_proxy(struct cluster *c, unsigned int n)
{
	struct daemon *d = member_daemon(cluster_node(c, n), "kube-proxy");

	if (d)
		cluster_unguard(c, d);
	daemon_stop(d);
	return start_proxy(c, n);
}

/**
 * cluster_start_proxies() - Start kube-proxy on every node
 * @c:		Cluster
 *
 * The control plane's comes last: the pods that are waited for run elsewhere.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_start_proxies(struct cluster *c)
{
	int r = 0;

	for (unsigned int n = c->n_nodes; r == 0 && n >= 1; n--)
		r = start_proxy(c, n);
	return r;
}
