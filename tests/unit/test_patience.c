/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop.h"
#include "scenarios/lab.h"
#include "scenarios/live/live-private.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/**
 * check_seconds() - A deadline is so far away
 * @what:	Which one
 * @wanted:	Seconds
 * @deadline:	Makes it
 * @seconds:	Given to @deadline
 *
 * However long this process is stopped meanwhile.
 */
static void check_seconds(const char *what, int64_t wanted,
			  int64_t (*deadline)(unsigned int seconds),
			  unsigned int seconds)
{
	int64_t before = loop_now(), got = deadline(seconds);
	int64_t after = loop_now();

	CHECK_TRUE(what, got >= before + wanted * NSEC_PER_SEC);
	CHECK_TRUE(what, got <= after + wanted * NSEC_PER_SEC);
}

/**
 * test_factor() - A lab and a live run are as patient as was asked for
 */
static void test_factor(void)
{
	(void)unsetenv(LAB_PATIENCE);
	lab_be_patient(0);
	check_seconds("a lab", 10, lab_deadline, 10);
	check_seconds("a live run", 10, live_deadline, 10);
	lab_be_patient(3);
	check_seconds("a patient lab", 30, lab_deadline, 10);
	check_seconds("a patient live run", 30, live_deadline, 10);
	(void)setenv(LAB_PATIENCE, "99999999999999999999", 1);
	check_seconds("more than may be", 1000, lab_deadline, 10);
	(void)setenv(LAB_PATIENCE, "much", 1);
	check_seconds("no number", 10, lab_deadline, 10);
	(void)unsetenv(LAB_PATIENCE);
}

UNIT_SUITE(patience, { "factor", test_factor });
