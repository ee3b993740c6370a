/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coredns-no-dns64: the cluster's DNS lost its line 'dns64', and its upstream does none
 *
 * What an update of the cluster's add-ons does that brings the usual Corefile back.
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
	return cluster_break_dns(lab->data, "    dns64 2001:db8:64::/96\n", "");
}

const struct fault fault_coredns_no_dns64 = {
	.name = "coredns-no-dns64",
	.summary = "CoreDNS does no DNS64, nor does its upstream",
	.engine = "kubernetes",
	.inject = inject,
	.heal = cluster_mend_dns,
	.cause = "dns64-absent",
	.red = { "DNS-4" },
	.blocked = { "N64-1", "N64-3" },
};
