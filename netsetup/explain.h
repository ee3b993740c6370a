/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: explain - which way a packet would take, and why
 *
 * The kernel is asked what it would do (RTM_GETROUTE, once for the entry that matches and
 * once for what comes of it), and rules, neighbour, addresses and MTUs are read to say
 * why. Nothing is changed, and no privilege needed.
 *
 * The answer is one JSON object; each of its parts has a member "text", one line for
 * people. Return exit codes.
 */

#include "netsetup/engine.h"
#include "netsetup/hints.h"

#define DUMP_TRIES 20 /* of a list that changes while it is read */

struct explain_request {
	const char *dst; /* IPv6 address, or an IPv4 one behind NAT64 */
	const char *from; /* source address, or NULL */
	const struct hints *hints; /* for NAT64 */
	bool json;
};

int explain(struct engine *e, const struct explain_request *req);

/* explain_source.c: "source" and its losing candidates, put into @out. */
must_check int explain_source(struct engine *e, const struct in6_addr *dst,
			      int index, const struct in6_addr *chosen,
			      bool by_route, struct json *out);
