/* SPDX-License-Identifier: Apache-2.0 */

/*
 * nat64-down: the translator takes packets and does nothing with them
 */
#include "scenarios/fault/fault.h"

#include <signal.h>

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return lab_signal(lab, "nat64", "tayga", SIGSTOP);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return lab_signal(lab, "nat64", "tayga", SIGCONT);
}

const struct fault fault_nat64_down = {
	.name = "nat64-down",
	.summary = "the NAT64 translator stands still",
	.engine = "kubernetes",
	.needs = { "nat64:tayga" },
	.inject = inject,
	.heal = heal,
	.cause = "nat64-down",
	.red = { "N64-3" },
};
