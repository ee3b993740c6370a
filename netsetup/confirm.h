/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: confirm - the detached timer of a transaction that awaits confirmation
 *
 * A process of its own, without terminal, standard streams or lock: it waits for the
 * deadline, or for the journal to go, whichever comes first. What fails is tried again for
 * a minute; it needs no resource but a descriptor or two to wait. Where it is killed, the
 * next verb that may recover does the same.
 */

#include "netsetup/txn.h"

must_check int confirm_detach(const struct engine_options *options,
			      const struct txn *t);
