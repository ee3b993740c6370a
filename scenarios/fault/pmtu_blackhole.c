/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pmtu-blackhole: the router drops its own Packet Too Big messages
 *
 * The classic of ICMP filtered by type: small packets pass, connections hang with the
 * first full one (RFC 4890 section 4.3.1).
 */
#include "scenarios/fault/fault.h"

/**
 * forget_mtus() - Have nodes and pods forget the packet sizes they have learnt
 * @lab:	Lab
 *
 * What was learnt before lasts for ten minutes, and would hide the fault from pods whose
 * node has it.
 *
 * Return: 0, or an errno that was told to the user
 */
static int forget_mtus(struct lab *lab)
{
	static const char *const flush[] = { "ip",    "-6",    "route",
					     "flush", "cache", NULL };
	int r = 0;

	for (size_t i = 0; i < lab->n_members && r == 0; i++)
		if (lab->members[i]->vantage)
			r = member_do(lab->members[i], flush);
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
	static const char *const nft[] = { "nft", "-f", "/etc/ptb.nft", NULL };
	struct member *router = lab_member(lab, "router");
	int r;

	r = member_write(router, "/etc/ptb.nft",
			 "table ip6 ptb {\n"
			 "  chain out {\n"
			 "    type filter hook output priority 0;\n"
			 "    icmpv6 type packet-too-big drop\n"
			 "  }\n"
			 "}\n",
			 0644);
	if (r == 0)
		r = member_do(router, nft);
	return r < 0 ? r : forget_mtus(lab);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	static const char *const nft[] = { "nft", "delete", "table",
					   "ip6", "ptb",    NULL };

	return member_do(lab_member(lab, "router"), nft);
}

const struct fault fault_pmtu_blackhole = {
	.name = "pmtu-blackhole",
	.summary = "the router sends no Packet Too Big",
	.engine = "netns",
	.needs = { "inet6-small" },
	.inject = inject,
	.heal = heal,
	.cause = "pmtu-blackhole",
	.red = { "MTU-3" },
};
