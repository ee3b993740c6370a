/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/world.h"

#include "tests/unit/unit.h"

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
	{ "one of as many as are compared", true, 39,
	  "pods.t.svc.cluster.local [2001:db8::1] false" },
	{ "one of more", true, 40, "" },
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

UNIT_SUITE(world, { "headless", test_headless });
