/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: note - what a transaction writes down before it begins
 *
 * The images of all that a plan touches, as they are now, and which untagged objects are
 * ours before and afterwards. Reads models alone; nothing to free.
 */

#include "netsetup/engine.h"
#include "netsetup/journal.h"

must_check int note_fill(const struct engine *e, const struct work *w,
			 struct journal *j);
