/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: waiter - learn that the provider's metadata has changed
 *
 * A second child, `netsetup wait`, holds a long poll. It says "armed" once it knows the
 * present state; what is applied after that misses nothing, so that this is when we
 * apply. It ends when something has changed, and is started again.
 */

#include "lib/loop.h"
#include "lib/proc.h"

struct watch;

struct waiter {
	struct proc proc;
	struct loop_source said,
		ended; /* .said.fd: its standard output, or -1 */
	struct loop_timer again;
	int64_t backoff_ns;
	bool never; /* the provider cannot tell */
};

void waiter_init(struct waiter *w);
void waiter_start(struct watch *w);
void waiter_close(struct watch *w);
