/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/checks.h"

#include <stdio.h>

const struct live_check live_checks[LIVE_CHECKS] = {
	[LIVE_ADDRESS] = { "ADR-4", LEVEL_MUST, "KEP-563",
			   "the API knows the node by an IPv6 address alone",
			   "a kubelet without --node-ip on a node with IPv4",
			   "the InternalIP addresses of each node" },
	[LIVE_RUN] = { "RUN-1", LEVEL_MUST, "",
		       "the suite's pods run on the node",
		       "no CNI configuration, an image that cannot be had",
		       "the node's condition Ready, its pods' containers" },
	[LIVE_INWARD] = { "API-3", LEVEL_MUST,
			  "Kubernetes control plane-node communication",
			  "the API reaches into the node's pods",
			  "TCP 10250 filtered, a tunnel that lost packets or "
			  "pods, a kubelet's certificate without its address",
			  "log, exec, port-forward (100 kB) and proxy (100 kB) "
			  "of the responder on each node" },
};

/**
 * live_check_begin() - A result about a node, passed so far
 * @id:		Check
 * @variant:	Tells it apart from others of this check; or ""
 * @node:	Name of the node
 * @ret:	Gets it
 */
void live_check_begin(enum live_check_id id, const char *variant,
		      const char *node, struct result *ret)
{
	const struct live_check *check = &live_checks[id];
	char vantage[sizeof(ret->vantage)];

	(void)snprintf(vantage, sizeof(vantage), "host:%.80s", node);
	result_init(ret, check->id, vantage);
	ret->verdict = VERDICT_PASS;
	ret->level = check->level;
	(void)snprintf(ret->variant, sizeof(ret->variant), "%s", variant);
	(void)snprintf(ret->what, sizeof(ret->what), "%s", check->what);
	(void)snprintf(ret->clause, sizeof(ret->clause), "%s", check->clause);
}

/**
 * live_check_fail() - Let a result fail
 * @r:		Result; .detail is for the caller
 * @reason:	Token of lib/reason.h
 */
void live_check_fail(struct result *r, const char *reason)
{
	r->verdict = VERDICT_FAIL;
	(void)snprintf(r->reason, sizeof(r->reason), "%s", reason);
}
