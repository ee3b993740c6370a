/* SPDX-License-Identifier: Apache-2.0 */

/*
 * dns64-absent: the resolver answers as it should, but synthesises nothing
 */
#include "scenarios/fault/fault.h"
#include "scenarios/fabric/fabric.h"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	int r = fabric_dns64(lab, false);

	return r < 0 ? r : fabric_wait(lab);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	int r = fabric_dns64(lab, true);

	return r < 0 ? r : fabric_wait(lab);
}

const struct fault fault_dns64_absent = {
	.name = "dns64-absent",
	.summary = "the resolver does no DNS64",
	.engine = "netns",
	.needs = { "dns:unbound" },
	.inject = inject,
	.heal = heal,
	.cause = "dns64-absent",
	.red = { "DNS-4" },
	.blocked = { "N64-1", "N64-3" },
};
