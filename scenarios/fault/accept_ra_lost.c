/* SPDX-License-Identifier: Apache-2.0 */

/*
 * accept-ra-lost: a node forwards, and no longer heeds Router Advertisements
 *
 * What somebody's sysctl.d does to a node of a cluster, or a CNI that turns forwarding
 * on: the kernel drops the default route at once (ip-sysctl, accept_ra), the kubelet
 * reaches the API server no more, and after the grace period the node is not ready. The
 * API cannot tell why: the node itself has to be asked.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#define CONF "net/ipv6/conf/eth0/"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	static const char *const flush[] = { "ip",    "-6", "route", "flush",
					     "proto", "ra", NULL };
	struct cluster *c = lab->data;
	struct member *m = cluster_node(c, 2);
	int r = member_sysctl(m, CONF "accept_ra", "1");

	if (r == 0)
		r = member_sysctl(m, CONF "forwarding", "0");
	if (r == 0)
		r = member_sysctl(m, CONF "forwarding", "1");
	if (r == 0)
		r = member_do(m, flush);
	return r < 0 ? r :
		       cluster_wait_node(c, 2, cluster_node_ill,
					 "node2 to be missed by the cluster");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * The next advertisement brings the route back; a kubelet notices when it tries again.
 * kube-proxy and the CoreDNS of that node hear of no new service until their dead
 * connections are given up, up to a minute later: they are started anew, as they would be
 * with the node. The API server's way to the kubelet is only waited for.
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	struct cluster *c = lab->data;
	int r = member_sysctl(cluster_node(c, 2), CONF "accept_ra", "2");

	if (r == 0)
		r = cluster_wait_node(c, 2, cluster_node_well,
				      "node2 to be ready");
	if (r == 0)
		r = cluster_restart_proxy(c, 2);
	if (r == 0)
		r = cluster_wait_kubelet(c, 2, 0);
	return r < 0 ? r : cluster_restart_dns(c);
}

const struct fault fault_accept_ra_lost = {
	.name = "accept-ra-lost",
	.summary = "node2 has accept_ra=1 while it forwards",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "ra-ignored-forwarding",
	.red = { "RND-3", "RTE-1" },
	.blocked = { "RUN-1" },
};
