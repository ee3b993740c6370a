/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unit test program: CUnit counts, we print TAP.
 *
 * unit_suites[] is generated from the names of the files test_*.c beside this one.
 */
#include "tests/unit/unit.h"

#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * check_true() - Check that a condition holds
 * @what:	The case, in words
 * @condition:	Must be true
 * @expr:	Its text
 * @file:	Where the check stands
 * @line:	Where the check stands
 *
 * Return: @condition
 */
bool check_true(const char *what, bool condition, const char *expr,
		const char *file, int line)
{
	if (!condition)
		printf("# %s:%d: %s: wanted to hold: %s\n", file, line, what,
		       expr);
	return CU_assertImplementation(condition, (unsigned int)line, expr,
				       file, "", CU_FALSE);
}

/**
 * check_int() - Check that two numbers are the same
 * @what:	The case, in words
 * @want:	What is wanted
 * @got:	What was got
 * @expr:	Text of @got
 * @file:	Where the check stands
 * @line:	Where the check stands
 *
 * Return: true if they are
 */
bool check_int(const char *what, int64_t want, int64_t got, const char *expr,
	       const char *file, int line)
{
	if (want != got)
		printf("# %s:%d: %s: %s: wanted %lld, got %lld\n", file, line,
		       what, expr, (long long)want, (long long)got);
	return CU_assertImplementation(want == got, (unsigned int)line, expr,
				       file, "", CU_FALSE);
}

/**
 * print_text() - Print a text of several lines so that TAP is not confused
 * @label:	What it is
 * @text:	The text, or NULL; bytes that are not ASCII are printed in hex
 */
static void print_text(const char *label, const char *text)
{
	printf("#   %s ", label);
	if (!text) {
		printf("(null)\n");
		return;
	}
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\n')
			printf("\n#     ");
		else if (*text < ' ' || *text > '~')
			printf("\\x%02x", (unsigned char)*text);
		else
			putchar(*text);
	}
	printf("'\n");
}

/**
 * check_str() - Check that two texts are the same
 * @what:	The case, in words
 * @want:	What is wanted; may be NULL
 * @got:	What was got; may be NULL
 * @expr:	Text of @got
 * @file:	Where the check stands
 * @line:	Where the check stands
 *
 * Return: true if they are
 */
bool check_str(const char *what, const char *want, const char *got,
	       const char *expr, const char *file, int line)
{
	bool same = want && got ? strcmp(want, got) == 0 : want == got;

	if (!same) {
		printf("# %s:%d: %s: %s\n", file, line, what, expr);
		print_text("wanted", want);
		print_text("got   ", got);
	}
	return CU_assertImplementation(same, (unsigned int)line, expr, file, "",
				       CU_FALSE);
}

/**
 * print_hex() - Print bytes
 * @label:	What they are
 * @data:	The bytes
 * @len:	Their number; 256 are printed at most
 */
static void print_hex(const char *label, const uint8_t *data, size_t len)
{
	printf("#   %s", label);
	for (size_t i = 0; i < MIN(len, (size_t)256); i++)
		printf(" %02x", data[i]);
	putchar('\n');
}

/**
 * check_mem() - Check that two pieces of memory are the same
 * @what:	The case, in words
 * @want:	What is wanted
 * @got:	What was got
 * @len:	Bytes of both
 * @expr:	Text of @got
 * @file:	Where the check stands
 * @line:	Where the check stands
 *
 * Return: true if they are
 */
bool check_mem(const char *what, const void *want, const void *got, size_t len,
	       const char *expr, const char *file, int line)
{
	bool same = memcmp(want, got, len) == 0;

	if (!same) {
		printf("# %s:%d: %s: %s\n", file, line, what, expr);
		print_hex("wanted", want, len);
		print_hex("got   ", got, len);
	}
	return CU_assertImplementation(same, (unsigned int)line, expr, file, "",
				       CU_FALSE);
}

/**
 * check_has() - Check that a text holds another one
 * @what:	The case, in words
 * @part:	What it must hold
 * @text:	The text; may be NULL
 * @expr:	Text of @text
 * @file:	Where the check stands
 * @line:	Where the check stands
 *
 * Return: true if it does
 */
bool check_has(const char *what, const char *part, const char *text,
	       const char *expr, const char *file, int line)
{
	bool has = text && strstr(text, part);

	if (!has) {
		printf("# %s:%d: %s: %s\n", file, line, what, expr);
		print_text("wanted part", part);
		print_text("got", text);
	}
	return CU_assertImplementation(has, (unsigned int)line, expr, file, "",
				       CU_FALSE);
}

/**
 * print_result() - Print a test's TAP line, as CUnit calls it after each
 * @test:	Test that has run
 * @suite:	Its suite
 * @failure:	Its first failed check, or NULL
 */
static void print_result(const CU_pTest test, const CU_pSuite suite,
			 const CU_pFailureRecord failure)
{
	printf("%s %u - %s: %s\n", failure ? "not ok" : "ok",
	       CU_get_number_of_tests_run(), suite->pName, test->pName);
	(void)fflush(stdout);
}

/**
 * wanted() - Whether a suite is to run
 * @name:	Its name
 * @names:	Names from the command line
 * @n_names:	Their number; 0: all suites
 *
 * Return: true if it is
 */
static bool wanted(const char *name, char **names, int n_names)
{
	for (int i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n_names == 0;
}

/**
 * add_suite() - Register a suite with CUnit
 * @s:		Suite
 *
 * Return: number of its tests; ends the program where memory runs out
 */
static size_t add_suite(const struct unit_suite *s)
{
	CU_pSuite suite = CU_add_suite(s->name, NULL, NULL);

	for (size_t i = 0; suite && i < s->n_tests; i++)
		if (!CU_add_test(suite, s->tests[i].name, s->tests[i].run))
			suite = NULL;
	if (!suite) {
		printf("Bail out! suite '%s': %s\n", s->name,
		       CU_get_error_msg());
		exit(1);
	}
	return s->n_tests;
}

/**
 * main() - Run the suites named, or all
 * @argc:	Number of words
 * @argv:	Names of suites behind the program's own
 *
 * Return: 0, or 1 if a check failed or nothing ran
 */
int main(int argc, char **argv)
{
	unsigned int failures;
	size_t n_tests = 0;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(unit_suites); i++)
		if (wanted(unit_suites[i]->name, argv + 1, argc - 1))
			n_tests += add_suite(unit_suites[i]);
	printf("1..%zu\n", n_tests);
	CU_set_test_complete_handler(print_result);
	if (CU_run_all_tests() != CUE_SUCCESS)
		printf("# CUnit: %s\n", CU_get_error_msg());
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures > 0 || n_tests == 0;
}
