/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fault/fault.h"

#include <string.h>

const struct fault *const faults[] = {
	NULL,
};
const size_t n_faults = ARRAY_SIZE(faults) - 1; /* NULL ends it */

/**
 * fault_find() - Look a fault up
 * @name:	Its name
 *
 * Return: fault, or NULL
 */
const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < n_faults; i++)
		if (strcmp(faults[i]->name, name) == 0)
			return faults[i];
	return NULL;
}
