/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: reach_kind - one check of `apply --check`
 *
 * .run() makes one try and keeps to the deadline. Return: 0; -EINVAL where the target is
 * wrong (no further try is made), another negative errno where the try failed; @why
 * has the words.
 */

#include "lib/buf.h"
#include "netsetup/hints.h"

struct reach_kind {
	const char *name;
	const char *target; /* what may stand behind "=" */
	bool needs_target;
	int (*run)(const char *target, const struct hints *hints,
		   int64_t deadline, struct buf *why);
};

extern const struct reach_kind reach_gateway, reach_dns64, reach_nat64,
	reach_api;

/* reach_gateway.c: resolve or confirm one neighbour. */
struct in6_addr;
must_check int neighbour_probe(const struct in6_addr *address, int index,
			       int64_t deadline, struct buf *why);
