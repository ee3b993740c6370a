/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: clat - IPv4 for programs that know nothing else (RFC 6877), decided from hints
 *
 * Pure: says which addresses and MTU a CLAT on this node would have, or why it can have
 * none. Nothing is started here; `netsetup emit clat` prints a configuration of tayga.
 */

#include "netsetup/hints.h"

struct clat {
	struct addr host4; /* what programs see (RFC 7335) */
	struct addr tayga4; /* the translator's own */
	struct addr
		host6; /* what the NAT64 sees; of the node, of nobody else */
	struct addr tayga6; /* the translator's own, for its ICMPv6 errors */
	struct prefix nat64;
	unsigned int mtu4; /* of the IPv4 side; 0: unknown */
};

must_check int clat_decide(const struct hints *h, struct clat *ret_clat,
			   const char **ret_why);
