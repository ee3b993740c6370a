/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: stack - the order of links that rest on each other
 *
 * Within a stage a link is made and put up after its parent, and goes before it. Part of
 * plan_compute(). Nothing to free.
 */

#include "netsetup/plan.h"

must_check int stack_order(const struct plan_input *in, struct plan *p);
