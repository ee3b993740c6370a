/* SPDX-License-Identifier: Apache-2.0 */

/*
 * nat64-no-route: the router has lost its route to the NAT64 prefix
 *
 * Seen where a cloud keeps a route table per zone and one lacks the entry. DNS64 goes on
 * answering, which is why people look there first.
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
	return member_route_del(lab_member(lab, "router"), "2001:db8:64::/96",
				"2001:db8:5::2", "nat64", NULL);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return member_route_add(lab_member(lab, "router"), "2001:db8:64::/96",
				"2001:db8:5::2", "nat64", NULL);
}

const struct fault fault_nat64_no_route = {
	.name = "nat64-no-route",
	.summary = "the router has no route to the NAT64 prefix",
	.needs = { "nat64" },
	.inject = inject,
	.heal = heal,
	.cause = "nat64-no-route",
	.red = { "N64-2" },
	.blocked = { "N64-3", "MTU-5" },
};
