/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: fault - what can be broken in a lab on purpose, and what must then be said
 *
 * One file per fault, each ending in one constant; scenarios/fault/list.c has them all.
 * inject() and heal() run in the holder. A fault's name says what was done, its cause
 * (a token of lib/diagnosis) what is to be diagnosed.
 */

#include "scenarios/lab.h"

#define FAULT_IDS   16
#define FAULT_NEEDS 2

struct fault {
	const char *name;
	const char *summary; /* one sentence, lower case, no full stop */
	const char *engine; /* where it can be made; NULL: everywhere */
	/* What it is done to, "MEMBER" or "MEMBER:DAEMON"; not made where one lacks. */
	const char *needs[FAULT_NEEDS];
	must_check int (*inject)(struct lab *lab);
	must_check int (*heal)(struct lab *lab);
	const char *cause; /* token of the diagnosis */
	const char *red
		[FAULT_IDS]; /* all checks that may fail, "RTE-1"; each does */
	const char *blocked
		[FAULT_IDS]; /* checks that are blocked by it, some of them */
};

extern const struct fault *const faults[];
extern const size_t n_faults;

const struct fault *fault_find(const char *name);
