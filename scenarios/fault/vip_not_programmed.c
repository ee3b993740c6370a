/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vip-not-programmed: a node has no rules of services
 *
 * A kube-proxy that has crashed, or was told of IPv4 alone. Packets to a service's
 * address follow the default route like any other, and the first router that knows better
 * says so.
 */
#include "scenarios/fabric/fabric.h"
#include "scenarios/fault/fault.h"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return fabric_services(lab_member(lab, "node1"), false);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return fabric_services(lab_member(lab, "node1"), true);
}

const struct fault fault_vip_not_programmed = {
	.name = "vip-not-programmed",
	.summary = "node1 has no rules of services",
	.engine = "netns",
	.needs = { "node1/dns" },
	.inject = inject,
	.heal = heal,
	.cause = "vip-not-programmed",
	.red = { "SVC-1" },
	.blocked = { "SVC-2", "DNS-1", "EGR-1", "N64-3" },
};
