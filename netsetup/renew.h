/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: renew - links that are made anew, and what the kernel drops from links
 *
 * What a link of ours is cannot be changed (kind, id, parent, peer, port, table): it is removed
 * first of all and made again, with the links that rest on it, and its ports join again.
 * All that was on it goes with it. A link that goes down stays bare; one that enters or leaves a vrf stays, but the
 * kernel takes it down and up, and that costs it addresses, routes, nexthops, neighbours
 * and proxies. What of all that is wanted is put again by the same plan.
 *
 * Part of plan_compute(), which calls it kind by kind: links first. The differ owns what
 * is noted; renew_release() ends it.
 */

#include "netsetup/plan_diff.h"

bool renew_is_due(const struct link *want, const struct link *have);
must_check int renew_link(struct differ *d, size_t want, size_t have);
must_check int renew_links(struct differ *d);
must_check int renew_rest(struct differ *d);
bool renew_takes(const struct differ *d, uint32_t name);
void renew_release(struct differ *d);
