/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: targets - what there is to try: peers, services, the internet, and node facts
 *
 * Read from targets.json (of the lab, of the live runner, or written by a user) and
 * from the hints that netsetup leaves on the node. All strings belong to the JSON that
 * the struct owns; targets_release() ends everything. What a file does not name is
 * empty, and the checks that would need it are skipped.
 */

#include "lib/addr.h"
#include "lib/json.h"

#define SERVICE_ENDPOINTS 32

struct peer {
	const char *name;
	const char *kind; /* "pod", "node" */
	const char *node; /* that it runs on; its own name for a node */
	struct addr addr;
	uint16_t tcp, udp, http; /* ports; 0: none */
};

struct service {
	const char *name;
	struct addr vip;
	uint16_t port, node_port;
	const char *port_name; /* of a TCP port, for SRV; NULL: none */
	bool tcp, udp, http, hairpin;
	struct addr endpoints[SERVICE_ENDPOINTS];
	size_t n_endpoints;
};

/* A name that leads to the pods of a service, which has no address itself. */
struct headless {
	const char *name;
	struct addr endpoints[SERVICE_ENDPOINTS]; /* ready */
	size_t n_endpoints;
	bool all; /* there are no others */
};

struct site {
	const char *name; /* host name in DNS */
	struct addr addr; /* IPv4 for v4only */
	uint16_t tcp, udp, http, https;
};

struct node_target {
	const char *name;
	struct addr addr;
	struct prefix pod_cidr; /* .addr.family 0: not known */
};

/* The Kubernetes API as a pod knows it, and as its users know it. */
struct api_target {
	struct addr vip; /* of service 'kubernetes'; not set: no API */
	uint16_t port;
	char lookup[160]; /* its full name in DNS */
	const char *read; /* path that our Role permits, or NULL */
	/* API servers themselves, with no service between. */
	struct addr endpoints[SERVICE_ENDPOINTS];
	size_t n_endpoints;
	uint16_t endpoint_port;
	const char *token, *ca; /* files */
	const char *external_name; /* of its users, or NULL */
	struct addr external; /* where that is an address */
	uint16_t external_port;
	const char *external_ca; /* file */
};

struct sites {
	struct site *items;
	size_t n;
};

struct targets {
	struct json *json; /* the file */
	struct json *hints; /* or NULL */
	const char *node, *pod; /* of this vantage; pod NULL on the host */
	struct peer *peers;
	size_t n_peers;
	struct service *services;
	size_t n_services;
	struct headless *headless;
	size_t n_headless;
	struct node_target *nodes;
	size_t n_nodes;
	struct api_target api;
	struct sites v6, v6_small, v4only, dual;
	struct addr cluster_dns, resolver, authoritative, node_ip;
	const char *cluster_domain; /* never NULL */
	const char *ca; /* file, or NULL */
	struct prefix nat64; /* from the targets file; family 0: none */
	struct prefix hints_nat64;
	const char *hints_nat64_source; /* "pref64", "rfc7050", ... or NULL */
	struct prefix pod_cidr; /* of this node */
	unsigned int mtu; /* by the hints; 0: not known */
};

must_check int targets_parse(struct json *json, struct json *hints,
			     struct targets *ret, char error[160]);
must_check int targets_read(const char *path, const char *hints_path,
			    struct targets *ret, char error[160]);
void targets_release(struct targets *t);

const struct node_target *targets_node(const struct targets *t,
				       const char *name);
must_check int nat64_embed(const struct prefix *prefix, const struct addr *v4,
			   struct addr *ret);
must_check int nat64_find(const struct addr *v6, struct prefix *ret);
