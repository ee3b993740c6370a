/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: nat64_table - offers of a NAT64 prefix over time, and the one in use
 *
 * `watch` puts in what each source says, as it says it; the table says what is in use and
 * when to look again. A better source wins at once. An offer that ran out is kept for
 * NAT64_HOLD_NS before a worse one replaces it: routers restart, resolvers time out, and
 * each change of prefix breaks all connections through the translator. One that was
 * withdrawn (lifetime 0) goes at once.
 *
 * A plain value; the time is passed in.
 */

#include "netsetup/hints.h"

#define NAT64_HOLD_NS (60 * 1000000000LL)
#define NAT64_NEVER   INT64_MAX

struct nat64_offer {
	struct nat64_hint hint; /* source NAT64_UNKNOWN: none */
	int64_t until_ns; /* end of its lifetime */
};

struct nat64_table {
	struct nat64_offer offers[NAT64_SOURCE_MAX];
	struct nat64_hint now; /* in use */
};

void nat64_offer(struct nat64_table *t, const struct nat64_hint *hint,
		 int64_t now_ns);
void nat64_withdraw(struct nat64_table *t, enum nat64_source source);
bool nat64_settle(struct nat64_table *t, int64_t now_ns);
int64_t nat64_next(const struct nat64_table *t, int64_t now_ns);
