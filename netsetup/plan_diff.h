/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: plan_diff - what the parts of plan_compute() share
 *
 * Steps are appended in any order; plan_compute() sorts them by their stages at its end.
 * Nothing here is for callers of the plan.
 */

#include "netsetup/plan.h"

/* A link that loses what is on it. */
struct renewed {
	uint32_t name;
	bool remade; /* or removed with another one: else it stays, bare */
};

/* What one run of plan_compute() works on. */
struct differ {
	const struct plan_input *in;
	struct plan *plan;
	struct conflict *conflict;
	enum kind_id kind;
	const struct kind *k;
	struct renewed *renewed;
	size_t n_renewed;
	struct model nexthops; /* those that went with their links */
};

must_check int plan_add_step(struct differ *d, enum op op, enum stage stage,
			     size_t want, size_t have);
must_check int plan_add_change(struct differ *d, enum op op, size_t want,
			       size_t have);
size_t plan_place_of(const struct differ *d, const struct model *m,
		     const void *key, size_t *cursor);
