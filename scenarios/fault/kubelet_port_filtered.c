/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kubelet-port-filtered: nobody reaches a node's kubelet any more
 *
 * A security group that was written for IPv4, or without the control plane. The kubelet
 * goes on reporting, for that is its own connection: the node is Ready, its pods run and
 * reach each other, and logs, exec and port-forward hang.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	static const char *const nft[] = { "nft", "-f", "/etc/kubelet.nft",
					   NULL };
	struct member *m = cluster_node(lab->data, 2);
	int r = member_write(m, "/etc/kubelet.nft",
			     "table ip6 kubelet {\n"
			     "  chain in {\n"
			     "    type filter hook input priority 0;\n"
			     "    tcp dport 10250 drop\n"
			     "  }\n"
			     "}\n",
			     0644);

	return r < 0 ? r : member_do(m, nft);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	static const char *const nft[] = { "nft", "delete",  "table",
					   "ip6", "kubelet", NULL };
	int r = member_do(cluster_node(lab->data, 2), nft);

	return r < 0 ? r : cluster_wait_kubelet(lab->data, 2, 0);
}

const struct fault fault_kubelet_port_filtered = {
	.name = "kubelet-port-filtered",
	.summary = "node2 drops what is for its kubelet's port",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "kubelet-unreachable",
	.red = { "API-3" },
	.blocked = { "API-3" },
};
