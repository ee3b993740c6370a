/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: packet - a Router Advertisement as bytes
 *
 * ra_build() turns a description into the ICMPv6 message of RFC 4861 section 4.2 with
 * its options. It opens nothing and may describe wrong routers, too: that is what the
 * faults are made of. The kernel fills in the checksum.
 *
 * Lengths of time are seconds unless the name says otherwise. Nothing to free.
 */

#include "lib/addr.h"
#include "lib/buf.h"

#define RA_LIST               8 /* of each kind of option */
#define RA_NAT64_LIFETIME_MAX 65528 /* seconds, RFC 8781 section 4 */

struct ra_config {
	uint8_t hop_limit; /* 0: unspecified by this router */
	bool managed, other; /* M and O flags */
	int preference; /* 1 high, 0 medium, -1 low (RFC 4191) */
	uint16_t lifetime; /* as default router; 0: is none */
	uint32_t reachable_ms, retrans_ms;
	uint32_t mtu; /* option left out where 0 */
	struct addr rdnss[RA_LIST];
	size_t n_rdnss;
	uint32_t rdnss_lifetime;
	struct prefix nat64; /* PREF64; none where the family is unset */
	uint32_t nat64_lifetime; /* rounded up to 8 */
	struct prefix prefixes[RA_LIST]; /* on-link and autonomous */
	size_t n_prefixes;
	uint32_t valid, preferred; /* of all prefixes */
	struct prefix routes[RA_LIST]; /* more specific ones (RFC 4191) */
	size_t n_routes;
	uint8_t lladdr[6]; /* source link-layer address */
	bool has_lladdr;
};

must_check int ra_build(const struct ra_config *config, struct buf *ret_packet);
bool ra_is_solicitation(const void *packet, size_t len, int hop_limit);
