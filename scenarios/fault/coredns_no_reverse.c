/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coredns-no-reverse: the cluster's DNS serves no reverse zone
 *
 * What a Corefile of an IPv4 cluster has become after somebody named in-addr.arpa alone, or
 * took both out: names lead to addresses, addresses to NXDOMAIN of an upstream.
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
	return cluster_break_dns(lab->data, " in-addr.arpa ip6.arpa", "");
}

const struct fault fault_coredns_no_reverse = {
	.name = "coredns-no-reverse",
	.summary = "CoreDNS has no reverse zones",
	.engine = "kubernetes",
	.inject = inject,
	.heal = cluster_mend_dns,
	.cause = "dns-reverse-absent",
	.red = { "DNS-3" },
};
