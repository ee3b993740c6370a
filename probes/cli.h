/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cli - what the probe programs share: options, the run, and its output
 *
 * A program is its catalogue and a main() that hands it to probe_main().
 */

#include "probes/engine.h"

struct probe_program {
	const char *name;
	const char *summary;
	const struct check *checks;
	size_t n_checks;
};

int probe_main(const struct probe_program *program, int argc, char **argv);
