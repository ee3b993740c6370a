/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: asker - ask resolvers for ipv4only.arpa (RFC 7050), again and again
 *
 * A child, `netsetup discover`, asks: it holds the resolver's library. Its answer is an
 * offer to the table of pref64.h, and it is asked for again when its TTL has run out.
 * Where no resolver answers, the question is repeated, at growing intervals, and the
 * offer of before stays as long as the table holds it. An answer that there is no DNS64
 * takes it back at once.
 */

#include "lib/loop.h"
#include "lib/proc.h"

struct watch;

struct asker {
	struct proc proc;
	struct loop_source ended; /* .fd: pidfd, or -1 */
	struct loop_timer again;
	int64_t backoff_ns;
	int said; /* memfd: the child's standard output, or -1 */
	bool silent; /* that nobody answers was said */
};

void asker_init(struct asker *a);
void asker_sync(struct watch *w);
void asker_close(struct watch *w);
