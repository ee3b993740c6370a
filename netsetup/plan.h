/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: plan - the ordered steps from what is to what should be
 *
 * plan_compute() is a pure function: it reads two models and makes a list. It opens no
 * socket, so that a plan can be computed on another machine, from a saved
 * `netsetup show --json`, or in a unit test.
 *
 * Order: what others rest on comes first, what goes away goes in reverse order and
 * last, so that there is no instant without a route where there was one before and
 * is one after (make before break).
 *
 * The caller owns the models and must keep them until plan_release(): steps point into
 * them. A step takes 12 bytes, a plan of a million routes 12 MB.
 */

#include "netsetup/kind.h"

struct step {
	uint8_t kind; /* enum kind_id */
	uint8_t op; /* enum op */
	uint8_t stage; /* enum stage */
	uint8_t pad;
	uint32_t want; /* place in the desired table + 1; 0: none */
	uint32_t have; /* place in the observed table + 1; 0: none */
};

struct plan {
	struct step *steps; /* in the order of execution */
	size_t n, room;
	size_t n_op[OP_MAX];
};

struct plan_input {
	const struct model *want; /* sorted */
	const struct model *have; /* sorted */
	/* NULL: of what is not wanted, our own objects go. Otherwise only objects
	 * with these keys are looked at, and all of them may change. */
	const struct model *scope;
	const struct model *owned_keys; /* untagged objects that are ours */
	bool adopt;
};

/* A foreign object where the document wants one of ours. */
struct conflict {
	enum kind_id kind;
	const void *want; /* NULL: .have rests on what would go */
	const void *have;
};

must_check int plan_compute(const struct plan_input *in,
			    struct conflict *ret_conflict,
			    struct plan *ret_plan);
void plan_release(struct plan *p);
size_t plan_take_runs(struct plan *p);
const void *step_want(const struct step *s, const struct model *want);
const void *step_have(const struct step *s, const struct model *have);
void plan_describe(const struct step *s, const struct model *want,
		   const struct model *have, struct buf *out);
struct json *plan_step_to_json(const struct step *s, const struct model *want,
			       const struct model *have);
