/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: nodestate - what the own network namespace says of itself, through /proc
 *
 * No privilege and no netlink needed: addresses with their flags, default routes, the
 * nameservers, sysctls of the uplink. Read once at the start of a run; a plain value.
 */

#include "lib/addr.h"

#include <net/if.h>

#define STATE_ADDRS   64
#define STATE_ROUTES  16
#define STATE_SEARCH  512 /* bytes */
#define STATE_SERVERS 8

struct local_addr {
	struct addr addr;
	uint8_t len; /* prefix length */
	uint8_t flags; /* IFA_F_TENTATIVE, IFA_F_DADFAILED, ... */
	char dev[IFNAMSIZ];
};

struct default_route {
	struct addr via;
	uint32_t metric;
	uint32_t flags; /* RTF_*; RTF_ADDRCONF: by the kernel from an RA */
	char dev[IFNAMSIZ];
};

struct node_state {
	struct local_addr addrs[STATE_ADDRS]; /* IPv6, all interfaces */
	size_t n_addrs;
	struct default_route routes[STATE_ROUTES];
	size_t n_routes;
	struct addr servers[STATE_SERVERS]; /* resolv.conf, either family */
	size_t n_servers;
	char search
		[STATE_SEARCH]; /* domains of resolv.conf, a blank between them */
	char uplink[IFNAMSIZ]; /* "" unknown */
	unsigned int mtu; /* of the uplink; 0 unknown */
};

void state_parse_addrs(const char *text, struct node_state *s);
void state_parse_routes(const char *text, struct node_state *s);
void state_parse_resolv(const char *text, struct node_state *s);
/* "svc.cluster.local" among the search domains of a pod: what follows "svc.". */
must_check int state_cluster_domain(const char *search, char *ret, size_t size);
void state_read(const char *uplink, struct node_state *ret);
const struct local_addr *state_global(const struct node_state *s,
				      const char *dev);
must_check int state_sysctl(const char *dev, const char *name, int64_t *ret);
unsigned int state_mtu(const char *dev);
