/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: component - the programs of the control plane, and how they are started
 *
 * One table for both forms: as processes of node 1 that the holder starts, or as static
 * pods of its kubelet (static.c), which then starts them again by itself.
 */

#include "scenarios/kube/cluster.h"

#define COMPONENT_WORDS 48 /* of a command line, with its end */

struct component {
	const char *name; /* of the program, its log, its pod */
	const char *const *flags; /* ended by NULL */
	bool elects; /* knows --leader-elect */
	unsigned int port; /* of [::1], where its health is asked; 0: nowhere */
	const char *path; /* of that question */
};

extern const struct component components[COMPONENT_MAX];
