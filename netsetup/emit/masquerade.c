/* SPDX-License-Identifier: Apache-2.0 */

/*
 * masquerade: nftables rules for pods whose addresses nobody outside routes
 *
 * A table of its own, replaced as a whole. Traffic to other pods, and to services, keeps
 * its source; what leaves by the uplink gets the node's address.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the rules
 * @h:		Hints; the node's pods and the uplink are needed
 * @args:	Nothing of it
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const struct prefix *cluster = &h->cluster_cidr;

	if (!addr_is_set(&h->pod_cidr.addr))
		return emit_missing(args, "nft-masquerade", "pod_cidr");
	if (!*h->uplink)
		return emit_missing(args, "nft-masquerade", "uplink");
	if (!addr_is_set(&cluster->addr))
		cluster = &h->pod_cidr;
	buf_printf(out,
		   "table ip6 netsetup_masquerade {}\n"
		   "delete table ip6 netsetup_masquerade\n"
		   "table ip6 netsetup_masquerade {\n"
		   "\tchain postrouting {\n"
		   "\t\ttype nat hook postrouting priority srcnat;\n"
		   "\t\tip6 saddr %s ip6 daddr != %s oifname \"%s\" "
		   "masquerade fully-random\n"
		   "\t}\n"
		   "}\n",
		   PREFIX_TEXT(&h->pod_cidr), PREFIX_TEXT(cluster), h->uplink);
	return buf_error(out);
}

const struct emit_format emit_masquerade = {
	.name = "nft-masquerade",
	.summary = "nftables rules that give pods the node's address outside",
	.path = "/etc/nftables.d/netsetup-masquerade.nft",
	.emit = emit,
};
