/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What runs on every node: containerd, kubelet, kube-proxy; their files by netsetup.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Files of a node, each what `netsetup emit` prints. */
static const struct {
	const char *format, *type, *path;
} files[] = {
	{ "resolv.conf", NULL, "/etc/resolv.conf" },
	{ "hosts", NULL, "/etc/hosts" },
	{ "containerd", NULL, "/etc/containerd/config.toml" },
	{ "cni", "ptp", "/etc/cni/net.d/10-shoot6.conflist" },
	{ "kubelet", NULL, CLUSTER_ETC "/kubelet.yaml" },
	{ "kube-proxy", NULL, CLUSTER_ETC "/proxy.yaml" },
};
#define N_FILES ARRAY_SIZE(files)

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
	const char *argv[6];
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
				     files[i % N_FILES].format,
				     buf_text(&job->err));
		else
			r = member_write(job->member, files[i % N_FILES].path,
					 buf_text(&job->out), 0644);
	}
	return r;
}

/**
 * write_machine_id() - Tell a node from its like, as the kubelet wants it
 * @m:		Node
 * @n:		Its number
 *
 * Return: 0, or an errno that was told to the user
 */
static int write_machine_id(struct member *m, unsigned int n)
{
	char id[40];

	(void)snprintf(id, sizeof(id), "5007600000000000000000000000%04x\n", n);
	return member_write(m, "/etc/machine-id", id, 0444);
}

/**
 * cluster_configure_nodes() - Every file of every node
 * @c:		Cluster, its nodes' network applied
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_configure_nodes(struct cluster *c)
{
	size_t n = N_FILES * c->n_nodes;
	_cleanup_free_ struct lab_job *jobs = calloc(n, sizeof(*jobs));
	_cleanup_free_ struct emit_words *words = calloc(n, sizeof(*words));
	int r;

	if (!jobs || !words)
		return lab_fail(c->lab, -ENOMEM, "files of the nodes");
	for (size_t i = 0; i < n; i++) {
		size_t f = i % N_FILES;

		words[i] = (struct emit_words){
			{ "netsetup", "emit", files[f].format,
			  files[f].type ? "--type" : NULL, files[f].type, NULL }
		};
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
			r = write_machine_id(cluster_node(c, i), i);
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
 * start_kubelet() - Start the kubelet of a node
 * @c:		Cluster
 * @n:		Number of the node
 *
 * Return: 0, or an errno that was told to the user
 */
static int start_kubelet(struct cluster *c, unsigned int n)
{
	struct member *m = cluster_node(c, n);
	char ip[64], name[64];
	const char *const argv[] = {
		CLUSTER_BIN "/kubelet",
		"--config=" CLUSTER_ETC "/kubelet.yaml",
		"--kubeconfig=" CLUSTER_ETC "/kubelet.conf",
		"--root-dir=/var/lib/kubelet",
		ip,
		name,
		NULL,
	};
	struct daemon *d;
	int r;

	(void)snprintf(ip, sizeof(ip), "--node-ip=" CLUSTER_ADDRESS, n);
	(void)snprintf(name, sizeof(name), "--hostname-override=node%u", n);
	r = daemon_wait(member_daemon(m, "containerd"), lab_deadline(30));
	if (r == 0)
		r = member_spawn(m, argv, NULL, &d);
	return r < 0 ? r : cluster_guard(c, d);
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
	r = member_spawn(cluster_node(c, n), argv, NULL, &d);
	return r < 0 ? r : cluster_guard(c, d);
}

/**
 * cluster_start_kubelets() - Start kubelet and kube-proxy on every node
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_start_kubelets(struct cluster *c)
{
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++) {
		r = start_kubelet(c, n);
		if (r == 0)
			r = start_proxy(c, n);
	}
	return r;
}
