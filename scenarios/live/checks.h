/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: checks - what `scenario` itself checks of a cluster, beside the probes
 *
 * One row each, as in the probes' catalogues; `scenario list` and the manual page show
 * them. What is made of them has a node for its vantage, "host:NODE": the node that the
 * API is asked about, or that it reaches into; VANTAGE_API where that may be any.
 */

#include "lib/result.h"

enum live_check_id { LIVE_ADDRESS, LIVE_RUN, LIVE_INWARD, LIVE_CHECKS };

struct live_check {
	const char *id;
	enum check_level level;
	const char *clause;
	const char *what; /* what must be true; lower case, no full stop */
	const char *why; /* what usually breaks it */
	const char *how; /* how it is measured */
};

extern const struct live_check live_checks[LIVE_CHECKS];

/* A result of it about a node: passed, until something else is said. */
void live_check_begin(enum live_check_id id, const char *variant,
		      const char *node, struct result *ret);
void live_check_fail(struct result *r, const char *reason);
