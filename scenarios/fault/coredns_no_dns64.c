/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coredns-no-dns64: the cluster's DNS lost its line 'dns64', and its upstream does none
 *
 * What an update of the cluster's add-ons does that brings the usual Corefile back.
 */
#include "scenarios/fabric/fabric.h"
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <errno.h>

/**
 * set_corefile() - Give CoreDNS another configuration, start it anew
 * @lab:	Lab
 * @type:	"dns64", "forward"
 *
 * Return: 0 once it is available, or an errno that was told to the user
 */
static int set_corefile(struct lab *lab, const char *type)
{
	struct cluster *c = lab->data;
	int r = cluster_corefile(c, type, FABRIC_PLAIN);

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
	return set_corefile(lab, "forward");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return set_corefile(lab, "dns64");
}

const struct fault fault_coredns_no_dns64 = {
	.name = "coredns-no-dns64",
	.summary = "CoreDNS does no DNS64, nor does its upstream",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "dns64-absent",
	.red = { "DNS-4" },
	.blocked = { "N64-1", "N64-3" },
};
