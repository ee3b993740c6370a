/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: shoot - the cluster's address plan: a Gardener Shoot, or a short form of it
 *
 * The short form is what a Shoot's networking says, without the rest:
 *
 *	pods: "2001:db8:1::/48"
 *	services: "2001:db8:96::/112"
 *	nodes: "2001:db8:10::/64"
 *	kubernetes: "1.33"
 *	domain: cluster.local
 *	node: {name: n1, address: "2001:db8:10::1", pods: "2001:db8:1::/64",
 *	       proxy: true}
 *
 * shoot_parse() is pure. Each problem is one line "FILE:LINE:COLUMN: words". struct
 * shoot is a plain value.
 */

#include "lib/addr.h"
#include "lib/buf.h"

struct shoot {
	struct prefix pods, services, nodes; /* family 0: not given */
	unsigned int node_mask; /* of a node's pods */
	unsigned int kubernetes; /* minor version; 0: unknown */
	char domain[254];
	/* What the short form says of this node. */
	char node_name[254];
	char uplink[16];
	struct addr node_address, node_gateway;
	struct prefix node_pods;
	bool node_proxy; /* the link's others ask for each pod: answer for them */
};

must_check int shoot_parse(const char *file, const char *text, size_t len,
			   bool pods_from_node, struct shoot *ret_shoot,
			   struct buf *errors, struct buf *warnings);
must_check int shoot_read(const char *path, bool pods_from_node,
			  struct shoot *ret_shoot, struct buf *errors,
			  struct buf *warnings);
