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

#include <errno.h>

/**
 * set_upstream() - Let CoreDNS ask somebody else, start it anew
 * @lab:	Lab
 * @upstream:	Address
 *
 * Return: 0 once it is available, or an errno that was told to the user
 */
static int set_upstream(struct lab *lab, const char *upstream)
{
	struct cluster *c = lab->data;
	int r = cluster_corefile(c, "dns64", upstream);

	lab_step(lab, "starting CoreDNS anew");
	return r < 0 ? r : cluster_restart_dns(c);
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return set_upstream(lab, "203.0.113.53");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return set_upstream(lab, FABRIC_PLAIN);
}

const struct fault fault_coredns_v4_upstream = {
	.name = "coredns-v4-upstream",
	.summary = "CoreDNS forwards to an IPv4 address",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "dns-upstream-v4",
	.red = { "DNS-4", "EGR-1" },
};
