/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: ramsg - Router Advertisements (RFC 4861 4.2), read off the wire
 *
 * A pure function over bytes that nobody vouches for; nothing is allocated.
 */

#include "lib/addr.h"

struct ra {
	uint8_t hop_limit; /* 0: not specified */
	uint16_t lifetime; /* of the router, seconds; 0: do not use me */
	bool managed, other;
	unsigned int mtu; /* option, 0: none */
	struct prefix pref64; /* RFC 8781; family 0: none */
	uint16_t pref64_lifetime; /* seconds */
	struct addr rdnss; /* first, RFC 8106; family 0: none */
};

must_check int ra_parse(const uint8_t *message, size_t len, struct ra *ret);
