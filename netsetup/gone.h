/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: gone - objects that cannot be put back, because their interface is gone
 *
 * What was there before us is put back when a document no longer names it, and when a
 * transaction is taken back. Where somebody has removed the interface meanwhile, the
 * kernel has removed all that was on it, and there is nothing to put back to: that must
 * not stand in the way of the rest. Nothing to free.
 */

#include "netsetup/engine.h"

bool gone_rests(const struct engine *e, const struct model *want,
		enum kind_id kind, const void *object);
size_t gone_drop(const struct engine *e, struct model *want);
