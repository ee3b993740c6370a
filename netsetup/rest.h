/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: rest - which interfaces an object is on
 *
 * What the kernel removes with an interface: addresses, nexthops, routes, neighbours,
 * proxies and sysctls. Rules and masquerades name interfaces, and are there without them.
 * Nothing to free.
 */

#include "netsetup/kind.h"

/* What is asked of an interface. */
struct rest_test {
	bool (*fn)(const struct rest_test *test, uint32_t dev); /* 0: none */
	struct strings *strings;
	const void *context;
};

bool rest_on(const struct rest_test *test, enum kind_id kind,
	     const void *object);
bool rest_on_nexthop(const struct strings *s, const struct model *nexthops,
		     enum kind_id kind, const void *object);
