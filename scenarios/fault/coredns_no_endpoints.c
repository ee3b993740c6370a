/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coredns-no-endpoints: the cluster's DNS watches no EndpointSlices
 *
 * An option that saves memory in large clusters. Services have their addresses still, for
 * they are the services' own; headless ones, which are their pods, have none.
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
	return cluster_break_dns(lab->data, "pods insecure\n",
				 "pods insecure\n        noendpoints\n");
}

const struct fault fault_coredns_no_endpoints = {
	.name = "coredns-no-endpoints",
	.summary = "CoreDNS does not know the pods behind services",
	.engine = "kubernetes",
	.inject = inject,
	.heal = cluster_mend_dns,
	.cause = "dns-records",
	.red = { "DNS-3" },
};
