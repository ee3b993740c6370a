/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop.h"
#include "scenarios/lab.h"

#include <stdio.h>
#include <stdlib.h>

/**
 * lab_be_patient() - Let all deadlines from now on be later
 * @factor:	So many times as late; 0: as they are
 */
void lab_be_patient(unsigned int factor)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", factor);
	if (factor)
		(void)setenv(LAB_PATIENCE, text, 1);
}

/**
 * lab_deadline() - An instant in the future
 * @seconds:	From now; times $SHOOT6_PATIENCE where there is one, 1 to 100
 *
 * Return: CLOCK_MONOTONIC, nanoseconds
 */
int64_t lab_deadline(unsigned int seconds)
{
	const char *patience = getenv(LAB_PATIENCE);
	unsigned long factor = patience ? strtoul(patience, NULL, 10) : 1;

	factor = MIN(MAX(factor, 1UL), (unsigned long)LAB_PATIENCE_MAX);
	return loop_now() + (int64_t)factor * seconds * NSEC_PER_SEC;
}
