/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "probes/engine.h"

#include <stdio.h>

/**
 * test_blocked() - Which failures block what
 */
static void test_blocked(void)
{
	static const struct check check = {
		.id = "X-1",
		.needs = { "A-1", "host:B-1" },
	};
	static const struct {
		const char *what;
		struct {
			const char *id, *vantage, *node;
			enum verdict verdict;
		} results[2];
		const char *peer_node;
		const char *by; /* NULL: not blocked */
	} cases[] = {
		{ "nothing known", { { NULL } }, NULL, NULL },
		{ "need failed",
		  { { "A-1", "pod:n1/a", NULL, VERDICT_FAIL } },
		  NULL,
		  "A-1@pod:n1/a" },
		{ "one of two passed",
		  { { "A-1", "pod:n1/a", NULL, VERDICT_FAIL },
		    { "A-1", "pod:n1/a", NULL, VERDICT_PASS } },
		  NULL,
		  NULL },
		{ "that of our peer's node failed",
		  { { "A-1", "pod:n1/a", "n2", VERDICT_FAIL },
		    { "A-1", "pod:n1/a", "n3", VERDICT_PASS } },
		  "n2",
		  "A-1@pod:n1/a" },
		{ "that of another node failed",
		  { { "A-1", "pod:n1/a", "n2", VERDICT_FAIL },
		    { "A-1", "pod:n1/a", "n3", VERDICT_PASS } },
		  "n3",
		  NULL },
		{ "of another pod",
		  { { "A-1", "pod:n1/b", NULL, VERDICT_FAIL } },
		  NULL,
		  NULL },
		{ "of the own node",
		  { { "B-1", "host:n1", NULL, VERDICT_FAIL } },
		  NULL,
		  "B-1@host:n1" },
		{ "of another node",
		  { { "B-1", "host:n2", NULL, VERDICT_FAIL } },
		  NULL,
		  NULL },
		{ "a warning blocks nothing",
		  { { "A-1", "pod:n1/a", NULL, VERDICT_WARN } },
		  NULL,
		  NULL },
		{ "a skip blocks nothing",
		  { { "A-1", "pod:n1/a", NULL, VERDICT_SKIP } },
		  NULL,
		  NULL },
		{ "blocked itself: its own blocker is named",
		  { { "A-1", "pod:n1/a", NULL, VERDICT_BLOCKED } },
		  NULL,
		  "Z-9@host:n1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct results all = { 0 };
		char by[48] = "";
		bool blocked;

		for (size_t k = 0; k < 2 && cases[i].results[k].id; k++) {
			struct result r;

			result_init(&r, cases[i].results[k].id,
				    cases[i].results[k].vantage);
			r.verdict = cases[i].results[k].verdict;
			(void)snprintf(r.blocked_by, sizeof(r.blocked_by),
				       "Z-9@host:n1");
			if (cases[i].results[k].node)
				result_fact(&r, "peer_node", "%s",
					    cases[i].results[k].node);
			CHECK_INT(cases[i].what, 0, results_add(&all, &r));
		}
		blocked = engine_blocked(&check, &all, "pod:n1/a",
					 cases[i].peer_node, by);
		CHECK_INT(cases[i].what, cases[i].by != NULL, blocked);
		if (cases[i].by)
			CHECK_STR(cases[i].what, cases[i].by, by);
		results_release(&all);
	}
}

UNIT_SUITE(probe_engine, { "blocked", test_blocked });
