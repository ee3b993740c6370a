/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: toggle - proof that what routers announced outlives a change of all.forwarding
 *
 * CNI plugins write all.forwarding=1; the kernel then drops default routes that it heard,
 * but of interfaces with accept_ra=2. toggle_verify() writes the other value, looks, and
 * puts it back: a transaction that is never committed, so that a kill at any instant is
 * recovered as that of any other one, with the forwarding of each interface.
 *
 * Where it is known that a route would be lost, nothing is toggled.
 */

#include "netsetup/txn.h"
#include "lib/result.h"

must_check int toggle_verify(struct txn *t, struct results *out);
