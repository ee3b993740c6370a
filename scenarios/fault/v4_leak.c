/* SPDX-License-Identifier: Apache-2.0 */

/*
 * v4-leak: a pod has a second interface with IPv4 that leads out
 *
 * As a second CNI network, or a dual-stack default nobody has turned off, makes it.
 */
#include "scenarios/fault/fault.h"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	struct member *pod = lab_member(lab, "node1/a");
	struct member *inet4 = lab_member(lab, "inet4");
	int r;

	r = lab_veth(lab, pod, "leak", inet4, "leak", NULL);
	if (r == 0)
		r = member_addr_add(pod, "leak", "198.51.100.2/24");
	if (r == 0)
		r = member_addr_add(inet4, "leak", "198.51.100.1/24");
	return r < 0 ? r :
		       member_route_add(pod, "0.0.0.0/0", "198.51.100.1",
					"leak", NULL);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return member_link_del(lab_member(lab, "node1/a"), "leak");
}

const struct fault fault_v4_leak = {
	.name = "v4-leak",
	.summary = "a pod has a second interface with IPv4 that leads out",
	.engine = "netns",
	.needs = { "node1/a", "inet4" },
	.inject = inject,
	.heal = heal,
	.cause = "v4-leak",
	.red = { "ADR-3", "EGR-5" },
};
