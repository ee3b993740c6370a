/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/judge.h"

#include "lib/addr.h"
#include "lib/reason.h"

#include <stdio.h>
#include <string.h>

/* Words of a kubelet's message that tell why a node is not ready. */
static const struct {
	const char *words;
	enum reason reason;
} messages[] = {
	{ "NetworkPluginNotReady", REASON_CNI_MISSING },
	{ "cni plugin not initialized", REASON_CNI_MISSING },
	{ "", REASON_POD_NOT_READY },
};

/* Why a container waits, where waiting longer is no use. */
static const char *const hopeless[] = { "ErrImagePull", "ImagePullBackOff",
					"InvalidImageName",
					"ErrImageNeverPull" };

/**
 * begin() - A result about a node
 * @r:		Initialised
 * @id:		Check
 * @what:	What must be true
 * @variant:	Tells it apart
 * @node:	Name of the node
 */
static void begin(struct result *r, const char *id, const char *what,
		  const char *variant, const char *node)
{
	char vantage[sizeof(r->vantage)];

	(void)snprintf(vantage, sizeof(vantage), "host:%.80s", node);
	result_init(r, id, vantage);
	(void)snprintf(r->variant, sizeof(r->variant), "%s", variant);
	(void)snprintf(r->what, sizeof(r->what), "%s", what);
}

/**
 * fail() - Let a result fail
 * @r:		Result; .detail is set by the caller
 * @reason:	Why
 */
static void fail(struct result *r, enum reason reason)
{
	r->verdict = VERDICT_FAIL;
	(void)snprintf(r->reason, sizeof(r->reason), "%s",
		       reason_token(reason));
}

/**
 * judge_addresses() - ADR-4: a node's addresses are IPv6
 * @node:	Node of the API
 * @name:	Its name
 * @dual_stack:	IPv4 may be there as well
 * @results:	Gets one
 *
 * Return: 0, or as results_add()
 */
static int judge_addresses(const struct json *node, const char *name,
			   bool dual_stack, struct results *results)
{
	const struct json *a = json_first(json_get(node, "status.addresses"));
	const char *wrong = NULL, *right = NULL;
	struct result r;
	struct addr addr;

	for (; a; a = json_next(a)) {
		const char *type = json_get_string(a, "type");
		const char *text = json_get_string(a, "address");

		if (!type || !text || strcmp(type, "InternalIP") != 0 ||
		    addr_parse(text, &addr) < 0)
			continue;
		if (addr.family == AF_INET6)
			right = text;
		else
			wrong = text;
	}
	begin(&r, "ADR-4", "the API knows the node by an IPv6 address alone",
	      "", name);
	if (!wrong && !right)
		return 0; /* no kubelet has been there yet */
	if (right && (dual_stack || !wrong)) {
		r.verdict = VERDICT_PASS;
		(void)snprintf(r.detail, sizeof(r.detail),
			       "the InternalIP is %s", right);
		return results_add(results, &r);
	}
	(void)snprintf(r.detail, sizeof(r.detail),
		       "wanted an IPv6 InternalIP alone, got %s%s%s", wrong,
		       right ? " and " : "", right ? right : "");
	result_fact(&r, "address", "%s", wrong);
	fail(&r, REASON_WRONG_FAMILY);
	return results_add(results, &r);
}

/**
 * judge_ready() - RUN-1: a node that is not ready
 * @node:	Node of the API
 * @name:	Its name
 * @results:	Gets one if it is not
 *
 * Return: 0, or as results_add()
 */
static int judge_ready(const struct json *node, const char *name,
		       struct results *results)
{
	const struct json *c = json_first(json_get(node, "status.conditions"));
	const char *status = NULL, *text = NULL;
	struct result r;
	size_t i = 0;

	for (; c; c = json_next(c)) {
		const char *type = json_get_string(c, "type");

		if (type && strcmp(type, "Ready") == 0)
			break;
	}
	status = json_get_string(c, "status");
	text = json_get_string(c, "message");
	if (!status || strcmp(status, "True") == 0)
		return 0;
	begin(&r, "RUN-1", "the node is ready", "node", name);
	while (!strstr(text ? text : "", messages[i].words))
		i++;
	(void)snprintf(r.detail, sizeof(r.detail),
		       "the node is not ready: %.220s", text ? text : status);
	fail(&r, messages[i].reason);
	return results_add(results, &r);
}

/**
 * judge_node() - What is wrong with a node
 * @node:	Node of the API
 * @dual_stack:	IPv4 may be there as well
 * @results:	Gets what was found
 *
 * Return: 0, or as results_add()
 */
int judge_node(const struct json *node, bool dual_stack,
	       struct results *results)
{
	const char *name = json_get_string(node, "metadata.name");
	int r;

	if (!name)
		return 0;
	r = judge_addresses(node, name, dual_stack, results);
	return r < 0 ? r : judge_ready(node, name, results);
}

/**
 * judge_pod() - Whether a pod can never start for want of its image
 * @pod:	Pod of the API
 * @results:	Gets one if so
 *
 * Return: 1 if so, 0 if there is hope, or as results_add()
 */
int judge_pod(const struct json *pod, struct results *results)
{
	const struct json *c =
		json_first(json_get(pod, "status.containerStatuses"));
	const char *node = json_get_string(pod, "spec.nodeName");

	for (; node && c; c = json_next(c)) {
		const char *why = json_get_string(c, "state.waiting.reason");
		const char *text = json_get_string(c, "state.waiting.message");
		const char *image = json_get_string(c, "image");
		struct result r;
		int e;

		for (size_t i = 0; why && i < ARRAY_SIZE(hopeless); i++) {
			if (strcmp(hopeless[i], why) != 0)
				continue;
			begin(&r, "RUN-1", "the suite's pod starts", "pod",
			      node);
			(void)snprintf(r.detail, sizeof(r.detail), "%s: %.220s",
				       why, text ? text : "");
			result_fact(&r, "image", "%s", image ? image : "");
			fail(&r, REASON_IMAGE_PULL);
			e = results_add(results, &r);
			return e < 0 ? e : 1;
		}
	}
	return 0;
}
