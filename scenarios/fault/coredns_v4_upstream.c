/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coredns-v4-upstream: the cluster's DNS forwards to an IPv4 address
 *
 * What a resolv.conf of another cloud brings along: names of the cluster work, all others
 * end in SERVFAIL, for a pod has no way to an IPv4 address.
 */
#include "scenarios/fabric/fabric.h"
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
	return cluster_break_dns(lab->data, FABRIC_PLAIN, "203.0.113.53");
}

const struct fault fault_coredns_v4_upstream = {
	.name = "coredns-v4-upstream",
	.summary = "CoreDNS forwards to an IPv4 address",
	.engine = "kubernetes",
	.inject = inject,
	.heal = cluster_mend_dns,
	.cause = "dns-upstream-v4",
	.red = { "DNS-4", "EGR-1" },
};
