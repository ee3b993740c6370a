/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: reach - does the node still reach what it cannot do without
 *
 * `apply --check` runs these after the steps and before the commit; one that fails takes
 * all of it back. A list of names from the table of reach_help(), or a command.
 *
 * Each is tried again as addresses, routes and neighbours change, until it succeeds or
 * its time is up. A plain value: nothing to free; its texts must outlive it.
 */

#include "lib/buf.h"
#include "netsetup/hints.h"

#define REACH_MAX 8 /* checks in one list */

struct reach {
	const char *text; /* as given */
	const struct hints *hints; /* what is known of DNS and NAT64 */
	int64_t deadline_ns; /* for each; 0: the default */
	struct {
		const struct reach_kind *kind;
		char target[128]; /* "" where none is given */
	} items[REACH_MAX];
	size_t n; /* 0: .text is a command */
};

must_check int reach_parse(const char *text, const struct hints *hints,
			   struct reach *ret, struct buf *why);
must_check int reach_run(const struct reach *r, struct buf *why);
