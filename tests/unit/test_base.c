/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <stdlib.h>

struct outer {
	int first;
	int member;
};

/**
 * test_arithmetic() - MIN, MAX and CMP, also nested and with side effects
 */
static void test_arithmetic(void)
{
	int n = 3;

	CHECK_INT("MIN", 2, MIN(2, 5));
	CHECK_INT("MAX", 5, MAX(2, 5));
	CHECK_INT("nested", 4, MIN(MAX(1, 4), MAX(2, 9)));
	CHECK_INT("MIN evaluates once", 3, MIN(n++, 100));
	CHECK_INT("MIN evaluated once", 4, n);
	CHECK_INT("CMP below", -1, CMP(1, 2));
	CHECK_INT("CMP equal", 0, CMP(2, 2));
	CHECK_INT("CMP above", 1, CMP(3U, 2U));
}

/**
 * test_container_of() - From a member to what holds it
 */
static void test_container_of(void)
{
	struct outer o = { 1, 2 };

	CHECK_TRUE("container",
		   container_of(&o.member, struct outer, member) == &o);
	CHECK_INT("ARRAY_SIZE", 3, ARRAY_SIZE(((int[]){ 1, 2, 3 })));
}

/**
 * test_cleanup() - A descriptor ends with its scope, unless it was taken
 */
static void test_cleanup(void)
{
	int kept = -1, ended = -1;

	{
		_cleanup_close_ int a = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_close_ int b = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_free_ char *memory = malloc(8);
		char *taken = TAKE_PTR(memory);

		ended = a;
		kept = TAKE_FD(b);
		CHECK_TRUE("taken pointer is forgotten", memory == NULL);
		CHECK_INT("taken descriptor is forgotten", -1, b);
		free(taken);
	}
	CHECK_INT("descriptor ended with the scope", -1, fcntl(ended, F_GETFD));
	CHECK_INT("taken one did not", FD_CLOEXEC, fcntl(kept, F_GETFD));
	(void)close(kept);
}

UNIT_SUITE(base, { "arithmetic", test_arithmetic },
	   { "container_of", test_container_of }, { "cleanup", test_cleanup });
