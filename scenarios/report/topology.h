/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: topology - who is in a lab and what joins them, as reports draw it
 *
 * A copy of plain data, made from `scenario status --json`: members (name,
 * kind, node, addresses) and links ([{a, ifa, b, ifb, mtu}]). The owner ends it
 * by topology_release().
 */

#include "lib/json.h"

#define TOPOLOGY_ADDRESSES 4

struct topology_member {
	char name[64]; /* "router", "node1", "node1/a" */
	char kind[16]; /* "node", "pod", "router", "host" */
	char node[64]; /* of a pod, else "" */
	char label[96]; /* what it is for: "unbound + nsd"; or "" */
	char address[TOPOLOGY_ADDRESSES][64];
	size_t n_addresses;
};

struct topology_link {
	char a[64], b[64]; /* members */
	char ifa[16], ifb[16];
	unsigned int mtu; /* bytes; 0 not known */
};

struct topology {
	struct topology_member *members;
	size_t n_members;
	struct topology_link *links;
	size_t n_links;
};

must_check int topology_from_json(const struct json *status,
				  struct topology *ret);
struct json *topology_to_json(const struct topology *t);
void topology_release(struct topology *t);
const struct topology_member *topology_find(const struct topology *t,
					    const char *name_or_address);
