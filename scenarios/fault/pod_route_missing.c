/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pod-route-missing: the cloud does not deliver the pods of one node
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <string.h>

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return member_route_del(lab_member(lab, "router"),
				"2001:db8:10:0:2::/112", NULL, "n2", NULL);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * A CoreDNS on that node has lost its connection to the API server meanwhile.
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	struct member *node = lab_member(lab, "node2");
	struct addr lla;
	int r = member_link_local(node, "eth0", &lla);

	if (r == 0)
		r = member_route_add(lab_member(lab, "router"),
				     "2001:db8:10:0:2::/112", ADDR_TEXT(&lla),
				     "n2", NULL);
	return r < 0 || strcmp(lab->engine, "kubernetes") != 0 ?
		       r :
		       cluster_restart_dns(lab->data);
}

const struct fault fault_pod_route_missing = {
	.name = "pod-route-missing",
	.summary = "the router has no route to the pods of node2",
	.needs = { "node2" },
	.inject = inject,
	.heal = heal,
	.cause = "pod-route-missing",
	.red = { "RTE-2", "POD-2" },
	.blocked = { "POD-4", "DNS-1", "EGR-1", "N64-2" },
};
