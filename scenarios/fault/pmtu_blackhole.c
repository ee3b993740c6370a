/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pmtu-blackhole: the router drops its own Packet Too Big messages
 *
 * The classic of ICMP filtered by type: small packets pass, connections hang with the
 * first full one (RFC 4890 section 4.3.1).
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
	return r < 0 ? r : member_do(router, nft);
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
	.inject = inject,
	.heal = heal,
	.cause = "pmtu-blackhole",
};
