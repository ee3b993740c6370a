/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop.h"
#include "scenarios/lab.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/**
 * test_deadlines() - Deadlines are as many times as long as the user is patient
 */
static void test_deadlines(void)
{
	static const struct {
		const char *patience;
		int64_t times;
	} cases[] = {
		{ NULL, 1 },
		{ "1", 1 },
		{ "7", 7 },
		{ "100", 100 },
		/* The option refuses these; here they mean nothing. */
		{ "0", 1 },
		{ "much", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t begin = loop_now();

		if (cases[i].patience)
			(void)setenv(LAB_PATIENCE, cases[i].patience, 1);
		else
			(void)unsetenv(LAB_PATIENCE);
		/* To the nearest hour, which no machine takes for this. */
		CHECK_INT(cases[i].patience ? cases[i].patience : "none",
			  cases[i].times,
			  (lab_deadline(3600) - begin) / (3600 * NSEC_PER_SEC));
	}
	(void)unsetenv(LAB_PATIENCE);
}

UNIT_SUITE(patience, { "deadlines", test_deadlines });
