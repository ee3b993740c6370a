/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: gcp - a GCP-shaped cloud, in the two steps that others put theirs between
 *
 * Each function tells the user itself why it failed. Node N is member "nodeN", its
 * address 2001:db8:10:0:N::1, its pods 2001:db8:10:0:N::/112.
 */

#include "scenarios/lab.h"

#define GCP_NODES_MAX 32 /* interfaces that fabric-ra takes */
/* What the router does, and how a node comes by its address: a row for each provider
 * whose cloud can be played. */
struct gcp_cloud {
	const char *provider; /* netsetup's profile */
	/* Nothing is routed to a node: the router has its addresses and its pods' on the
	 * link, and asks for each (NDP); nobody tells a node anything, its address and
	 * default route are there before netsetup is. Else metadata and RA tell. */
	bool onlink;
	unsigned int mtu; /* of the cables of nodes */
	/* Where nobody tells: the resolver, and the prefix of NAT64; NULL: metadata or RA */
	const char *nameserver, *nat64;
};
/* NULL: the first. Return: NULL where there is no such one. */
const struct gcp_cloud *gcp_cloud_find(const char *provider);
void gcp_cloud_names(struct buf *out); /* "'gcp' or ..." */

unsigned int gcp_nodes(const struct lab *lab);
/* The router with its services, and nodes without addresses on their cables. */
must_check int gcp_cloud(struct lab *lab, unsigned int nodes,
			 const struct member_opts *node_opts);
/* radvd, and a sender of what it cannot say; started anew if they run. Seconds. */
#define GCP_LIFETIME 30
must_check int gcp_advertise(struct lab *lab, unsigned int lifetime);
/* The address of a load balancer, and the node the cloud sends it to. @all: those there
 * are afterwards, for the metadata. */
struct gcp_forward {
	char address[ADDR_STRLEN];
	unsigned int node; /* from 1 */
};
must_check int gcp_forward(struct lab *lab, const struct gcp_forward *all,
			   size_t n, const struct gcp_forward *one);
/* @moved: it is another node's already. */
must_check int gcp_unforward(struct lab *lab, const struct gcp_forward *all,
			     size_t n, const struct gcp_forward *one,
			     bool moved);
/* Until each node has its default route again, or has lost it. */
must_check int gcp_await_default(struct lab *lab, bool wanted);
/* netsetup apply in each node, once it has heard its router. */
must_check int gcp_apply(struct lab *lab, unsigned int nodes);
