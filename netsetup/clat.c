/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/clat.h"

#include <errno.h>

/* An IPv6 header is 20 bytes longer than one of IPv4, and a packet that was fragmented,
 * or may be, gets a fragment header of 8 (RFC 7915 section 5.1). */
#define HEADERS 28

/* Number of the CLAT's address within the prefix it is taken from: "c1a7" is legible in
 * a capture, and far from what hands out addresses from below. */
#define CLAT_INDEX 0xc1a7

/**
 * pick_address() - Find an address that reaches the node and is nobody's
 * @h:		Hints
 * @ret_addr:	Address
 *
 * The node's prefix beyond its pods, where the provider routes it as a whole.
 *
 * Return: 0; -ENODATA where there is no room
 */
static int pick_address(const struct hints *h, struct addr *ret_addr)
{
	const struct prefix *n = &h->node_prefix, *pods = &h->pod_cidr;
	struct prefix next;

	if (!addr_is_set(&n->addr) || n->len > 112)
		return -ENODATA;
	if (!addr_is_set(&pods->addr) || !prefix_covers(n, pods)) {
		*ret_addr = prefix_nth(n, CLAT_INDEX);
		return addr_equal(ret_addr, &h->node_ip) ? -ENODATA : 0;
	}
	if (pods->len <= n->len || pods->len > 112)
		return -ENODATA;
	/* The pods are the first part of the node's prefix, or not: then the
	 * first part is free. */
	next = prefix_subnet(n, pods->len, 1);
	if (prefix_equal(&next, pods))
		next = prefix_subnet(n, pods->len, 0);
	if (prefix_contains(&next, &h->node_ip))
		return -ENODATA;
	*ret_addr = prefix_nth(&next, CLAT_INDEX);
	return 0;
}

/**
 * clat_decide() - Decide the addresses and the MTU of a CLAT
 * @h:		Hints
 * @ret_clat:	Result
 * @ret_why:	Where it fails: words, after the subject
 *
 * Return: 0; -ENODATA where a fact is missing or there is no address for it
 */
int clat_decide(const struct hints *h, struct clat *ret_clat,
		const char **ret_why)
{
	struct clat c = { .nat64 = h->nat64.prefix };
	int r;

	if (!addr_is_set(&h->nat64.prefix.addr)) {
		*ret_why = "no NAT64 prefix is known";
		return -ENODATA;
	}
	r = pick_address(h, &c.host6);
	if (r < 0) {
		*ret_why = "the node's prefix has no address to spare for it";
		return r;
	}
	if (addr_parse("192.0.0.1", &c.host4) < 0 ||
	    addr_parse("192.0.0.2", &c.tayga4) < 0)
		return -EINVAL;
	c.tayga6 = prefix_nth(&(struct prefix){ c.host6, 128 }, 1);
	c.mtu4 = h->mtu > HEADERS ? h->mtu - HEADERS : 0;
	*ret_clat = c;
	return 0;
}
