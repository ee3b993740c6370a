/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/live-private.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static const struct {
	const char *what;
	bool service;
	size_t n_all;
	const char *wanted; /* of the targets */
} cases[] = {
	{ "one node, all of them", true, 1,
	  "pods.t.svc.cluster.local [2001:db8::1] true" },
	{ "one of two", true, 2,
	  "pods.t.svc.cluster.local [2001:db8::1] false" },
	{ "one of more than are compared", true, 100,
	  "pods.t.svc.cluster.local [2001:db8::1] false" },
	{ "no such service", false, 1, "" },
};

/**
 * test_headless() - Which headless service a prober is told of
 */
static void test_headless(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world_node node = { .name = "n",
					   .responder = "2001:db8::1" };
		struct world w = { .nodes = &node,
				   .n_nodes = 1,
				   .n_all = cases[i].n_all,
				   .headless = cases[i].service,
				   .web_space = "t" };
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		_cleanup_(buf_release) struct buf got = BUF_INIT;
		_cleanup_(json_freep) struct json *j = NULL;
		const struct json *h;

		CHECK_INT(cases[i].what, 0,
			  world_targets(&w, 0, "t", false, NULL, &text));
		CHECK_INT(cases[i].what, 0,
			  json_parse(buf_text(&text), text.len, &j));
		h = json_at(json_get(j, "headless"), 0);
		if (h)
			buf_printf(&got, "%s [%s] %s",
				   json_get_string(h, "name"),
				   json_string(json_at(json_get(h, "endpoints"),
						       0)),
				   json_get_bool(h, "all", false) ? "true" :
								    "false");
		CHECK_STR(cases[i].what, cases[i].wanted, buf_text(&got));
	}
}

static const struct {
	const char *what, *answered, *detail;
	const char *vantage, *dst;
} services[] = {
	{ "a pod answered", "node2", "", "host:node2", "[2001:db8::2]:8080" },
	{ "a pod is out of reach", NULL,
	  "dial tcp [2001:db8::2]:8080: connect: no route to host",
	  "host:node2", "[2001:db8::2]:8080" },
	{ "nobody says which", NULL, "GET /x: timed out", VANTAGE_API,
	  "web.t" },
	{ "a pod of no node that we know", "node9", "", VANTAGE_API, "web.t" },
};

/**
 * test_service() - Which node a result about the service is of
 */
static void test_service(void)
{
	struct world_node nodes[] = {
		{ .name = "node1", .responder = "2001:db8::1" },
		{ .name = "node2", .responder = "2001:db8::2" },
	};
	const struct world w = { .nodes = nodes,
				 .n_nodes = ARRAY_SIZE(nodes),
				 .web_space = "t" };

	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		struct result r;

		result_init(&r, "API-3", "host:");
		(void)snprintf(r.detail, sizeof(r.detail), "%s",
			       services[i].detail);
		if (services[i].answered)
			result_fact(&r, "answered", "%s", services[i].answered);
		live_name_service(&w, &r);
		CHECK_STR(services[i].what, services[i].vantage, r.vantage);
		CHECK_STR(services[i].what, services[i].dst, r.dst);
	}
}

UNIT_SUITE(world, { "headless", test_headless },
	   { "a result of the service", test_service });
