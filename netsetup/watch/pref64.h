/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: pref64 - keep what is told to others about NAT64 up to date
 *
 * Follows PREF64 options of router advertisements (RFC 8781) on the uplinks, with their
 * lifetimes and the hysteresis of nat64_table.h, and writes hints.json, hints.env and the
 * files of --snippet, each by a rename and only when its content changes. Units that name
 * a snippet, or "hints", among their inputs are run then.
 *
 * The router of the uplink is told, too: whose default route comes or goes is an event.
 *
 * What needs a resolver (RFC 7050) is learnt by asker.h. A document's section nat64 is as
 * good as the options; it comes and goes with the document.
 */

#include "netsetup/nat64_table.h"
#include "lib/loop.h"

struct watch;
struct nlmsghdr;

struct pref64 {
	bool on; /* somebody wants hints */
	bool listens; /* to routers */
	bool stated; /* the document before had a section nat64 */
	struct nat64_table table;
	struct hints hints;
	struct loop_timer next,
		router; /* when to settle, to look for the router */
};

must_check int pref64_open(struct watch *w);
void pref64_reload(struct watch *w);
void pref64_event(struct watch *w, const struct nlmsghdr *m);
void pref64_route(struct watch *w, const struct nlmsghdr *m);
void pref64_answer(struct watch *w, const struct nat64_hint *hint);
void pref64_print(const struct watch *w, struct buf *out);
