/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ra-ignored-forwarding: the nodes forward, and no longer heed Router Advertisements
 *
 * What a node looks like where somebody sets forwarding without accept_ra=2: the kernel
 * drops the default route it had learnt at once (ip-sysctl, accept_ra).
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/fault/fault.h"

/**
 * set_nodes() - Set accept_ra of every node
 * @lab:	Lab
 * @accept_ra:	Value
 * @forwarding:	Value written anew after it, NULL: left alone
 *
 * Return: 0, or an errno that was told to the user
 */
static int set_nodes(struct lab *lab, const char *accept_ra,
		     const char *forwarding)
{
	static const char *const flush[] = { "ip",    "-6", "route", "flush",
					     "proto", "ra", NULL };
	int r = 0;

	for (size_t i = 0; i < lab->n_members && r == 0; i++) {
		struct member *m = lab->members[i];

		if (m->kind != MEMBER_NODE)
			continue;
		r = member_sysctl(m, "net/ipv6/conf/eth0/accept_ra", accept_ra);
		if (r < 0 || !forwarding)
			continue;
		r = member_sysctl(m, "net/ipv6/conf/eth0/forwarding", "0");
		if (r == 0)
			r = member_sysctl(m, "net/ipv6/conf/eth0/forwarding",
					  forwarding);
		if (r == 0)
			r = member_do(m, flush);
	}
	return r;
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return set_nodes(lab, "1", "1");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	int r = set_nodes(lab, "2", NULL);

	/* The kernel does not solicit: the next advertisement brings it. */
	return r < 0 ? r : gcp_await_default(lab, true);
}

const struct fault fault_ra_ignored_forwarding = {
	.name = "ra-ignored-forwarding",
	.summary = "nodes have accept_ra=1 while they forward",
	.engine = "netns",
	.needs = { "router:radvd" },
	.inject = inject,
	.heal = heal,
	.cause = "ra-ignored-forwarding",
	.red = { "CFG-1", "RND-3", "RTE-1" },
	.blocked = { "RTE-2", "POD-2", "DNS-1", "EGR-1", "N64-2" },
};
