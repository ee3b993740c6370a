/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: veth - two links that come and go as one
 *
 * A document may state both ends of a veth, the second one with or without its kind.
 * The kernel makes and removes both at once: the second end is then set up and not made,
 * and neither goes while the other one is wanted. Nothing to free.
 */

#include "lib/buf.h"
#include "netsetup/model.h"

must_check int veth_join(struct model *m, const struct link *v,
			 struct buf *why);
void veth_mark(struct model *want, struct model *have);
bool veth_is_kept(const struct model *want, const struct link *have);
