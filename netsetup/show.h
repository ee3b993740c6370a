/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: show - plans and states for people and as JSON
 *
 * Results go to standard output, one object a line for large ones. Return exit codes.
 */

#include "netsetup/txn.h"
#include "lib/result.h"

void show_plan(const struct engine *e, const struct work *w, bool json,
	       const struct txn_seen *seen, const struct results *results);
void show_plan_lines(const struct work *w);
must_check int show_state(struct engine *e, bool json,
			  const struct txn_seen *seen);
void show_schema(void);
void show_schema_mdoc(void);
