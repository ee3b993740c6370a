/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: translator - tayga as CLAT (RFC 6877), driven by what is known of NAT64
 *
 * clat_decide() says which addresses and MTU; here its configuration is written, the
 * device "clat" made and set up, and tayga started, and all of it again where the prefix
 * changes. tayga outlives us: the next watch finds it by its process file and goes on,
 * so that a restart loses no packet. Where native IPv4 has a default route, or a fact is
 * missing, there is no CLAT, and the reason is said once.
 *
 * What it puts carries protocol NETSETUP_CLAT_PROTO: the engine keeps documents alone.
 */

#include "lib/loop.h"
#include "lib/proc.h"

#define NETSETUP_CLAT_PROTO 167

struct watch;

struct translator {
	struct proc proc; /* ours, or of an earlier watch */
	struct loop_source ended; /* .fd: pidfd, or -1 */
	struct loop_timer again;
	int64_t backoff_ns;
	bool looked; /* for what an earlier watch has left */
	const char *refused; /* the reason said last, or NULL */
};

void translator_init(struct translator *t);
void translator_sync(struct watch *w);
void translator_check(struct watch *w);
void translator_close(struct watch *w);
