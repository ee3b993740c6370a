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
unsigned int gcp_nodes(const struct lab *lab);
/* The router with its services, and nodes without addresses on their cables. */
must_check int gcp_cloud(struct lab *lab, unsigned int nodes,
			 const struct member_opts *node_opts);
/* radvd, and a sender of what it cannot say; started anew if they run. Seconds. */
#define GCP_LIFETIME 30
must_check int gcp_advertise(struct lab *lab, unsigned int lifetime);
/* The address of a load balancer, and the node the cloud sends it to. */
struct gcp_forward {
	char address[ADDR_STRLEN];
	unsigned int node; /* from 1 */
};
must_check int gcp_forward(struct lab *lab, const struct gcp_forward *all,
			   size_t n, const struct gcp_forward *one, bool on);
/* Until each node has its default route again, or has lost it. */
must_check int gcp_await_default(struct lab *lab, bool wanted);
/* netsetup apply in each node, once it has heard its router. */
must_check int gcp_apply(struct lab *lab, unsigned int nodes);
