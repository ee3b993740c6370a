/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: unit - one suite a file, cases in tables, checks that say what they wanted
 *
 * tests/unit/test_NAME.c ends in UNIT_SUITE(NAME, { "case", function }, ...); make
 * finds the file by its name and puts the suite into the program. A check that fails
 * prints its subject, what was wanted and what was got, and the test goes on; a check
 * is true where it held, so that a test can stop: `if (!CHECK_INT(...)) return;`.
 *
 * The working directory is the top of the tree: data lies in "tests/data/...".
 * CUnit counts; the program prints TAP and fails by CU_get_number_of_failures().
 */

#include "lib/base.h"

struct unit_test {
	const char *name;
	void (*run)(void);
};

struct unit_suite {
	const char *name;
	const struct unit_test *tests;
	size_t n_tests;
};

#define UNIT_SUITE(module, ...)                                                \
	static const struct unit_test unit_tests_##module[] = { __VA_ARGS__ }; \
	extern const struct unit_suite suite_##module;                         \
	const struct unit_suite suite_##module = {                             \
		.name = #module,                                               \
		.tests = unit_tests_##module,                                  \
		.n_tests = ARRAY_SIZE(unit_tests_##module),                    \
	}

/* Each: @what: the case, in words; then what is wanted, then what was got. */
#define CHECK_INT(what, want, got)                                         \
	check_int((what), (int64_t)(want), (int64_t)(got), #got, __FILE__, \
		  __LINE__)
#define CHECK_STR(what, want, got) \
	check_str((what), (want), (got), #got, __FILE__, __LINE__)
#define CHECK_MEM(what, want, got, len) \
	check_mem((what), (want), (got), (len), #got, __FILE__, __LINE__)
#define CHECK_HAS(what, part, text) \
	check_has((what), (part), (text), #text, __FILE__, __LINE__)
#define CHECK_TRUE(what, condition) \
	check_true((what), (condition), #condition, __FILE__, __LINE__)

bool check_int(const char *what, int64_t want, int64_t got, const char *expr,
	       const char *file, int line);
bool check_str(const char *what, const char *want, const char *got,
	       const char *expr, const char *file, int line);
bool check_mem(const char *what, const void *want, const void *got, size_t len,
	       const char *expr, const char *file, int line);
bool check_has(const char *what, const char *part, const char *text,
	       const char *expr, const char *file, int line);
bool check_true(const char *what, bool condition, const char *expr,
		const char *file, int line);
